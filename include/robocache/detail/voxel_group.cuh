// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/block_scan.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/voxel_memory.hpp>
#include <robocache/detail/voxel_points.cuh>

// Groups points by cell: a counting sort whose places within a cell are taken as they come. Who needs the points in
// order sorts each list, which is short.
namespace robocache::detail {

struct voxel_group_params {
  voxel_points points;
  voxel_lists lists;
  std::int32_t* dropped;
  std::int64_t cells;  ///< of all clouds
};

/// Counts the points of each cell, and gives each a place in its list.
template <int Threads>
__global__ void __launch_bounds__(Threads) voxel_rank_kernel(__grid_constant__ voxel_group_params const p) {
  point_walk walk(p.points, p.dropped);
  for (int step = 0; walk.begins_step(step); ++step) {
    std::int64_t cell[points_at_once];
    unsigned rank[points_at_once];
    walk.find(cell);
    cell_run run[points_at_once];
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
      unsigned const first = __shfl_sync(0xffffffffu, rank[r], run[r].leader);
      if (cell[r] >= 0) { p.lists.ranks[walk.row(r)] = first + threadIdx.x % 32 - run[r].leader; }
    }
  }
}

/// Cells of a block, four a thread.
inline constexpr int start_threads = 256;
inline constexpr int start_cells = 4 * start_threads;

/// Finds a place for the list of a crowded cell.
inline __device__ unsigned place_crowd(voxel_group_params const& p, std::int64_t cell, unsigned count) {
  voxel_counters& counters = *p.lists.counters;
  unsigned const start = static_cast<unsigned>(p.points.rows) - count - atomicAdd(&counters.in_crowd, count);
  unsigned const groups = count / most_tile_points + (count % most_tile_points != 0 ? 1 : 0);
  unsigned const index = atomicAdd(&counters.crowded, 1u);
  p.lists.crowded[index] = {cell, start, count, atomicAdd(&counters.groups, groups), 0};
  if (count > most_block_points) { p.lists.huge[atomicAdd(&counters.huge, 1u)] = index; }
  return start;
}

/// Says where each list begins. Lists of a block's cells stand side by side, in the order of the cells, but for those
/// of crowded cells.
template <int Threads>
__global__ void __launch_bounds__(Threads) voxel_start_kernel(__grid_constant__ voxel_group_params const p) {
  __shared__ unsigned begin;
  std::int64_t const first = std::int64_t(blockIdx.x) * start_cells + 4 * threadIdx.x;
  uint4 counts{0, 0, 0, 0};
  if (first < p.cells) { counts = *reinterpret_cast<uint4 const*>(p.lists.counts + first); }
  unsigned const n[4] = {counts.x, counts.y, counts.z, counts.w};
  unsigned listed = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) { listed += n[i] <= most_tile_points ? n[i] : 0; }
  unsigned total = 0;
  unsigned start = sum_before<start_threads>(listed, total);
  if (threadIdx.x == 0) { begin = total == 0 ? 0 : atomicAdd(&p.lists.counters->listed, total); }
  __syncthreads();
  if ((n[0] | n[1] | n[2] | n[3]) == 0) { return; }
  start += begin;
  unsigned starts[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (n[i] > most_tile_points) {
      starts[i] = place_crowd(p, first + i, n[i]);
    } else {
      starts[i] = start;
      start += n[i];
    }
  }
  *reinterpret_cast<uint4*>(p.lists.starts + first) = uint4{starts[0], starts[1], starts[2], starts[3]};
}

/// Writes the lists.
template <int Threads>
__global__ void __launch_bounds__(Threads) voxel_list_kernel(__grid_constant__ voxel_group_params const p) {
  point_walk walk(p.points, nullptr);
  for (int step = 0; walk.begins_step(step); ++step) {
    std::int64_t cell[points_at_once];
    walk.find(cell);
    unsigned at[points_at_once] = {};
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      if (cell[r] >= 0) { at[r] = __ldg(p.lists.starts + cell[r]) + __ldg(p.lists.ranks + walk.row(r)); }
    }
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      if (cell[r] >= 0) { p.lists.rows[at[r]] = static_cast<std::uint32_t>(walk.row(r)); }
    }
  }
}

}  // namespace robocache::detail
