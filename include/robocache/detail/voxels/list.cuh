// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/block_scan.cuh>
#include <robocache/detail/common/clouds/list_start.cuh>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/voxels/number.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>

// Groups points by voxel, as cells/group.cuh groups them by cell. The first point of a voxel is known, and many voxels
// have no other: so only later points are counted, and voxels with one point have no list.
namespace robocache::detail {

/// The first row of the cell at a place.
inline __device__ std::uint32_t first_at(voxel_table const& table, std::uint32_t place) {
  return table.first[(table.kind == table_kind::narrow ? 2 : 1) * std::int64_t{place}];
}

/// The first of a thread's rows.
inline __device__ std::int64_t first_list_row() {
  return (std::int64_t(blockIdx.x) * (list_threads / 32) + threadIdx.x / 32) * 32 * list_rows + threadIdx.x % 32;
}

/// The voxel with a number.
/// @param first   the voxel's first point
/// @param around  the cloud of rows up to its end, where clouds are not packed
inline __device__ std::int32_t rename_voxel(voxel_params const& p, std::int32_t number, std::int64_t first,
                                            device::cloud_rows const& around) {
  if (number < 0) { return no_voxel; }
  auto voxel = static_cast<std::uint32_t>(number);
  if (p.numbers.renamed != nullptr) { voxel = p.numbers.renamed[voxel]; }
  if (p.numbers.limited) {
    bool const known = p.points.offsets == nullptr && first < around.end;
    std::int64_t const b = known ? around.b : segment_at(p.points, first).b;
    if (b < 0) { return no_voxel; }
    voxel -= p.numbers.found_before[b];
    if (voxel >= static_cast<std::uint32_t>(p.numbers.max_voxels)) { return no_voxel; }
    voxel += static_cast<std::uint32_t>(p.numbers.offsets[b]);
  }
  return voxel < static_cast<std::uint32_t>(p.numbers.capacity) ? static_cast<std::int32_t>(voxel) : no_voxel;
}

/// Gives each point that is not the first of its voxel a place in the voxel's list, and counts them.
/// @tparam Renames  whether numbers do not stay as they are
template <int Threads, bool Renames>
__global__ void __launch_bounds__(Threads) voxel_rank_kernel(__grid_constant__ voxel_list_params const p) {
  static_assert(Threads == list_threads);
  voxel_params const& from = p.params;
  let_next_launch_begin();
  wait_for_launch_before();
  if (!from.numbers.limited) {
    place_clouds(from, std::int64_t(blockIdx.x) * Threads + threadIdx.x, std::int64_t(gridDim.x) * Threads);
  }
  std::int64_t const row = first_list_row();
  std::int32_t number[list_rows];
  std::uint32_t first[list_rows];
  std::uint32_t place[list_rows];
  bool later[list_rows];
#pragma unroll
  for (int r = 0; r < list_rows; ++r) {
    first[r] = static_cast<std::uint32_t>(row + r * 32);
    place[r] = row + r * 32 < from.points.rows ? from.places[row + r * 32] : no_place;
    later[r] = place[r] != no_place;
  }
#pragma unroll
  for (int r = 0; r < list_rows; ++r) {
    if (later[r] && place[r] > follows) {
      first[r] -= place[r] - follows;
      place[r] = from.places[first[r]];
    }
  }
#pragma unroll
  for (int r = 0; r < list_rows; ++r) {
    if (place[r] != no_place) { first[r] = first_at(from.table, place[r]); }
  }
#pragma unroll
  for (int r = 0; r < list_rows; ++r) {
    bool const numbered = later[r] || (Renames && row + r * 32 < from.points.rows);
    number[r] = numbered ? __ldcg(from.numbers_of + first[r]) : no_voxel;
  }
  if constexpr (Renames) {
    device::cloud_rows const around = segment_at(from.points, min(row - threadIdx.x % 32, from.points.rows - 1));
#pragma unroll
    for (int r = 0; r < list_rows; ++r) {
      number[r] = rename_voxel(from, number[r], first[r], around);
      if (!later[r] && number[r] >= 0) { write_voxel(from, number[r], noted_cell(from, row + r * 32), row + r * 32); }
    }
  }
  cell_run run[list_rows];
  unsigned rank[list_rows];
#pragma unroll
  for (int r = 0; r < list_rows; ++r) {
    std::int32_t const joins = later[r] ? number[r] : no_voxel;
    run[r] = run_of(joins);
    rank[r] = 0;
    if (run[r].leads && joins >= 0) {
      rank[r] = atomicAdd(p.lists.counts + joins, static_cast<unsigned>(run[r].count));
    }
  }
#pragma unroll
  for (int r = 0; r < list_rows; ++r) {
    int const leader = leader_of(run[r]);
    unsigned const rank_of_run = __shfl_sync(0xffffffffu, rank[r], leader);
    if (later[r]) { p.lists.ranks[row + r * 32] = number[r] >= 0 ? rank_of_run + threadIdx.x % 32 - leader : no_place; }
    if (later[r] || (Renames && row + r * 32 < from.points.rows)) { from.voxels_of[row + r * 32] = number[r]; }
  }
}

/// Decides where each list begins, and puts the first point there; collects the voxels with more than a few points.
template <int Threads>
__global__ void __launch_bounds__(Threads) voxel_start_kernel(__grid_constant__ voxel_list_params const p) {
  static_assert(Threads == start_threads);
  __shared__ unsigned listed_before;
  __shared__ unsigned some_before;
  let_next_launch_begin();
  wait_for_launch_before();
  // Points and voxels of a block are added up together, in separate bits of one number.
  constexpr int some_at = 20;
  constexpr unsigned mask = (1u << some_at) - 1;
  static_assert(start_cells * most_tile_points <= mask && start_cells < 1 << (32 - some_at), "no sum reaches beyond");
  std::int64_t const voxels = p.params.numbers.offsets[p.params.points.batch];
  std::int64_t const first = std::int64_t(blockIdx.x) * start_cells + 4 * threadIdx.x;
  if (std::int64_t(blockIdx.x) * start_cells >= voxels) { return; }
  unsigned n[4];
  unsigned first_row[4];
  load_four(p.lists.counts, first, voxels, UINT32_MAX, n);
  load_four(p.params.first_rows, first, voxels, 0u, first_row);
  unsigned mine = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    ++n[i];  // the first point; 0 where there is no voxel
    if (n[i] < 2 || n[i] > most_tile_points) { continue; }
    mine += n[i] | (n[i] > most_few_points ? 1u << some_at : 0);
  }
  if (p.count != nullptr) {
    if (first + 3 < voxels && reinterpret_cast<std::uintptr_t>(p.count) % 16 == 0) {
      *reinterpret_cast<uint4*>(p.count + first) = uint4{n[0], n[1], n[2], n[3]};
    } else {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (n[i] > 0) { p.count[first + i] = static_cast<std::int32_t>(n[i]); }
      }
    }
  }
  if (!p.listed) { return; }
  unsigned total = 0;
  unsigned const before = sum_before<Threads>(mine, total);
  if (total != 0) {
    list_counters& counters = *p.lists.counters;
    if (threadIdx.x == 0) { listed_before = atomicAdd(&counters.listed, total & mask); }
    if (threadIdx.x == 32 && total >> some_at != 0) { some_before = atomicAdd(&counters.some, total >> some_at); }
  }
  __syncthreads();
  unsigned start = listed_before + (before & mask);
  unsigned some = some_before + (before >> some_at);
  unsigned starts[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    starts[i] = first_row[i];
    if (n[i] < 2) { continue; }
    if (n[i] > most_tile_points) {
      starts[i] = place_crowd(p.lists, p.params.points.rows, first + i, n[i]);
    } else {
      starts[i] = start;
      start += n[i];
      if (n[i] > most_few_points) { p.lists.some[some++] = {first + i, starts[i], n[i]}; }
    }
    p.lists.rows[starts[i]] = first_row[i];
  }
  if (n[0] > 0) {
    *reinterpret_cast<uint4*>(p.lists.starts + first) = uint4{starts[0], starts[1], starts[2], starts[3]};
  }
}

/// Writes later points to the lists.
template <int Threads>
__global__ void __launch_bounds__(Threads) voxel_list_kernel(__grid_constant__ voxel_list_params const p) {
  static_assert(Threads == list_threads);
  let_next_launch_begin();
  wait_for_launch_before();
  std::int64_t const row = first_list_row();
  bool later[list_rows];
  std::uint32_t rank[list_rows];
  std::uint32_t at[list_rows] = {};
#pragma unroll
  for (int r = 0; r < list_rows; ++r) {
    later[r] = row + r * 32 < p.params.points.rows && p.params.places[row + r * 32] != no_place;
  }
#pragma unroll
  for (int r = 0; r < list_rows; ++r) {
    rank[r] = no_place;
    if (!later[r]) { continue; }
    rank[r] = p.lists.ranks[row + r * 32];
    std::int32_t const voxel = p.params.voxels_of[row + r * 32];
    if (rank[r] != no_place) { at[r] = p.lists.starts[voxel] + 1 + rank[r]; }
  }
#pragma unroll
  for (int r = 0; r < list_rows; ++r) {
    if (rank[r] != no_place) { p.lists.rows[at[r]] = static_cast<std::uint32_t>(row + r * 32); }
  }
}

}  // namespace robocache::detail
