// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/block_scan.cuh>
#include <robocache/detail/common/clouds/marks.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Groups points by cell: a counting sort in which points take places within a cell in order of arrival. Whoever needs
// the points in order sorts each list, which is short.
namespace robocache::detail {

/// Notes a crowded cell, whose list begins at `start`.
/// @return  its index among crowded cells
inline __device__ unsigned note_crowd(point_lists const& lists, std::int64_t cell, unsigned start, unsigned count) {
  list_counters& counters = *lists.counters;
  unsigned const index = atomicAdd(&counters.crowded, 1u);
  unsigned first_group = 0;
  if (count > most_block_points) {
    unsigned const groups = count / most_tile_points + (count % most_tile_points != 0 ? 1 : 0);
    first_group = atomicAdd(&counters.groups, groups);
    lists.huge[atomicAdd(&counters.huge, 1u)] = index;
  }
  lists.crowded[index] = {cell, start, count, first_group, 0};
  return index;
}

/// Finds a place for the list of a crowded cell.
/// @param rows  of all clouds
inline __device__ unsigned place_crowd(point_lists const& lists, std::int64_t rows, std::int64_t cell, unsigned count) {
  unsigned const start = static_cast<unsigned>(rows) - count - atomicAdd(&lists.counters->in_crowd, count);
  note_crowd(lists, cell, start, count);
  return start;
}

/// Counts and occupancy of a cell with points.
inline __device__ void write_count(cell_group_params const& p, std::int64_t cell, unsigned count) {
  if (p.count != nullptr) {
    unsigned const old = p.accumulate ? static_cast<unsigned>(p.count[cell]) : 0;
    p.count[cell] = static_cast<std::int32_t>(old + count);
  }
  mark_cell(p.marks, cell);
}

/// Decides where each list begins, and sorts the cells with points by how many they have. Lists of a block's cells lie
/// side by side, in the order of the cells, except for those of crowded cells.
template <int Threads>
__global__ void __launch_bounds__(Threads) list_start_kernel(__grid_constant__ cell_group_params const p) {
  __shared__ unsigned listed_before;
  __shared__ unsigned few_before;
  __shared__ unsigned some_before;
  wait_for_launch_before();
  // Points and cells of a block are added up together, in separate bits of one number.
  using sums = unsigned long long;
  constexpr int few_at = 20;
  constexpr int some_at = 40;
  constexpr unsigned mask = (1u << few_at) - 1;
  static_assert(start_cells * most_tile_points <= mask, "a sum does not reach into the next");
  std::int64_t const first = std::int64_t(blockIdx.x) * start_cells + 4 * threadIdx.x;
  uint4 counts{0, 0, 0, 0};
  if (first < p.cells) { counts = *reinterpret_cast<uint4 const*>(p.lists.counts + first); }
  unsigned const n[4] = {counts.x, counts.y, counts.z, counts.w};
  sums mine = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (n[i] == 0 || n[i] > most_tile_points) { continue; }
    mine += n[i] | sums{1} << (n[i] <= most_few_points ? few_at : some_at);
  }
  sums total = 0;
  sums const before = sum_before<Threads>(mine, total);
  if (total != 0) {
    list_counters& counters = *p.lists.counters;
    if (threadIdx.x == 0) { listed_before = atomicAdd(&counters.listed, static_cast<unsigned>(total) & mask); }
    if (threadIdx.x == 32) { few_before = atomicAdd(&counters.few, static_cast<unsigned>(total >> few_at) & mask); }
    if (threadIdx.x == 64) { some_before = atomicAdd(&counters.some, static_cast<unsigned>(total >> some_at)); }
  }
  __syncthreads();
  if ((n[0] | n[1] | n[2] | n[3]) == 0) { return; }
  unsigned start = listed_before + (static_cast<unsigned>(before) & mask);
  unsigned few = few_before + (static_cast<unsigned>(before >> few_at) & mask);
  unsigned some = some_before + static_cast<unsigned>(before >> some_at);
  unsigned starts[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    starts[i] = start;
    if (n[i] == 0) { continue; }
    write_count(p, first + i, n[i]);
    if (n[i] > most_tile_points) {
      starts[i] = place_crowd(p.lists, p.points.rows, first + i, n[i]);
      continue;
    }
    start += n[i];
    unsigned const place = n[i] <= most_few_points ? few++ : some++;
    (n[i] <= most_few_points ? p.lists.few : p.lists.some)[place] = {first + i, starts[i], n[i]};
  }
  *reinterpret_cast<uint4*>(p.lists.starts + first) = uint4{starts[0], starts[1], starts[2], starts[3]};
}

}  // namespace robocache::detail
