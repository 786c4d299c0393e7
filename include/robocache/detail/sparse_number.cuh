// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/block_scan.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/sparse_memory.hpp>
#include <robocache/detail/voxel_points.cuh>
#include <robocache/device/bracket.cuh>

// Numbers the voxels of a batch in the order of their first points: a row that is its cell's smallest counts as one in
// a sum over all rows before it.
namespace robocache::detail {

/// What the table holds of a cell.
struct table_entry {
  std::uint32_t first;
  std::uint32_t cell;  ///< of narrow tables
};

inline __device__ table_entry entry_at(cell_table const& table, std::uint32_t slot) {
  if (table.kind != table_kind::narrow) { return {__ldcg(table.first + slot), 0}; }
  uint2 const both = __ldcg(reinterpret_cast<uint2 const*>(table.first) + slot);
  return {both.x, both.y};
}

/// The cell at a place, in the grid of its cloud; and the cloud, of one of its rows.
struct table_cell {
  unsigned long long cell;
  std::int64_t b;
};

inline __device__ table_cell cell_at(sparse_params const& p, std::uint32_t slot, std::uint32_t narrow_cell,
                                     std::int64_t row) {
  voxel_points const& points = p.points;
  if (p.table.kind == table_kind::direct) {
    auto const each = static_cast<std::uint32_t>(p.grid_cells);
    std::uint32_t const b = points.batch > 1 ? slot / each : 0;
    return {slot - b * each, b};
  }
  std::int64_t const b = points.batch > 1 ? segment_at(points, row).b : 0;
  return {p.table.kind == table_kind::narrow ? narrow_cell : p.table.cells[slot], b};
}

/// Writes where a voxel is: cloud, z, y, x.
inline __device__ void write_coordinates(sparse_params const& p, std::int64_t voxel, table_cell const& where) {
  std::uint32_t const nx = p.points.axis[0].cells;
  std::uint32_t const ny = p.points.axis[1].cells;
  int4 at{static_cast<int>(where.b), 0, 0, 0};
  if (where.cell <= UINT32_MAX) {
    auto const narrow = static_cast<std::uint32_t>(where.cell);
    std::uint32_t const line = narrow / nx;
    std::uint32_t const layer = line / ny;
    at.y = static_cast<int>(layer);
    at.z = static_cast<int>(line - layer * ny);
    at.w = static_cast<int>(narrow - line * nx);
  } else {
    unsigned long long const line = where.cell / nx;
    unsigned long long const layer = line / ny;
    at.y = static_cast<int>(layer);
    at.z = static_cast<int>(line - layer * ny);
    at.w = static_cast<int>(where.cell - line * nx);
  }
  std::int32_t* const to = p.coordinates + voxel * 4;
  if (reinterpret_cast<std::uintptr_t>(p.coordinates) % 16 == 0) {
    *reinterpret_cast<int4*>(to) = at;
    return;
  }
  to[0] = at.x;
  to[1] = at.y;
  to[2] = at.z;
  to[3] = at.w;
}

/// Writes what is known of a voxel by its first row.
inline __device__ void write_voxel(sparse_params const& p, std::int32_t voxel, std::uint32_t slot,
                                   std::uint32_t narrow_cell, std::int64_t row) {
  p.first_rows[voxel] = static_cast<std::uint32_t>(row);
  if (p.coordinates != nullptr) { write_coordinates(p, voxel, cell_at(p, slot, narrow_cell, row)); }
}

/// The sum over all tiles before this one, by decoupled look-back (D. Merrill, M. Garland, "Single-pass parallel prefix
/// scan with decoupled look-back", 2016). Called by a warp. Tiles are begun in their order, so that those before this
/// one are done or under way.
inline __device__ std::uint32_t sum_of_tiles_before(std::uint64_t* tiles, std::uint32_t tile, std::uint32_t mine) {
  constexpr std::uint64_t has_own = std::uint64_t{1} << 32;
  constexpr std::uint64_t has_all = std::uint64_t{2} << 32;
  auto* const states = reinterpret_cast<std::uint64_t volatile*>(tiles);
  unsigned const lane = threadIdx.x % 32;
  if (lane == 0) { states[tile] = (tile == 0 ? has_all : has_own) | mine; }
  std::uint32_t before = 0;
  for (std::uint32_t window = tile; window > 0;) {
    std::uint64_t state = has_all;  // before the first tile
    unsigned known = 0;
    unsigned complete = 0;
    do {
      if (lane < window) { state = states[window - 1 - lane]; }
      known = __ballot_sync(0xffffffffu, state >= has_own);
      complete = __ballot_sync(0xffffffffu, state >= has_all);
      // What stands before a complete sum is not needed.
    } while (complete == 0 ? known != 0xffffffffu : (((complete & (~complete + 1)) - 1) & ~known) != 0);
    bool const counts = complete == 0 || (complete & ((1u << lane) - 1)) == 0;
    before +=
        static_cast<std::uint32_t>(sum_over_warp(counts ? static_cast<int>(static_cast<std::uint32_t>(state)) : 0));
    if (complete != 0) { break; }
    window -= 32;
  }
  if (lane == 0 && tile > 0) { states[tile] = has_all | (before + mine); }
  return before;
}

/// Four neighbouring numbers of 32 bits; those from row `end` on are `otherwise`.
template <class T>
__device__ void load_four(T const* from, std::int64_t row, std::int64_t end, T otherwise, T (&to)[4]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) { to[i] = otherwise; }
  if (row + 3 < end) {
    uint4 const four = *reinterpret_cast<uint4 const*>(from + row);
    to[0] = static_cast<T>(four.x);
    to[1] = static_cast<T>(four.y);
    to[2] = static_cast<T>(four.z);
    to[3] = static_cast<T>(four.w);
    return;
  }
  for (int i = 0; i < 3; ++i) {
    if (row + i < end) { to[i] = from[row + i]; }
  }
}

/// How many voxels stand before each cloud that begins in a tile, or at its end if it is the last.
/// @param behind  `behind(i)`: how many stand before the tile's row i
template <int Threads, class Behind>
__device__ void count_before_clouds(sparse_params const& p, std::int64_t begin, std::int64_t end,
                                    Behind const& behind) {
  voxel_points const& points = p.points;
  bool const last = end == points.rows;
  if (points.offsets == nullptr) {
    std::int64_t const first = points.batch == 1 ? (begin == 0 ? 0 : 1) : (begin + points.length - 1) / points.length;
    for (std::int64_t b = first + threadIdx.x; b <= points.batch; b += Threads) {
      std::int64_t const at = b * points.length;
      if (at > end || (at == end && !last)) { break; }
      p.numbers.found_before[b] = behind(static_cast<unsigned>(at - begin));
    }
    return;
  }
  // A few clouds are looked at all: finding where to begin would take longer.
  bool const few = points.batch <= 4 * Threads;
  // Offsets below 0 count as 0.
  std::int64_t const first =
      few || begin == 0 ? 0 : device::count_not_after(points.offsets, points.batch + 1, begin - 1);
  for (std::int64_t b = first + threadIdx.x; b <= points.batch; b += Threads) {
    std::int64_t const at = device::detail::clamp(points.offsets[b], 0, points.rows);
    bool const beyond = at > end || (at == end && !last);
    if (beyond && !few) { break; }
    if (at >= begin && !beyond) { p.numbers.found_before[b] = behind(static_cast<unsigned>(at - begin)); }
  }
}

/// Numbers the voxels. Where numbers stay as they are, what is known of each voxel is written.
template <int Threads>
__global__ void __launch_bounds__(Threads) sparse_number_kernel(__grid_constant__ sparse_params const p) {
  static_assert(Threads == number_threads);
  constexpr int warps = Threads / 32;
  constexpr int each = number_rows / Threads;  // rows of a thread, 32 apart
  __shared__ std::uint32_t this_tile;
  __shared__ std::uint32_t before_tile;
  __shared__ unsigned firsts_of[warps * each];  // a bit a row
  __shared__ std::uint32_t before[warps * each];
  wait_for_launch_before();
  if (threadIdx.x == 0) { this_tile = atomicAdd(&p.counters->next_tile, 1u); }
  __syncthreads();
  std::uint32_t const tile = this_tile;
  std::int64_t const begin = std::int64_t(tile) * number_rows;
  std::int64_t const end = min(begin + number_rows, p.points.rows);
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  std::int64_t const row = begin + warp * 32 * each + lane;
  std::uint32_t slot[each];
  table_entry entry[each];
  unsigned firsts[each];
#pragma unroll
  for (int r = 0; r < each; ++r) { slot[r] = row + r * 32 < end ? p.slots[row + r * 32] : no_place; }
#pragma unroll
  for (int r = 0; r < each; ++r) {
    entry[r] = slot[r] != no_place ? entry_at(p.table, slot[r]) : table_entry{no_place, 0};
  }
#pragma unroll
  for (int r = 0; r < each; ++r) {
    firsts[r] = __ballot_sync(0xffffffffu, entry[r].first == static_cast<std::uint32_t>(row + r * 32));
    if (lane == 0) { firsts_of[warp * each + r] = firsts[r]; }
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    // One lane a word of 32 rows.
    static_assert(warps * each == 32);
    auto const mine = static_cast<std::uint32_t>(__popc(firsts_of[lane]));
    std::uint32_t sum = mine;
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
      std::uint32_t const other = __shfl_up_sync(0xffffffffu, sum, step);
      if (lane >= static_cast<unsigned>(step)) { sum += other; }
    }
    before[lane] = sum - mine;
    std::uint32_t const of_tiles = sum_of_tiles_before(p.tiles, tile, __shfl_sync(0xffffffffu, sum, 31));
    if (lane == 0) { before_tile = of_tiles; }
    if (lane == 31 && end == p.points.rows) { p.counters->found = of_tiles + sum; }
  }
  __syncthreads();
#pragma unroll
  for (int r = 0; r < each; ++r) {
    std::int32_t number = slot[r] == no_place ? no_voxel : later_point;
    if ((firsts[r] >> lane & 1) != 0) {
      number =
          static_cast<std::int32_t>(before_tile + before[warp * each + r] + __popc(firsts[r] & ((1u << lane) - 1)));
      if (!p.renames()) {
        if (number < p.numbers.capacity) {
          write_voxel(p, number, slot[r], entry[r].cell, row + r * 32);
        } else {
          number = no_voxel;
        }
      } else if (p.numbers.keys != nullptr) {
        table_cell const where = cell_at(p, slot[r], entry[r].cell, row + r * 32);
        p.numbers.keys[number] = static_cast<std::uint64_t>(where.b * p.grid_cells) + where.cell;
        p.numbers.order[number] = static_cast<std::uint32_t>(number);
      }
    }
    if (row + r * 32 < end) { p.numbers_of[row + r * 32] = number; }
  }
  count_before_clouds<Threads>(p, begin, end, [&](unsigned i) {
    unsigned const word = i / 32;
    if (word == warps * each) { return before_tile + before[word - 1] + __popc(firsts_of[word - 1]); }
    return before_tile + before[word] + __popc(firsts_of[word] & ((1u << i % 32) - 1));
  });
}

/// Where the kept voxels of each cloud begin, and how many of each were not kept, where clouds have no limit of their
/// own: all threads of a launch share the clouds.
/// @param thread, threads  of the launch
inline __device__ void place_clouds(sparse_params const& p, std::int64_t thread, std::int64_t threads) {
  auto const capacity = static_cast<std::uint32_t>(p.numbers.capacity);
  if (thread == 0) {
    std::int64_t const kept = min(p.counters->found, capacity);
    p.numbers.offsets[p.points.batch] = kept;
    if (p.offsets != nullptr) { p.offsets[p.points.batch] = kept; }
  }
  if (p.offsets == nullptr && p.overflow == nullptr) { return; }
  for (std::int64_t b = thread; b < p.points.batch; b += threads) {
    std::uint32_t const before = p.numbers.found_before[b];
    std::uint32_t const behind = p.numbers.found_before[b + 1];
    std::uint32_t const from = min(before, capacity);
    if (p.offsets != nullptr) { p.offsets[b] = from; }
    if (p.overflow != nullptr) {
      p.overflow[b] = static_cast<std::int32_t>(behind - before - (min(behind, capacity) - from));
    }
  }
}

/// The same where each cloud has a limit: one block, before voxels get their last numbers.
template <int Threads>
__global__ void __launch_bounds__(Threads) sparse_place_kernel(__grid_constant__ sparse_params const p) {
  wait_for_launch_before();
  std::int64_t kept_before = 0;
  for (std::int64_t first = 0; first < p.points.batch; first += Threads) {
    std::int64_t const b = first + threadIdx.x;
    std::int64_t found = 0;
    if (b < p.points.batch) {
      // Not below 0, unless offsets broke their promise.
      found = max(static_cast<std::int32_t>(p.numbers.found_before[b + 1] - p.numbers.found_before[b]), 0);
    }
    std::int64_t const wanted = min(found, std::int64_t{p.numbers.max_voxels});
    std::int64_t total = 0;
    std::int64_t const begin = kept_before + sum_before<Threads>(wanted, total);
    std::int64_t const capacity = p.numbers.capacity;
    std::int64_t const from = min(begin, capacity);
    if (b < p.points.batch) {
      p.numbers.offsets[b] = from;
      if (p.offsets != nullptr) { p.offsets[b] = from; }
      if (p.overflow != nullptr) {
        p.overflow[b] = static_cast<std::int32_t>(found - (min(begin + wanted, capacity) - from));
      }
    }
    kept_before += total;
  }
  if (threadIdx.x == 0) {
    std::int64_t const kept = min(kept_before, std::int64_t{p.numbers.capacity});
    p.numbers.offsets[p.points.batch] = kept;
    if (p.offsets != nullptr) { p.offsets[p.points.batch] = kept; }
  }
}

/// Gives voxels the numbers that they have in the order of their cells.
template <int Threads>
__global__ void __launch_bounds__(Threads) sparse_rename_kernel(__grid_constant__ sparse_params const p) {
  wait_for_launch_before();
  std::int64_t const found = p.counters->found;
  std::int64_t const i = std::int64_t(blockIdx.x) * Threads + threadIdx.x;
  if (i < found) { p.numbers.renamed[p.numbers.order[i]] = static_cast<std::uint32_t>(i); }
}

}  // namespace robocache::detail
