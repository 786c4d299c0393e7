// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/math.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/grid.hpp>
#include <robocache/voxels.hpp>

namespace robocache::device {

/// A position in a grid.
struct cell {
  std::int64_t x, y, z;
};

/// The cell of a coordinate, as a whole number in a float; far outside of the grid it may be any number or NaN. This is
/// the rule: everything else that finds cells gives the same ones.
ROBOCACHE_HOST_DEVICE inline float cell_along(float coordinate, float origin, float size) {
  return std::floor(div_rn(sub_rn(coordinate, origin), size));
}

/// One axis of a grid, prepared for many points.
struct grid_axis {
  float origin;
  float size;
  float inverse;  ///< of the size
  float certain;  ///< how far from the middle of a cell a quotient may be so that its floor is certain
  std::uint32_t cells;
};

/// @param axis  0, 1 or 2
ROBOCACHE_HOST_DEVICE inline grid_axis axis_of(grid const& lattice, int axis) {
  auto const cells = static_cast<float>(lattice.cells[axis]);
  return {lattice.origin[axis], lattice.size[axis], 1.0f / lattice.size[axis], 0.5f - (cells + 2.0f) * 0x1p-22f,
          static_cast<std::uint32_t>(lattice.cells[axis])};
}

/// True where cells along an axis can be found by division only.
ROBOCACHE_HOST_DEVICE inline bool needs_division(grid const& lattice, int axis) {
  bool const usual =
      lattice.size[axis] > 0x1p-80f && lattice.size[axis] < 0x1p80f && lattice.cells[axis] <= std::int64_t{1} << 20;
  return !usual;
}

/// A position in a grid of prepared axes. Outside of the grid at least one number is beyond the cells of its axis.
struct axis_cells {
  std::uint32_t x, y, z;
};

namespace detail {

/// No axis has this cell.
inline constexpr std::uint32_t no_axis_cell = UINT32_MAX;

/// The cell whose number is in a float; `no_axis_cell` if no axis has it.
ROBOCACHE_HOST_DEVICE inline std::uint32_t axis_cell_of(float whole) {
  return whole >= 0.0f && whole < 0x1p31f ? static_cast<std::uint32_t>(whole) : no_axis_cell;
}

/// The cell along an axis, by division: the rule itself.
/// @tparam Lowest  the cell that is counted as 0; exact wherever the coordinate is inside
template <int Lowest>
ROBOCACHE_HOST_DEVICE inline std::uint32_t divide_along(grid_axis const& axis, float origin, float coordinate) {
  float whole = cell_along(coordinate, origin, axis.size);
  if constexpr (Lowest != 0) { whole = sub_rn(whole, static_cast<float>(Lowest)); }
  return axis_cell_of(whole);
}

/// `a + b`, rounded towards minus infinity.
ROBOCACHE_HOST_DEVICE inline float add_rounded_down(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fadd_rd(a, b);
#else
  float const sum = a + b;
  float const of_b = sum - a;
  float const error = (a - (sum - of_b)) + (b - of_b);  // exact, Knuth's
  return error < 0.0f ? std::nextafter(sum, -INFINITY) : sum;
#endif
}

/// The next float towards 0 from one that is not 0.
ROBOCACHE_HOST_DEVICE inline float float_before(float x) {
#if defined(__CUDA_ARCH__)
  return __int_as_float(__float_as_int(x) - 1);
#else
  return std::nextafter(x, 0.0f);
#endif
}

/// The same cell where q is near an integer n; where q alone decides, any number. The quotient d / s rounds to n or
/// more where it is above the middle between n and the float below it; at the middle n wins, because its last bit is 0.
/// So the sign of d - n * s, which one rounding does not change, or its comparison with a power of 2 times s, decides.
ROBOCACHE_HOST_DEVICE inline std::uint32_t settle_along(grid_axis const& axis, float distance, float q) {
  float const whole = std::rint(q);
  if (!(whole >= 1.0f)) {
    // Below the origin, only quotients that round to -0 are in the grid.
    bool const zero = distance >= 0.0f || static_cast<double>(-distance) <= static_cast<double>(axis.size) * 0x1p-150;
    return whole >= 0.0f && zero ? 0 : no_axis_cell;
  }
  float const rest = fma_rn(-whole, axis.size, distance);
  float const half_step = mul_rn(sub_rn(whole, float_before(whole)), 0.5f);
  bool const reached = rest >= 0.0f || -rest <= mul_rn(axis.size, half_step);
  return whole < 0x1p31f ? static_cast<std::uint32_t>(whole) - (reached ? 0 : 1) : no_axis_cell;
}

/// The same cell by multiplication. q = d * (1 / s) is within 3 units of 2^-24, relatively, of the rounded quotient
/// d / s. So where a q inside the grid is further than that from all integers, both have the same floor; and where q is
/// outside by more than a cell, so is the quotient. Adding 1.5 * 2^23, rounded down, leaves the floor in the last bits:
/// right for |q| < 2^22; beyond that, and for NaN, the result is not a cell.
/// @param near  set where an integer is too near
ROBOCACHE_HOST_DEVICE inline std::uint32_t multiply_along(grid_axis const& axis, float q, bool& near) {
  float const shifted = add_rounded_down(q, 0x1.8p23f);
  float const from_middle = sub_rn(sub_rn(q, sub_rn(shifted, 0x1.8p23f)), 0.5f);
  near |= absolute(from_middle) >= axis.certain;
  std::uint32_t bits = 0;
  std::memcpy(&bits, &shifted, sizeof bits);
  return bits - 0x4b400000u;
}

}  // namespace detail

/// The cells of a point along all axes, of a grid that begins at `x0`, `y0`, `z0`.
/// @tparam Divides  false: the same cells without a division, for grids of which no axis `needs_division`
/// @tparam Lowest   with divisions: the cell of each axis that is counted as 0
template <bool Divides, int Lowest = 0>
ROBOCACHE_HOST_DEVICE inline axis_cells cells_along(grid_axis const (&axis)[3], float x0, float y0, float z0, float x,
                                                    float y, float z) {
  static_assert(Divides || Lowest == 0, "multiplications find the cells of grids that begin with cell 0");
  if constexpr (Divides) {
    return {detail::divide_along<Lowest>(axis[0], x0, x), detail::divide_along<Lowest>(axis[1], y0, y),
            detail::divide_along<Lowest>(axis[2], z0, z)};
  } else {
    float const dx = sub_rn(x, x0);
    float const dy = sub_rn(y, y0);
    float const dz = sub_rn(z, z0);
    float const qx = mul_rn(dx, axis[0].inverse);
    float const qy = mul_rn(dy, axis[1].inverse);
    float const qz = mul_rn(dz, axis[2].inverse);
    bool near = false;
    axis_cells found{};
    found.x = detail::multiply_along(axis[0], qx, near);
    found.y = detail::multiply_along(axis[1], qy, near);
    found.z = detail::multiply_along(axis[2], qz, near);
    if (near) {
      found.x = detail::settle_along(axis[0], dx, qx);
      found.y = detail::settle_along(axis[1], dy, qy);
      found.z = detail::settle_along(axis[2], dz, qz);
    }
    return found;
  }
}

/// True where all three are cells of the grid.
ROBOCACHE_HOST_DEVICE inline bool are_inside(grid_axis const (&axis)[3], axis_cells const& found) {
  return (found.x < axis[0].cells) & (found.y < axis[1].cells) & (found.z < axis[2].cells);
}

namespace detail {

/// The cell of one point, of a grid that begins at `x0`, `y0`, `z0`.
template <int Lowest>
ROBOCACHE_HOST_DEVICE inline bool find_cell_from(grid const& lattice, float x0, float y0, float z0, float x, float y,
                                                 float z, cell& found) {
  grid_axis const axis[3] = {axis_of(lattice, 0), axis_of(lattice, 1), axis_of(lattice, 2)};
  axis_cells const at = cells_along<true, Lowest>(axis, x0, y0, z0, x, y, z);
  if (!are_inside(axis, at)) { return false; }
  found = {at.x, at.y, at.z};
  return true;
}

}  // namespace detail

/// Where the grid of cloud b begins, along axis 0, 1 or 2.
ROBOCACHE_HOST_DEVICE inline float origin_of(grid const& lattice, std::int64_t b, int axis) {
  return lattice.origins != nullptr ? lattice.origins[3 * b + axis] : lattice.origin[axis];
}

/// The cell that a point of cloud b falls into.
/// @return false: none, because the point is outside, infinite or NaN; then `found` is as it was
ROBOCACHE_HOST_DEVICE inline bool find_cell(grid const& lattice, std::int64_t b, float x, float y, float z,
                                            cell& found) {
  return detail::find_cell_from<0>(lattice, origin_of(lattice, b, 0), origin_of(lattice, b, 1),
                                   origin_of(lattice, b, 2), x, y, z, found);
}

/// Cells of the voxel filter on either side of its origin, along an axis.
inline constexpr std::int64_t filter_reach = std::int64_t{1} << 20;

/// The grid of the voxel filter: cell `filter_reach` begins at the origin. It has more cells than an int64 can count,
/// so its `total` must not be used; `index_of` is below 2^63.
ROBOCACHE_HOST_DEVICE inline grid filter_grid(filter_options const& options) {
  grid lattice;
  for (int axis = 0; axis < 3; ++axis) {
    lattice.origin[axis] = options.origin[axis];
    lattice.size[axis] = options.size[axis];
    lattice.cells[axis] = 2 * filter_reach;
  }
  return lattice;
}

/// The cell of the voxel filter's grid that its cells are counted from.
inline constexpr int lowest_filter_cell = -static_cast<int>(filter_reach);

/// `find_cell` for the grid of the voxel filter, whose origin is in the middle and not where cell 0 begins.
ROBOCACHE_HOST_DEVICE inline bool find_filter_cell(grid const& lattice, float x, float y, float z, cell& found) {
  return detail::find_cell_from<lowest_filter_cell>(lattice, lattice.origin[0], lattice.origin[1], lattice.origin[2], x,
                                                    y, z, found);
}

/// Points of a cell whose features are added up one after the other; the sums of this many groups are added up the same
/// way, and so on.
inline constexpr int sum_group = 64;

/// Where the filter's voxel begins that contains a coordinate: the same for all coordinates of a voxel.
ROBOCACHE_HOST_DEVICE inline float corner_along(float coordinate, float origin, float size) {
  return add_rn(origin, mul_rn(cell_along(coordinate, origin, size), size));
}

/// The mean of a voxel's coordinates along an axis.
/// @param sum              of their distances from the corner
/// @param lowest, highest  of them
ROBOCACHE_HOST_DEVICE inline float centroid_along(float corner, float sum, float count, float lowest, float highest) {
  float const mean = add_rn(corner, div_rn(sum, count));
  // Everything between two numbers of a voxel is in the voxel. Where sums overflow, the mean may be NaN.
  float const inside = !(mean >= lowest) ? lowest : mean <= highest ? mean : highest;
  return add_rn(inside, 0.0f);  // -0 becomes +0
}

/// The cell's place in `[z, y, x]`.
ROBOCACHE_HOST_DEVICE inline std::int64_t index_of(grid const& lattice, cell const& where) {
  return (where.z * lattice.cells[1] + where.y) * lattice.cells[0] + where.x;
}

}  // namespace robocache::device
