// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/divisor.hpp>

// What kernels of cells are handed.
namespace robocache::detail {

struct cell_mark_params {
  cloud_points points;
  cell_marks marks;
  std::int32_t* count;
  std::int32_t* dropped;
  std::uint32_t* left;         ///< `[rows]`: cells of points that are left to further slabs, in the place of each warp
  std::uint32_t* left_counts;  ///< how many; one a warp
  std::int64_t slab_begin;     ///< cells that scattered points may touch now: as many as stay in the L2 cache
  std::int64_t slab_end;
};

struct cell_add_params {
  cloud_points points;
  cloud_features features;
  float* sums;          ///< `[cells, channels]`
  std::int32_t* count;  ///< null: not wanted
  std::int32_t* dropped;
};

struct cell_divide_params {
  float const* sums;  ///< `[cells, channels]`
  float* means;       ///< may be `sums`
  std::int32_t const* count;
  std::int64_t vectors;  ///< of 4 channels, all cells'
  divisor vectors_each;  ///< of a cell
  bool narrow;           ///< less than 2^31 vectors
};

}  // namespace robocache::detail
