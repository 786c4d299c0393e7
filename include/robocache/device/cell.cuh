// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/math.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/packed.cuh>
#include <robocache/device/timeline.cuh>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>
#include <robocache/voxels.hpp>

namespace robocache::device {

/// A position in a grid.
struct cell {
  std::int64_t x, y, z;
};

/// The cell of a coordinate, as a whole number in a float; any number, NaN included, where it is far outside.
ROBOCACHE_HOST_DEVICE inline float cell_along(float coordinate, float origin, float size) {
  return std::floor(div_rn(sub_rn(coordinate, origin), size));
}

/// True for whole numbers from 0 up to, but not including, `cells`. False for NaN.
ROBOCACHE_HOST_DEVICE inline bool is_inside(float whole, std::int64_t cells) {
  // A whole number below 2^31 is exact as a double, and -0 is 0.
  return whole >= 0.0f && static_cast<double>(whole) < static_cast<double>(cells);
}

/// Where the grid of cloud b begins, along axis 0, 1 or 2.
ROBOCACHE_HOST_DEVICE inline float origin_of(grid const& lattice, std::int64_t b, int axis) {
  return lattice.origins != nullptr ? lattice.origins[3 * b + axis] : lattice.origin[axis];
}

/// The cell that a point of cloud b falls into.
/// @return false: none, because the point is outside, infinite or NaN; then `found` is as it was
ROBOCACHE_HOST_DEVICE inline bool find_cell(grid const& lattice, std::int64_t b, float x, float y, float z,
                                            cell& found) {
  float const i = cell_along(x, origin_of(lattice, b, 0), lattice.size[0]);
  float const j = cell_along(y, origin_of(lattice, b, 1), lattice.size[1]);
  float const k = cell_along(z, origin_of(lattice, b, 2), lattice.size[2]);
  if (!is_inside(i, lattice.cells[0]) || !is_inside(j, lattice.cells[1]) || !is_inside(k, lattice.cells[2])) {
    return false;
  }
  found = {static_cast<std::int64_t>(i), static_cast<std::int64_t>(j), static_cast<std::int64_t>(k)};
  return true;
}

/// Cells of the voxel filter on either side of its origin, along an axis.
inline constexpr std::int64_t filter_reach = std::int64_t{1} << 20;

/// The grid of the voxel filter: cell `filter_reach` begins at the origin. It has more cells than an int64 counts, so
/// its `total` is not to be asked for; `index_of` is below 2^63.
ROBOCACHE_HOST_DEVICE inline grid filter_grid(filter_options const& options) {
  grid lattice;
  for (int axis = 0; axis < 3; ++axis) {
    lattice.origin[axis] = options.origin[axis];
    lattice.size[axis] = options.size[axis];
    lattice.cells[axis] = 2 * filter_reach;
  }
  return lattice;
}

/// `find_cell` for the grid of the voxel filter, whose origin is in the middle and not where cell 0 begins.
ROBOCACHE_HOST_DEVICE inline bool find_filter_cell(grid const& lattice, float x, float y, float z, cell& found) {
  // Exact wherever the point is inside.
  constexpr auto reach = static_cast<float>(filter_reach);
  float const i = cell_along(x, lattice.origin[0], lattice.size[0]) + reach;
  float const j = cell_along(y, lattice.origin[1], lattice.size[1]) + reach;
  float const k = cell_along(z, lattice.origin[2], lattice.size[2]) + reach;
  if (!is_inside(i, lattice.cells[0]) || !is_inside(j, lattice.cells[1]) || !is_inside(k, lattice.cells[2])) {
    return false;
  }
  found = {static_cast<std::int64_t>(i), static_cast<std::int64_t>(j), static_cast<std::int64_t>(k)};
  return true;
}

/// Where the filter's voxel that a coordinate is in begins: the same for all coordinates of a voxel.
ROBOCACHE_HOST_DEVICE inline float corner_along(float coordinate, float origin, float size) {
  return add_rn(origin, mul_rn(cell_along(coordinate, origin, size), size));
}

/// The mean of a voxel's coordinates along an axis.
/// @param sum              of their distances from the corner
/// @param lowest, highest  of them
ROBOCACHE_HOST_DEVICE inline float centroid_along(float corner, float sum, float count, float lowest, float highest) {
  float const mean = add_rn(corner, div_rn(sum, count));
  // All that is between two numbers of a voxel is in the voxel. Where sums overflow, the mean may be NaN.
  float const inside = !(mean >= lowest) ? lowest : mean <= highest ? mean : highest;
  return add_rn(inside, 0.0f);  // -0 becomes +0
}

/// The cell's place in `[z, y, x]`.
ROBOCACHE_HOST_DEVICE inline std::int64_t index_of(grid const& lattice, cell const& where) {
  return (where.z * lattice.cells[1] + where.y) * lattice.cells[0] + where.x;
}

/// The points of one cloud, resolved from a batch.
struct cloud {
  std::int64_t length = 0;       ///< points
  std::int64_t batch_index = 0;  ///< times a batch stride; 0 if packed
  std::int64_t first_row = 0;    ///< of packed points; 0 unless packed

  /// Where point `i` begins, in elements.
  ROBOCACHE_HOST_DEVICE std::int64_t element(std::int64_t i, std::int64_t batch_stride,
                                             std::int64_t point_stride) const {
    return batch_index * batch_stride + (first_row + i) * point_stride;
  }
};

/// Cloud `b` of a batch. Lengths and offsets are clamped, so that whatever they hold no access leaves the points; no
/// row is in two clouds.
ROBOCACHE_HOST_DEVICE inline cloud cloud_of(point_clouds const& clouds, std::int64_t b) {
  cloud one;
  one.length = clouds.length;
  if (clouds.packed()) {
    packed_rows const owned = rows_of_owner(clouds.offsets, clouds.batch, clouds.rows, b);
    one.first_row = owned.begin;
    one.length = owned.end - owned.begin;
  } else {
    one.batch_index = b;
    if (clouds.lengths != nullptr) { one.length = detail::clamp(clouds.lengths[b], 0, clouds.length); }
  }
  one.length = one.length < INT32_MAX ? one.length : INT32_MAX;
  return one;
}

}  // namespace robocache::device
