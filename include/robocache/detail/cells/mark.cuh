// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/cells/params.hpp>
#include <robocache/detail/cells/policy.cuh>
#include <robocache/detail/common/clouds/marks.cuh>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Counts and occupancy, straight into the results.
namespace robocache::detail {

/// What a launch does to cells with points.
enum class mark_kind : std::uint8_t {
  counts,   ///< counts alone
  bytes,    ///< occupancy of one byte alone
  several,  ///< whatever is wanted
};

/// A run of neighbouring points in one cell.
template <mark_kind Kind>
__device__ void mark_run(cell_mark_params const& p, std::int64_t cell, int count) {
  if constexpr (Kind == mark_kind::counts) {
    atomicAdd(p.count + cell, count);
  } else if constexpr (Kind == mark_kind::bytes) {
    static_cast<std::uint8_t*>(p.marks.occupied)[cell] = 1;
  } else {
    if (p.count != nullptr) { atomicAdd(p.count + cell, count); }
    mark_cell(p.marks, cell);
  }
}

/// Counts and occupancy, straight into the results. Neighbours of a warp in one cell are one operation.
template <class Cell, mark_kind Kind>
__global__ void __launch_bounds__(point_threads, point_blocks_each)
    cell_mark_kernel(__grid_constant__ cell_mark_params const p) {
  for_each_row<Cell>(p.points, p.dropped, [&](std::int64_t, Cell const(&cell)[points_at_once]) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      cell_run const run = run_of(cell[r]);
      if (run.leads & (cell[r] >= 0)) { mark_run<Kind>(p, cell[r], run.count); }
    }
  });
}

/// The first of several slabs of a large grid: cells that are touched at random should be in the L2 cache. Scattered
/// points in other slabs are left to further launches, which read only their cells. Points with neighbours in the same
/// cell, as in a scan, are counted at once wherever they are, so that next to nothing of a scan is left.
template <class Cell, mark_kind Kind>
__global__ void __launch_bounds__(point_threads, point_blocks_each)
    cell_first_slab_kernel(__grid_constant__ cell_mark_params const p) {
  auto const high = static_cast<Cell>(p.slab_end);
  warp_rows const mine(p.points);
  unsigned left = 0;
  for_each_row<Cell>(p.points, p.dropped, [&](std::int64_t, Cell const(&cell)[points_at_once]) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      cell_run const run = run_of(cell[r]);
      bool const later = (__popc(run.leaders) > many_runs) & (cell[r] >= high);
      if (run.leads & (cell[r] >= 0) & !later) { mark_run<Kind>(p, cell[r], run.count); }
      unsigned const leaves = __ballot_sync(0xffffffffu, later);
      unsigned const before = leaves & ((1u << threadIdx.x % 32) - 1);
      if (later) { p.left[mine.begin + left + __popc(before)] = static_cast<std::uint32_t>(cell[r]); }
      left += __popc(leaves);
    }
  });
  if (threadIdx.x % 32 == 0 && mine.begin < mine.end) { p.left_counts[mine.begin / p.points.rows_each] = left; }
}

/// A further slab: the points of it that were left.
template <mark_kind Kind>
__global__ void __launch_bounds__(point_threads) cell_next_slab_kernel(__grid_constant__ cell_mark_params const p) {
  constexpr int at_once = slab_at_once;
  wait_for_launch_before();
  warp_rows const mine(p.points);
  if (mine.begin >= mine.end) { return; }
  unsigned const left = p.left_counts[mine.begin / p.points.rows_each];
  for (unsigned at = threadIdx.x % 32; at < left; at += 32 * at_once) {
    std::uint32_t cell[at_once];
#pragma unroll
    for (int i = 0; i < at_once; ++i) {
      cell[i] = at + 32 * i < left ? __ldcs(p.left + (mine.begin + at + 32 * i)) : UINT32_MAX;
    }
#pragma unroll
    for (int i = 0; i < at_once; ++i) {
      if (cell[i] >= p.slab_begin && cell[i] < p.slab_end) { mark_run<Kind>(p, cell[i], 1); }
    }
  }
}

}  // namespace robocache::detail
