// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/cluster.cuh>
#include <robocache/detail/common/clouds/list_start.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/voxels/cluster_tables.cuh>
#include <robocache/detail/voxels/insert.cuh>
#include <robocache/detail/voxels/number.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/device/cell.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/packed.cuh>

// From points to lists in one launch, where there are few points: one cluster of blocks holds the table of cells in
// its shared memory, and barriers take the place of launches. Voxels and lists are those of the kernels for many points
// (insert.cuh, number.cuh, list.cuh).
namespace robocache::detail {

/// Noted instead of a cell for a row that was dropped; `no_cell` is noted for a row that is not a point.
inline constexpr unsigned long long dropped_cell = no_cell - 1;

/// The rows of the cloud to which a row belongs. Most calls have one cloud, whose rows are looked up once.
struct cluster_clouds {
  cloud_points const& points;
  device::cloud_rows only{-1, 0, 0};

  __device__ explicit cluster_clouds(cloud_points const& p) : points(p) {
    if (p.batch != 1) { return; }
    only = {0, device::length_of_cloud(p, 0), 0};
    if (p.offsets != nullptr) {
      device::packed_rows const owned = device::rows_of_owner(p.offsets, 1, p.rows, 0);
      only = {0, owned.end, owned.begin};
    }
  }

  __device__ device::cloud_rows around(std::int64_t row) const {
    if (points.batch != 1) { return segment_at(points, row); }
    return row >= only.begin && row < only.end ? only : device::cloud_rows{-1, 0, 0};
  }
};

/// The cell of a point in the grid of its cloud, or `dropped_cell`.
template <bool Centred>
__device__ unsigned long long find_cell(cloud_points const& p, std::int64_t b, float x, float y, float z) {
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
__device__ void begin_tables(voxel_cluster_params const& p, cluster_tables const& t, cluster_clouds const& clouds) {
  constexpr int at_once = cluster_rows_at_once;
  voxel_params const& from = p.list.params;
  cloud_points const& points = from.points;
  for (unsigned base = threadIdx.x; base < t.rows_each; base += at_once * blockDim.x) {
    float x[at_once] = {};
    float y[at_once] = {};
    float z[at_once] = {};
    std::int64_t b[at_once];
#pragma unroll
    for (int i = 0; i < at_once; ++i) {
      unsigned const r = base + i * blockDim.x;
      std::int64_t const row = t.first_row + r;
      b[i] = r < t.rows_each && row < points.rows ? clouds.around(row).b : -1;
      if (b[i] < 0) { continue; }
      std::int64_t const at = row * points.point_stride + b[i] * points.between_clouds;
      x[i] = __ldcs(points.x + at);
      y[i] = __ldcs(points.y + at);
      z[i] = __ldcs(points.z + at);
    }
#pragma unroll
    for (int i = 0; i < at_once; ++i) {
      unsigned const r = base + i * blockDim.x;
      if (r >= t.rows_each) { continue; }
      t.cells.mine[r] = b[i] >= 0 ? find_cell<Centred>(points, b[i], x[i], y[i], z[i]) : no_cell;
      t.rank.mine[r] = no_place;
      if (p.slots != nullptr && t.first_row + r < points.rows) { p.slots[t.first_row + r] = -1; }
    }
  }
  auto* const first = reinterpret_cast<uint4*>(t.first.mine);
  auto* const counts = reinterpret_cast<uint4*>(t.counts.mine);
  for (unsigned i = threadIdx.x; i < t.places_each() / 2; i += blockDim.x) {
    first[i] = uint4{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
  }
  for (unsigned i = threadIdx.x; i < t.places_each() / 4; i += blockDim.x) { counts[i] = uint4{0, 0, 0, 0}; }
  if (threadIdx.x == 0) { t.sums->listed = 0; }
  if (t.self == 0) {
    auto* const counters = reinterpret_cast<std::uint32_t*>(p.list.lists.counters);
    if (threadIdx.x < sizeof(list_counters) / 4) { counters[threadIdx.x] = 0; }
    if (from.dropped != nullptr) {
      for (std::int64_t b = threadIdx.x; b < points.batch; b += blockDim.x) { from.dropped[b] = 0; }
    }
  }
}

/// Counts the dropped rows of a warp's step.
/// @param b  the cloud of a dropped row; -1 for other rows
inline __device__ void count_dropped(std::int32_t* dropped, std::int32_t b) {
  if (dropped == nullptr || __ballot_sync(0xffffffffu, b >= 0) == 0) { return; }
  cell_run const run = run_of(b);
  if (run.leads && b >= 0) { atomicAdd(dropped + b, run.count); }
}

/// A row that was entered in the table.
struct entered_row {
  std::uint32_t place;
  std::uint32_t other;  ///< the first row of the cell so far; `no_place`: there was none
  bool wins;            ///< this row is the first of the cell now
};

/// Finds the place of a cell, and enters its row.
/// @param exact  whether keys are cells: all of them fit 32 bits
inline __device__ entered_row enter_row(cluster_tables const& t, place_range const& range, unsigned long long cell,
                                        std::uint32_t row, bool exact) {
  constexpr unsigned long long nothing = no_cell;
  std::uint32_t const hash = exact ? hash_of(static_cast<std::uint32_t>(cell)) : hash_of(cell);
  std::uint32_t const key = exact ? static_cast<std::uint32_t>(cell) : hash;
  unsigned long long const word = static_cast<unsigned long long>(key) << 32 | row;
  for (std::uint32_t tries = 0;; ++tries) {
    std::uint32_t const at = place_of(hash, tries, range);
    unsigned long long* const to = t.first.at(at);
    unsigned long long found = atomicCAS(to, nothing, word);
    if (found == nothing) { return {at, no_place, true}; }
    // Meanwhile another row may replace the one that is there, but only a row of the same cell.
    if (found >> 32 != key || (!exact && *t.cells.at(static_cast<std::uint32_t>(found)) != cell)) { continue; }
    while (row < static_cast<std::uint32_t>(found)) {
      unsigned long long const now = atomicCAS(to, found, word);
      if (now == found) { return {at, static_cast<std::uint32_t>(found), true}; }
      found = now;
    }
    return {at, static_cast<std::uint32_t>(found), false};
  }
}

/// Finds the place of each row's cell and the first row of each cell; counts all other rows, and gives them places in
/// the cell's list in order of arrival. Neighbours in one cell are entered by the first of them.
inline __device__ void insert_rows(voxel_cluster_params const& p, cluster_tables const& t,
                                   cluster_clouds const& clouds) {
  cloud_points const& points = p.list.params.points;
  bool const exact = p.list.params.grid_cells > 0 && p.list.params.grid_cells < UINT32_MAX;
  for (unsigned r = threadIdx.x; r < t.rows_each; r += blockDim.x) {
    auto const row = static_cast<std::uint32_t>(t.first_row + r);
    unsigned long long const cell = t.cells.mine[r];
    bool const real = cell < dropped_cell;
    device::cloud_rows around{-1, 0, 0};
    if (cell != no_cell) { around = clouds.around(row); }
    auto const b = static_cast<std::int32_t>(around.b);
    count_dropped(p.list.params.dropped, cell == dropped_cell ? b : -1);
    // Cells are of a cloud: where the cloud changes, a run ends.
    unsigned long long const cell_before = __shfl_up_sync(0xffffffffu, cell, 1);
    std::int32_t const b_before = __shfl_up_sync(0xffffffffu, b, 1);
    cell_run const run = run_from(threadIdx.x % 32 == 0 || cell_before != cell || b_before != b);
    std::uint32_t at = no_place;
    std::uint32_t rank = 0;  // of the run's next row that is not the first of the cell
    if (run.leads && real) {
      auto const begin = static_cast<std::uint32_t>(places_before(around.begin, points.rows));
      auto const end = static_cast<std::uint32_t>(places_before(around.end, points.rows));
      entered_row const one = enter_row(t, {begin, end - begin, around.end}, cell, row, exact);
      at = one.place;
      bool const replaces = one.wins && one.other != no_place;
      unsigned const later = static_cast<unsigned>(run.count) + (replaces ? 1 : 0) - (one.wins ? 1 : 0);
      if (later > 0) { rank = atomicAdd(t.counts.at(at), later); }
      // Each row except the first of a cell is marked once as not being the first: here, or by the row that replaces
      // it.
      if (replaces) { *t.rank.at(one.other) = rank++; }
      if (!one.wins) { t.rank.mine[r] = rank++; }
    }
    int const leader = leader_of(run);
    std::uint32_t const rank_of_run = __shfl_sync(0xffffffffu, rank, leader);
    at = __shfl_sync(0xffffffffu, at, leader);
    if (!run.leads && real) { t.rank.mine[r] = rank_of_run + threadIdx.x % 32 - leader - 1; }
    t.place[r] = at;
  }
}

/// Counts the block's first rows, places lists in its part of all lists, and tells the other blocks about both.
inline __device__ void add_up_block(cluster_tables const& t) {
  unsigned const lane = threadIdx.x % 32;
  for (unsigned r = threadIdx.x; r < t.rows_each; r += blockDim.x) {
    unsigned const firsts = __ballot_sync(0xffffffffu, t.is_first(r));
    if (lane == 0) { t.firsts[r / 32] = firsts; }
  }
  auto* const counts = reinterpret_cast<uint4*>(t.counts.mine);
  // Rows of a block are a multiple of 32, so warps are whole where places are a multiple of 4 * 16.
  for (unsigned base = threadIdx.x - lane; base < t.places_each() / 4; base += blockDim.x) {
    bool const there = base + lane < t.places_each() / 4;
    uint4 const four = there ? counts[base + lane] : uint4{0, 0, 0, 0};
    std::uint32_t const later[4] = {four.x, four.y, four.z, four.w};
    std::uint32_t mine = 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) { mine += later[i] > 0 ? later[i] + 1 : 0; }
    std::uint32_t const sum = sum_of_lanes(mine);
    std::uint32_t start = 0;
    if (lane == 31 && sum > 0) { start = atomicAdd(&t.sums->listed, sum); }
    start = __shfl_sync(0xffffffffu, start, 31) + sum - mine;
    std::uint32_t words[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      words[i] = later[i] > 0 ? cluster_list(start, later[i]).word : 0;
      start += later[i] > 0 ? later[i] + 1 : 0;
    }
    if (there) { counts[base + lane] = uint4{words[0], words[1], words[2], words[3]}; }
  }
  __syncthreads();
  if (threadIdx.x >= 32) { return; }
  std::uint32_t before = 0;
  for (unsigned base = 0; base < t.rows_each / 32; base += 32) {
    unsigned const word = base + lane;
    std::uint32_t const mine = word < t.rows_each / 32 ? __popc(t.firsts[word]) : 0;
    std::uint32_t const sum = sum_of_lanes(mine);
    if (word < t.rows_each / 32) { t.firsts_before[word] = before + sum - mine; }
    before += __shfl_sync(0xffffffffu, sum, 31);
  }
  cluster_share const share{before, t.sums->listed};
  if (lane < t.blocks) { *shared_of(&t.sums->of_block[t.self], lane) = share; }
}

/// Notes a list with more than a few points, where the kernels that reduce or gather find it.
inline __device__ void note_list(point_lists const& lists, std::uint32_t voxel, std::uint32_t start, unsigned count) {
  list_counters& counters = *lists.counters;
  if (count <= most_few_points) { return; }
  if (count <= most_tile_points) {
    lists.some[atomicAdd(&counters.some, 1u)] = {voxel, start, count};
    return;
  }
  note_crowd(lists, voxel, start, count);
}

/// Numbers the block's first rows, writes what is known about their voxels, and puts all rows on their lists.
/// @param all  what the blocks told each other
inline __device__ void number_rows(voxel_cluster_params const& p, cluster_tables const& t, cluster_clouds const& clouds,
                                   cluster_sums_of_lane all) {
  voxel_params const& from = p.list.params;
  point_lists const& lists = p.list.lists;
  std::uint32_t const before_block = __shfl_sync(0xffffffffu, all.firsts_before, static_cast<int>(t.self));
  for (unsigned r = threadIdx.x; r < t.rows_each; r += blockDim.x) {
    auto const row = static_cast<std::uint32_t>(t.first_row + r);
    std::uint32_t const at = t.place[r];
    unsigned const block = at == no_place ? 0 : t.counts.block_of(at);
    std::uint32_t const lists_before = __shfl_sync(0xffffffffu, all.listed_before, static_cast<int>(block));
    if (at == no_place) { continue; }
    cluster_list const list(*t.counts.at(at));
    std::uint32_t const start = lists_before + list.start();
    if (!t.is_first(r)) {
      lists.rows[start + 1 + t.rank.mine[r]] = row;
      continue;
    }
    std::uint32_t const number = before_block + t.firsts_up_to(r);
    if (p.writes_voxels) { *reinterpret_cast<std::uint32_t*>(t.first.at(at)) = number; }
    if (number >= static_cast<std::uint32_t>(from.numbers.capacity)) { continue; }
    if (from.coordinates != nullptr) { write_coordinates(from, number, {t.cells.mine[r], clouds.around(row).b}); }
    if (p.list.count != nullptr) { p.list.count[number] = static_cast<std::int32_t>(list.later() + 1); }
    lists.counts[number] = list.later();
    lists.starts[number] = list.later() > 0 ? start : row;
    if (list.later() > 0) {
      lists.rows[start] = row;
      note_list(lists, number, start, list.later() + 1);
    }
  }
  if (from.points.batch == 1) {
    if (t.self != 0 || threadIdx.x != 0) { return; }
    from.numbers.found_before[0] = 0;
    from.numbers.found_before[1] = all.found;
  } else {
    std::int64_t const end = min(t.first_row + t.rows_each, from.points.rows);
    if (t.first_row < end) {
      count_before_clouds(from, t.first_row, end, blockDim.x,
                          [&](unsigned i) { return before_block + t.firsts_up_to(i); });
    }
  }
  if (t.self == 0 && threadIdx.x == 0) { from.counters->found = all.found; }
}

/// Writes the voxel of each of the block's rows.
inline __device__ void write_voxels(voxel_params const& p, cluster_tables const& t) {
  for (unsigned r = threadIdx.x; r < t.rows_each && t.first_row + r < p.points.rows; r += blockDim.x) {
    std::uint32_t const at = t.place[r];
    std::uint32_t const number = at == no_place ? no_place : *reinterpret_cast<std::uint32_t*>(t.first.at(at));
    p.voxels_of[t.first_row + r] =
        number < static_cast<std::uint32_t>(p.numbers.capacity) ? static_cast<std::int32_t>(number) : no_voxel;
  }
}

/// From points to numbered voxels and the lists of their points, in no order.
template <bool Centred>
__global__ void __launch_bounds__(most_cluster_threads)
    voxel_cluster_kernel(__grid_constant__ voxel_cluster_params const p) {
  if constexpr (has_clusters) {
    let_next_launch_begin();
    cluster_tables const t(p);
    cluster_clouds const clouds(p.list.params.points);
    begin_tables<Centred>(p, t, clouds);
    cluster_barrier();
    insert_rows(p, t, clouds);
    cluster_barrier();
    add_up_block(t);
    cluster_barrier();
    number_rows(p, t, clouds, cluster_sums_of_lane(t));
    // No block ends while another one reads its shared memory.
    cluster_barrier();
    place_clouds(p.list.params, t.self * blockDim.x + threadIdx.x, std::int64_t(t.blocks) * blockDim.x);
    if (p.writes_voxels) {
      write_voxels(p.list.params, t);
      cluster_barrier();
    }
  }
}

}  // namespace robocache::detail
