// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/grid.hpp>

#include "cell_rows.hpp"
#include "cells.hpp"
#include "feature_rows.hpp"
#include "point_ranges.hpp"

/// One call of `voxelize_backward`, the types of features and results as values: compiled once.
namespace robocache::host::detail {

/// Where the gradients of features go.
struct gradient_rows {
  char* values;
  std::int64_t batch_bytes;
  std::int64_t point_bytes;
  blend_function narrow;  ///< from float
};

struct voxel_backward_job {
  cloud_cells from;
  voxel_gradients<void> given;  ///< addresses alone
  cell_layout results;
  feature_rows features;
  gradient_rows out;

  /// Bytes of the gradients that are given for a cell.
  std::int64_t cell_bytes() const;
};

/// The gradients of all points in a range of cells of cloud b.
void backward_range(voxel_backward_job const& job, std::int64_t b, cell_range<cell_point> const& range);

}  // namespace robocache::host::detail
