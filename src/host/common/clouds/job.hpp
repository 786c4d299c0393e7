// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>
#include <robocache/voxels.hpp>

#include "host/common/clouds/cell_rows.hpp"
#include "host/common/clouds/cells.hpp"
#include "host/common/clouds/cloud_loop.hpp"
#include "host/common/clouds/feature_rows.hpp"
#include "host/common/clouds/point_ranges.hpp"

/// One call of `voxelize`, the types of features and results as values: compiled once.
namespace robocache::host::detail {

struct cell_job {
  cloud_cells from;
  voxel_output<void> out;  ///< addresses only
  voxel_options options;
  feature_rows features;  ///< without channels if no result needs them
  cell_layout results;
  filter_options const* filter = nullptr;  ///< not null: features are x y z, and `out.mean` gets the filter's points

  /// Bytes of all results of a cell.
  std::int64_t cell_bytes() const;
};

/// The results of cloud b.
void voxelize_cloud(cell_job const& job, cloud_cost const& cost, std::int64_t b);

/// Count and occupancy of a range of cells of cloud b.
template <class Item>
void mark_cells(cell_job const& job, std::int64_t b, cell_range<Item> const& range);

/// Sum, mean, maximum and minimum. The range's points are in any order afterwards.
void reduce_features(cell_job const& job, std::int64_t b, cell_range<cell_point> const& range);

}  // namespace robocache::host::detail
