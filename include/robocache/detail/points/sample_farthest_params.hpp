// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/points.hpp>
#include <robocache/sampling.hpp>

namespace robocache::detail {

/// What is known of a cloud before its points are put in order. Coordinates as `device::order_of`.
struct cloud_extent {
  std::uint32_t low[3];
  std::uint32_t high[3];  ///< their complement, so that all begin with bits of 1
  std::uint32_t first;    ///< the lowest index of a finite point
  std::uint32_t missing;  ///< 2^32 - 1 less the finite points
};

/// A point of a cloud in order.
struct alignas(16) ordered_point {
  float x, y, z;
  std::uint32_t index;
};

/// Blocks that take a cloud in order together, and threads of each.
struct farthest_shape {
  int blocks;
  int threads;
};

struct farthest_params {
  point_clouds clouds;  ///< strides filled in
  std::int64_t samples;
  sample_output out;
  farthest_options options;

  // Of clouds that are put in order:
  cloud_extent* extents;   ///< `[B]`
  std::uint32_t* cells;    ///< `[B, cells]`: how many points, then where the next one goes
  ordered_point* ordered;  ///< `[rows]`: of each cloud its finite points, from its first row on
  float* distances;        ///< `[rows]`: the smallest squared distance of each to what was taken
  std::int64_t slices;     ///< in which a cloud is put in order
  int cell_bits;           ///< along each axis

  farthest_shape shape;
  std::int64_t resident;  ///< the most finite points of a cloud in order that is in registers
};

}  // namespace robocache::detail
