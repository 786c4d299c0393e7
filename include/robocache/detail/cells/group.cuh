// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/config.hpp>

// Groups points by cell: a counting sort whose places within a cell are taken as they come. Who needs the points in
// order sorts each list, which is short.
namespace robocache::detail {

/// Counts the points of each cell, and gives each a place in its list.
template <class Cell>
__global__ void __launch_bounds__(point_threads, point_blocks_each)
    cell_rank_kernel(__grid_constant__ cell_group_params const p) {
  for_each_row<Cell>(p.points, p.dropped, [&](std::int64_t row, Cell const(&cell)[points_at_once]) {
    cell_run run[points_at_once];
    unsigned rank[points_at_once];
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      run[r] = run_of(cell[r]);
      rank[r] = 0;
      if (run[r].leads && cell[r] >= 0) {
        rank[r] = atomicAdd(p.lists.counts + cell[r], static_cast<unsigned>(run[r].count));
      }
    }
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      int const leader = leader_of(run[r]);
      unsigned const first = __shfl_sync(0xffffffffu, rank[r], leader);
      if (cell[r] >= 0) { p.lists.ranks[row + r * 32] = first + threadIdx.x % 32 - leader; }
    }
  });
}

/// Writes the lists.
template <class Cell>
__global__ void __launch_bounds__(point_threads, point_blocks_each)
    cell_list_kernel(__grid_constant__ cell_group_params const p) {
  for_each_row<Cell>(p.points, nullptr, [&](std::int64_t row, Cell const(&cell)[points_at_once]) {
    unsigned at[points_at_once] = {};
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      if (cell[r] >= 0) { at[r] = p.lists.starts[cell[r]] + p.lists.ranks[row + r * 32]; }
    }
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      if (cell[r] >= 0) { p.lists.rows[at[r]] = static_cast<std::uint32_t>(row + r * 32); }
    }
  });
}

}  // namespace robocache::detail
