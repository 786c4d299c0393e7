// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/cluster.cuh>
#include <robocache/detail/common/clouds/crowd.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/voxels/cluster_order.cuh>
#include <robocache/detail/voxels/cluster_tables.cuh>
#include <robocache/detail/voxels/insert.cuh>
#include <robocache/detail/voxels/list.cuh>
#include <robocache/detail/voxels/number.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/device/cell.cuh>

// All that comes before features, in one launch, where there are few points: one cluster of blocks, whose shared
// memory holds the table of cells, and where a barrier takes the place of a launch. The same voxels and lists as those
// of the kernels for many points (insert.cuh, number.cuh, list.cuh), the lists in order.
namespace robocache::detail {

/// A row that was dropped, instead of its cell; `no_cell` is no point.
inline constexpr unsigned long long dropped_cell = no_cell - 1;

/// The cell of a point in the grid of its cloud, or `dropped_cell`.
template <bool Centred>
__device__ unsigned long long find_cell(cloud_points const& p, std::int64_t row, std::int64_t b) {
  std::int64_t const from = row * p.point_stride + b * p.between_clouds;
  float const x = __ldcs(p.x + from);
  float const y = __ldcs(p.y + from);
  float const z = __ldcs(p.z + from);
  place const origin = origin_of(p, b);
  std::int64_t cell = 0;
  if constexpr (Centred) {
    cell = cell_of<std::int64_t, device::lowest_filter_cell>(p, origin, 0, x, y, z);
  } else if (p.divides) {
    cell = cell_of<std::int64_t>(p, origin, 0, x, y, z);
  } else {
    cell = cell_of<std::int32_t>(p, origin, 0, x, y, z);
  }
  return cell < 0 ? dropped_cell : static_cast<unsigned long long>(cell);
}

/// Clears the tables, and finds the cells of the block's rows.
template <bool Centred>
__device__ void begin_tables(voxel_cluster_params const& p, cluster_tables const& t) {
  voxel_params const& from = p.list.params;
  for (unsigned r = threadIdx.x; r < t.rows_each; r += blockDim.x) {
    std::int64_t const row = t.first_row + r;
    unsigned long long cell = no_cell;
    if (row < from.points.rows) {
      device::cloud_rows const around = segment_at(from.points, row);
      if (around.b >= 0) { cell = find_cell<Centred>(from.points, row, around.b); }
      if (p.slots != nullptr) { p.slots[row] = -1; }
    }
    t.cells[r] = cell;
    t.rank[r] = no_place;
  }
  auto* const first = reinterpret_cast<uint4*>(t.first.mine);
  auto* const counts = reinterpret_cast<uint4*>(t.counts.mine);
  for (unsigned i = threadIdx.x; i < t.places_each() / 4; i += blockDim.x) {
    first[i] = uint4{no_place, no_place, no_place, no_place};
    counts[i] = uint4{0, 0, 0, 0};
  }
  if (threadIdx.x == 0) { *t.sums = {}; }
  if (t.self == 0) {
    auto* const counters = reinterpret_cast<std::uint32_t*>(p.list.lists.counters);
    if (threadIdx.x < sizeof(list_counters) / 4) { counters[threadIdx.x] = 0; }
    if (from.dropped != nullptr) {
      for (std::int64_t b = threadIdx.x; b < from.points.batch; b += blockDim.x) { from.dropped[b] = 0; }
    }
  }
}

/// Counts the dropped rows of a warp's step.
/// @param b  the cloud of a dropped row; of others -1
inline __device__ void count_dropped(std::int32_t* dropped, std::int32_t b) {
  if (dropped == nullptr || __ballot_sync(0xffffffffu, b >= 0) == 0) { return; }
  cell_run const run = run_of(b);
  if (run.leads && b >= 0) { atomicAdd(dropped + b, run.count); }
}

/// Finds the place of a cell, and enters its row.
/// @param first  in: the row; out: the row that was there; `no_place` where the place was free
/// @return the place
inline __device__ std::uint32_t enter_row(cluster_tables const& t, place_range const& range, unsigned long long cell,
                                          std::uint32_t& first) {
  std::uint32_t const row = first;
  for (sought_place<true> one{cell, row, 0};; ++one.tries) {
    std::uint32_t const at = one.place(range);
    first = atomicCAS(t.first.at(at), no_place, row);
    // Whoever is there is of the cell that the place is of, also if another row takes its place meanwhile.
    if (first == no_place || *t.cell_at(first) == cell) { return at; }
  }
}

/// Finds the place of each row's cell and the first row of each cell; counts all others, and gives them a place in
/// the cell's list, as they come. Neighbours in one cell are entered by the first of them.
inline __device__ void insert_rows(voxel_cluster_params const& p, cluster_tables const& t) {
  cloud_points const& points = p.list.params.points;
  for (unsigned r = threadIdx.x; r < t.rows_each; r += blockDim.x) {
    auto const row = static_cast<std::uint32_t>(t.first_row + r);
    unsigned long long const cell = t.cells[r];
    bool const real = cell < dropped_cell;
    device::cloud_rows around{-1, 0, 0};
    if (cell != no_cell) { around = segment_at(points, row); }
    count_dropped(p.list.params.dropped, cell == dropped_cell ? static_cast<std::int32_t>(around.b) : -1);
    // Cells are of a cloud: where the cloud changes, a run ends.
    unsigned long long const cell_before = __shfl_up_sync(0xffffffffu, cell, 1);
    auto const b = static_cast<std::int32_t>(around.b);
    std::int32_t const b_before = __shfl_up_sync(0xffffffffu, b, 1);
    cell_run const run = run_from(threadIdx.x % 32 == 0 || cell_before != cell || b_before != b);
    std::uint32_t at = no_place;
    std::uint32_t rank = 0;  // of the next of the run that is not the first of the cell
    bool wins = false;       // the first of the cell, so far
    if (run.leads && real) {
      place_range const range{
          static_cast<std::uint32_t>(places_before(around.begin, points.rows)),
          static_cast<std::uint32_t>(places_before(around.end, points.rows) - places_before(around.begin, points.rows)),
          around.end};
      std::uint32_t other = row;
      at = enter_row(t, range, cell, other);
      wins = other == no_place;
      bool replaces = false;
      if (row < other && !wins) {
        // First rows only fall: the one that is there may be another by now.
        other = atomicMin(t.first.at(at), row);
        wins = replaces = row < other;
      }
      unsigned const later = static_cast<unsigned>(run.count) + (replaces ? 1 : 0) - (wins ? 1 : 0);
      if (later > 0) { rank = atomicAdd(t.counts.at(at), later); }
      // Each row but the first is told once that it is not: here, or by the one that comes before it.
      if (replaces) { *t.rank_at(other) = rank++; }
      if (!wins) { t.rank[r] = rank++; }
    }
    int const leader = leader_of(run);
    std::uint32_t const rank_of_run = __shfl_sync(0xffffffffu, rank, leader);
    at = __shfl_sync(0xffffffffu, at, leader);
    if (!run.leads && real) { t.rank[r] = rank_of_run + threadIdx.x % 32 - leader - 1; }
    t.place[r] = at;
  }
}

/// Counts the block's first rows, places lists in its part of all lists, and tells the other blocks of both.
inline __device__ void add_up_block(cluster_tables const& t) {
  unsigned const lane = threadIdx.x % 32;
  for (unsigned r = threadIdx.x; r < t.rows_each; r += blockDim.x) {
    unsigned const firsts = __ballot_sync(0xffffffffu, t.is_first(r));
    if (lane == 0) { t.firsts[r / 32] = firsts; }
  }
  for (unsigned i = threadIdx.x; i < t.places_each(); i += blockDim.x) {
    std::uint32_t const later = t.counts.mine[i];
    std::uint32_t const mine = later > 0 ? later + 1 : 0;
    std::uint32_t sum = mine;
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
      std::uint32_t const other = __shfl_up_sync(0xffffffffu, sum, step);
      if (lane >= static_cast<unsigned>(step)) { sum += other; }
    }
    std::uint32_t start = 0;
    if (lane == 31 && sum > 0) { start = atomicAdd(&t.sums->listed, sum); }
    start = __shfl_sync(0xffffffffu, start, 31) + sum - mine;
    t.counts.mine[i] = later > 0 ? cluster_list(start, later).word : 0;
    if (__ballot_sync(0xffffffffu, mine > most_tile_points) != 0 && lane == 0) { atomicOr(&t.sums->has_crowd, 1u); }
  }
  __syncthreads();
  if (threadIdx.x >= 32) { return; }
  std::uint32_t before = 0;
  for (unsigned base = 0; base < t.rows_each / 32; base += 32) {
    unsigned const word = base + lane;
    std::uint32_t const mine = word < t.rows_each / 32 ? __popc(t.firsts[word]) : 0;
    std::uint32_t sum = mine;
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
      std::uint32_t const other = __shfl_up_sync(0xffffffffu, sum, step);
      if (lane >= static_cast<unsigned>(step)) { sum += other; }
    }
    if (word < t.rows_each / 32) { t.firsts_before[word] = before + sum - mine; }
    before += __shfl_sync(0xffffffffu, sum, 31);
  }
  cluster_share const share{before, t.sums->listed, t.sums->has_crowd};
  if (lane < t.blocks) { *shared_of(&t.sums->of_block[t.self], lane) = share; }
}

/// Numbers the block's first rows, writes what is known of their voxels, and puts all rows on their lists.
/// @param all  what the blocks told
inline __device__ void number_rows(voxel_cluster_params const& p, cluster_tables const& t, cluster_sums_of_lane all) {
  voxel_params const& from = p.list.params;
  point_lists const& lists = p.list.lists;
  unsigned const lane = threadIdx.x % 32;
  std::uint32_t const before_block = __shfl_sync(0xffffffffu, all.firsts_before, static_cast<int>(t.self));
  for (unsigned r = threadIdx.x; r < t.rows_each; r += blockDim.x) {
    auto const row = static_cast<std::uint32_t>(t.first_row + r);
    std::uint32_t const at = t.place[r];
    unsigned const block = at == no_place ? 0 : t.first.block_of(at);
    std::uint32_t const lists_before = __shfl_sync(0xffffffffu, all.listed_before, static_cast<int>(block));
    if (at == no_place) { continue; }
    cluster_list const list(*t.counts.at(at));
    std::uint32_t const start = lists_before + list.start();
    if (!t.is_first(r)) {
      *t.list.at(start + 1 + t.rank[r]) = row;
      continue;
    }
    if (list.later() > 0) { *t.list.at(start) = row; }
    std::uint32_t const number = before_block + t.firsts_before[r / 32] + __popc(t.firsts[r / 32] & ((1u << lane) - 1));
    *t.first.at(at) = number;
    if (number >= static_cast<std::uint32_t>(from.numbers.capacity)) { continue; }
    if (from.coordinates != nullptr) {
      std::int64_t const b = from.points.batch > 1 ? segment_at(from.points, row).b : 0;
      write_coordinates(from, number, {t.cells[r], b});
    }
    if (p.list.count != nullptr) { p.list.count[number] = static_cast<std::int32_t>(list.later() + 1); }
    lists.counts[number] = list.later();
    lists.starts[number] = list.later() > 0 ? start : row;
  }
  std::int64_t const end = min(t.first_row + t.rows_each, from.points.rows);
  if (t.first_row < end) {
    count_before_clouds(from, t.first_row, end, blockDim.x, [&](unsigned i) {
      unsigned const word = i / 32;
      unsigned const last = t.rows_each / 32 - 1;
      if (word > last) { return before_block + t.firsts_before[last] + __popc(t.firsts[last]); }
      return before_block + t.firsts_before[word] + __popc(t.firsts[word] & ((1u << i % 32) - 1));
    });
  }
  if (t.self == 0 && threadIdx.x == 0) { from.counters->found = all.found; }
}

/// Writes the voxel of each of the block's rows.
inline __device__ void write_voxels(voxel_params const& p, cluster_tables const& t) {
  for (unsigned r = threadIdx.x; r < t.rows_each && t.first_row + r < p.points.rows; r += blockDim.x) {
    std::uint32_t const at = t.place[r];
    std::uint32_t const number = at == no_place ? no_place : *t.first.at(at);
    p.voxels_of[t.first_row + r] =
        number < static_cast<std::uint32_t>(p.numbers.capacity) ? static_cast<std::int32_t>(number) : no_voxel;
  }
}

/// Makes of a crowded cell's points what the next launch makes of others: all blocks share the groups of all cells.
template <class Value, class Params>
__device__ void reduce_crowds_of(Params const& p, cluster_tables const& t) {
  unsigned const warps = blockDim.x / 32;
  add_up_groups<Value, 1, true>(p, t.self * warps + threadIdx.x / 32, t.blocks * warps);
  cluster_barrier();
  using crowd_params = std::conditional_t<of_coordinates<Params>, Params, cell_reduce_params>;
  add_up_crowds<crowd_params>(p, t.self, t.blocks, blockDim.x);
}

template <bool Centred>
__device__ void reduce_crowds(voxel_cluster_params const& p, cluster_tables const& t) {
  if constexpr (Centred) {
    if (p.coordinates.features.values != nullptr) {
      reduce_crowds_of<float>(p.coordinates, t);
      cluster_barrier();  // sums of features take the place of those of coordinates
    }
  }
  if (p.features.features.values != nullptr) {
    with_float_type(p.value_type, [&](auto zero) { reduce_crowds_of<decltype(zero)>(p.features, t); });
  }
}

/// From points to numbered voxels and, where lists are wanted, to lists of their points in order; and from crowded
/// lists to results.
template <bool Centred>
__global__ void __launch_bounds__(most_cluster_threads)
    voxel_cluster_kernel(__grid_constant__ voxel_cluster_params const p) {
  if constexpr (has_clusters) {
    let_next_launch_begin();
    cluster_tables const t(p);
    begin_tables<Centred>(p, t);
    cluster_barrier();
    insert_rows(p, t);
    cluster_barrier();
    add_up_block(t);
    cluster_barrier();
    cluster_sums_of_lane const all(t);
    number_rows(p, t, all);
    cluster_barrier();
    place_clouds(p.list.params, t.self * blockDim.x + threadIdx.x, std::int64_t(t.blocks) * blockDim.x);
    if (p.writes_voxels) { write_voxels(p.list.params, t); }
    if (p.list.listed) {
      order_lists(p.list.lists, p.list.params.points.rows, static_cast<std::uint32_t>(p.list.params.numbers.capacity),
                  t, all);
    }
    // No block ends while another one looks into its memory.
    cluster_barrier();
    if (all.has_crowd) { reduce_crowds<Centred>(p, t); }
  }
}

}  // namespace robocache::detail
