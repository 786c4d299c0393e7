// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>

#include "host/common/clouds/cell_rows.hpp"
#include "host/common/clouds/cells.hpp"
#include "host/common/clouds/cloud_loop.hpp"
#include "host/common/clouds/feature_rows.hpp"
#include "host/common/clouds/point_ranges.hpp"

/// One call of `voxelize_backward`, the types of features and results as values: compiled once.
namespace robocache::host::detail {

/// Where the gradients of features go.
struct gradient_rows {
  char* values;
  std::int64_t batch_bytes;
  std::int64_t point_bytes;
  blend_function narrow;  ///< from float

  template <class Value>
  gradient_rows(feature_gradients<Value> const& out, point_clouds const& clouds, std::int64_t channels)
      : values(reinterpret_cast<char*>(out.values)),
        narrow(best_blend_function(dtype::float32, dtype_of<Value>::value, std::min(channels, most_channels))) {
    auto const step = robocache::detail::strides_of(out, clouds, channels);
    batch_bytes = step.batch * static_cast<std::int64_t>(sizeof(Value));
    point_bytes = step.row * static_cast<std::int64_t>(sizeof(Value));
  }

  /// Those of one cloud only.
  gradient_rows of(device::cloud const& one) const {
    gradient_rows alone = *this;
    alone.values += one.element(0, batch_bytes, point_bytes);
    return alone;
  }
};

struct cell_backward_job {
  cloud_cells from;
  voxel_gradients<void> given;  ///< addresses only
  cell_layout results;
  feature_rows features;
  gradient_rows out;
  std::int32_t const* counts = nullptr;  ///< points of each cell; null: they are counted here

  /// Bytes of the gradients given for a cell.
  std::int64_t cell_bytes() const;
};

/// Writes +0 for every point. Points in a cell are written again.
void clear_gradients(cell_backward_job const& job);

/// The gradients of all points of cloud b that are in a cell.
void backward_cloud(cell_backward_job const& job, cloud_cost const& cost, std::int64_t b);

/// The gradients of all points in a range of cells of cloud b.
void backward_range(cell_backward_job const& job, std::int64_t b, cell_range<cell_point> const& range);

}  // namespace robocache::host::detail
