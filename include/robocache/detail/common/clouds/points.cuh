// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/cell.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/packed.cuh>

// From points to cells, on the device: what all kernels of voxelizing begin with.
namespace robocache::detail {

/// The rows from `row` on.
ROBOCACHE_NOINLINE inline __device__ device::cloud_rows segment_at(cloud_points const& p, std::int64_t row) {
  if (p.offsets == nullptr) {
    std::int64_t const b = p.batch == 1 ? 0 : row / p.length;
    return device::padded_rows_from(p, row, b);
  }
  device::packed_rows const owner = device::owner_of_row(p.offsets, p.batch, p.rows, row);
  return device::packed_rows_from(p, row, owner);
}

/// Three axes where a grid begins.
struct place {
  float x, y, z;
};

inline __device__ place origin_of(cloud_points const& p, std::int64_t b) {
  if (p.origins == nullptr) { return {p.axis[0].origin, p.axis[1].origin, p.axis[2].origin}; }
  float const* const from = p.origins + 3 * b;
  return {__ldg(from), __ldg(from + 1), __ldg(from + 2)};
}

/// Stands in for the cell of a point that has none.
inline constexpr int dropped_point = -1;
inline constexpr int no_point = -2;

/// The cell of a point, counted over all clouds: docs/semantics.md, "Cells"; or `dropped_point`.
/// @tparam Cell    32 bits: for all the cells of all clouds, and grids that do not need divisions
/// @tparam Lowest  with divisions: the cell of each axis that is counted as 0
/// @param base     the first cell of the point's cloud
template <class Cell, int Lowest = 0>
__device__ Cell cell_of(cloud_points const& p, place const& origin, Cell base, float x, float y, float z) {
  device::axis_cells const at =
      device::cells_along<sizeof(Cell) != 4, Lowest>(p.axis, origin.x, origin.y, origin.z, x, y, z);
  bool const inside = device::are_inside(p.axis, at);
  using word = std::make_unsigned_t<Cell>;  // for points outside, it may wrap around
  word const row = word{at.z} * p.axis[1].cells + at.y;
  return inside ? static_cast<Cell>(row * p.axis[0].cells + (at.x + static_cast<word>(base))) : Cell(dropped_point);
}

/// The coordinates of a lane's points in one step.
struct step_points {
  float x[points_at_once];
  float y[points_at_once];
  float z[points_at_once];

  /// Packed points. They are read once, and should leave the cache first.
  /// @param from  the x of this lane's first point
  __device__ void load_packed(float const* from) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      x[r] = __ldcs(from + r * 96);
      y[r] = __ldcs(from + r * 96 + 1);
      z[r] = __ldcs(from + r * 96 + 2);
    }
  }

  /// Points with any stride.
  /// @param start  element of the segment's first row
  /// @param at     row of this lane in the segment
  /// @param rows   of the segment; points after it are not read
  __device__ void load(cloud_points const& p, std::int64_t start, unsigned at, unsigned rows) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      x[r] = y[r] = z[r] = 0.0f;
      if (at + r * 32 < rows) {
        std::int64_t const from = start + std::int64_t(at + r * 32) * p.point_stride;
        x[r] = __ldcs(p.x + from);
        y[r] = __ldcs(p.y + from);
        z[r] = __ldcs(p.z + from);
      }
    }
  }
};

/// The rows of this warp: `[begin, end)`.
struct warp_rows {
  std::int64_t begin;
  std::int64_t end;

  __device__ explicit warp_rows(cloud_points const& p)
      : begin((std::int64_t(blockIdx.x) * (point_threads / 32) + threadIdx.x / 32) * p.rows_each),
        end(min(begin + p.rows_each, p.rows)) {}
};

/// Finds the cells of all rows of a warp, cloud after cloud, 32 rows side by side. The first points are read before the
/// previous launch has ended; `use` is called after it has.
/// @tparam Cell    as `with_cell_type` gives it
/// @tparam Lowest  as `cell_of` takes it
/// @param dropped  where the dropped points of each cloud are counted; null: nowhere
/// @param use      called by the whole warp: `use(row, cell)`, where `cell[r]` is that of this lane's row `row + 32 *
/// r`,
///                 counted over all clouds, or `dropped_point`, or, also for rows behind the last one, `no_point`
template <class Cell, int Lowest = 0, class Use>
__device__ void for_each_row(cloud_points const& p, std::int32_t* dropped, Use const& use) {
  unsigned const lane = threadIdx.x % 32;
  warp_rows const mine(p);
  for (std::int64_t row = mine.begin; row < mine.end;) {
    device::cloud_rows const segment = segment_at(p, row);
    auto const rows = static_cast<unsigned>(min(segment.end, mine.end) - row);
    unsigned at = lane;
    Cell cell[points_at_once];
    if (segment.b < 0) {
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) { cell[r] = no_point; }
      wait_for_launch_before();
      for (; at - lane < rows; at += rows_a_step) { use(row + at, cell); }
      row += rows;
      continue;
    }
    place const origin = origin_of(p, segment.b);
    auto const base = static_cast<Cell>(segment.b * p.cells);
    std::int64_t const start = row * p.point_stride + segment.b * p.between_clouds;
    unsigned const full = rows / rows_a_step * rows_a_step;
    int count = 0;
    // The next step's points are loaded before this step's results are stored: stores would delay the loads after them.
    step_points next;
    float const* from = p.x + (start + std::int64_t{at} * 3);
    auto const load_next = [&](unsigned place) {
      if (place >= full) { return; }
      if (p.packed) {
        next.load_packed(from);
        from += 3 * rows_a_step;
      } else {
        next.load(p, start, place, rows);
      }
    };
    load_next(at);
    wait_for_launch_before();
    for (; at < full; at += rows_a_step) {
      step_points const points = next;
      load_next(at + rows_a_step);
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        cell[r] = cell_of<Cell, Lowest>(p, origin, base, points.x[r], points.y[r], points.z[r]);
        count += cell[r] < 0 ? 1 : 0;
      }
      use(row + at, cell);
    }
    if (full < rows) {
      next.load(p, start, at, rows);
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        Cell const found = cell_of<Cell, Lowest>(p, origin, base, next.x[r], next.y[r], next.z[r]);
        bool const real = at + r * 32 < rows;
        count += real && found < 0 ? 1 : 0;
        cell[r] = real ? found : Cell(no_point);
      }
      use(row + at, cell);
    }
    if (dropped != nullptr) {
      count = sum_over_warp(count);
      if (lane == 0 && count > 0) { atomicAdd(dropped + segment.b, count); }
    }
    row += rows;
  }
}

/// A run of neighbouring lanes whose points are in one cell.
struct cell_run {
  bool leads;        ///< this lane is the first of them
  int count;         ///< how many they are; right only in the first
  unsigned leaders;  ///< the first lanes of all runs of the warp
};

/// @param leads  whether this lane is the first of its run, as lane 0 always is
inline __device__ cell_run run_from(bool leads) {
  unsigned const leaders = __ballot_sync(0xffffffffu, leads);
  // A bit after the last lane ends its run.
  int const count = __ffs(static_cast<int>(leaders >> threadIdx.x % 32 >> 1 | 0x80000000u >> threadIdx.x % 32));
  return {leads, count, leaders};
}

template <class Cell>
__device__ cell_run run_of(Cell cell) {
  Cell const before = __shfl_up_sync(0xffffffffu, cell, 1);
  return run_from(threadIdx.x % 32 == 0 || before != cell);
}

/// The first lane of a lane's run.
inline __device__ int leader_of(cell_run const& run) {
  unsigned const lane = threadIdx.x % 32;
  return 31 - __clz(static_cast<int>(run.leaders << (31 - lane) >> (31 - lane)));
}

}  // namespace robocache::detail
