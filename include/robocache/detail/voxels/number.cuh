// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/block_scan.cuh>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/lookback.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/device/packed.cuh>

// Numbers the voxels of a batch in the order of their first points: the number of a voxel is how many first rows of
// cells there are before its own first row.
namespace robocache::detail {

/// The cell of a row. It must have one.
inline __device__ unsigned long long noted_cell(voxel_params const& p, std::int64_t row) {
  return p.table.kind == table_kind::wide ? static_cast<noted_type<true> const*>(p.cells)[row]
                                          : static_cast<noted_type<false> const*>(p.cells)[row];
}

/// A cell in the grid of its cloud; and the cloud.
struct cloud_cell {
  unsigned long long cell;
  std::int64_t b;
};

/// @param noted  of the row
inline __device__ cloud_cell cell_of_row(voxel_params const& p, unsigned long long noted, std::int64_t row) {
  cloud_points const& points = p.points;
  if (p.table.kind == table_kind::direct) {
    auto const cell = static_cast<std::uint32_t>(noted);
    auto const each = static_cast<std::uint32_t>(p.grid_cells);
    std::uint32_t const b = points.batch > 1 ? cell / each : 0;
    return {cell - b * each, b};
  }
  return {noted, points.batch > 1 ? segment_at(points, row).b : 0};
}

/// Writes where a voxel is: cloud, z, y, x.
inline __device__ void write_coordinates(voxel_params const& p, std::int64_t voxel, cloud_cell const& where) {
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

/// Writes what the first row of a voxel tells about it.
/// @param noted  the row's cell
inline __device__ void write_voxel(voxel_params const& p, std::int32_t voxel, unsigned long long noted,
                                   std::int64_t row) {
  p.first_rows[voxel] = static_cast<std::uint32_t>(row);
  if (p.coordinates != nullptr) { write_coordinates(p, voxel, cell_of_row(p, noted, row)); }
}

/// Loads four neighbouring numbers of 32 bits; those from row `end` on are `otherwise`.
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

/// Writes how many voxels there are before each cloud that begins in a tile, or at its end if it is the last tile.
/// @param threads  of the block
/// @param behind   `behind(i)`: how many there are before the tile's row i
template <class Behind>
__device__ void count_before_clouds(voxel_params const& p, std::int64_t begin, std::int64_t end, unsigned threads,
                                    Behind const& behind) {
  cloud_points const& points = p.points;
  bool const last = end == points.rows;
  if (points.offsets == nullptr) {
    std::int64_t const first = points.batch == 1 ? (begin == 0 ? 0 : 1) : (begin + points.length - 1) / points.length;
    for (std::int64_t b = first + threadIdx.x; b <= points.batch; b += threads) {
      std::int64_t const at = b * points.length;
      if (at > end || (at == end && !last)) { break; }
      p.numbers.found_before[b] = behind(static_cast<unsigned>(at - begin));
    }
    return;
  }
  auto const note = [&](std::int64_t b, std::int64_t at) {
    if (at >= begin && (at < end || (at == end && last))) {
      p.numbers.found_before[b] = behind(static_cast<unsigned>(at - begin));
    }
  };
  auto const rows_before = [&](std::int64_t b) {
    return device::rows_before_owner(points.offsets, points.batch, points.rows, b);
  };
  // If there are only a few clouds, all of them are checked: finding where to begin would take longer.
  if (points.batch <= clouds_a_thread * std::int64_t{threads}) {
    bool descends = false;
    for (std::int64_t b = threadIdx.x; b < points.batch; b += threads) {
      descends = descends || points.offsets[b] > points.offsets[b + 1];
    }
    bool const ascend = __syncthreads_or(descends) == 0;
    for (std::int64_t b = threadIdx.x; b <= points.batch; b += threads) {
      note(b, ascend ? device::detail::clamp(points.offsets[b], 0, points.rows) : rows_before(b));
    }
    return;
  }
  auto const owner_of = [&](std::int64_t row) {
    return device::owner_of_row(points.offsets, points.batch, points.rows, row).b;
  };
  std::int64_t const first = begin == 0 ? 0 : owner_of(begin - 1) + 1;
  std::int64_t const behind_last = last ? points.batch : owner_of(end - 1);
  for (std::int64_t b = first + threadIdx.x; b <= behind_last; b += threads) { note(b, rows_before(b)); }
}

/// Numbers the voxels. Where these numbers are final, what is known about each voxel is written.
/// @tparam Wide  whether cells are noted with 64 bits
template <int Threads, bool Wide>
__global__ void __launch_bounds__(Threads, number_threads_each<Wide> / Threads)
    voxel_number_kernel(__grid_constant__ voxel_params const p) {
  constexpr int warps = Threads / 32;
  constexpr int each = number_rows_each;  // rows of a thread, 32 apart
  constexpr int words = warps * each;
  using noted = noted_type<Wide>;
  constexpr auto none = static_cast<noted>(no_cell);
  __shared__ std::uint32_t this_tile;
  __shared__ std::uint32_t before_tile;
  __shared__ unsigned firsts_of[words];  // one bit per row
  __shared__ std::uint32_t before[words];
  // The launch before this one has begun to end, so it has waited for the one that cleared the counter.
  if (threadIdx.x == 0) { this_tile = atomicAdd(&p.counters->next_tile, 1u); }
  wait_for_launch_before();
  __syncthreads();
  std::uint32_t const tile = this_tile;
  std::uint32_t const begin = tile * (each * Threads);
  auto const end = static_cast<std::uint32_t>(min(std::int64_t{begin} + each * Threads, p.points.rows));
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  std::uint32_t const row = begin + warp * 32 * each + lane;
  noted cell[each];
  {
    std::uint32_t place[each];
    bool const direct = !Wide && p.table.kind == table_kind::direct;
#pragma unroll
    for (int r = 0; r < each; ++r) {
      cell[r] = row + r * 32 < end ? static_cast<noted const*>(p.cells)[row + r * 32] : none;
      place[r] = row + r * 32 < end && !direct ? p.places[row + r * 32] : no_place;
    }
    if (direct) {
      std::uint32_t first[each];
#pragma unroll
      for (int r = 0; r < each; ++r) { first[r] = cell[r] != none ? __ldcg(p.table.first + cell[r]) : row + r * 32; }
#pragma unroll
      for (int r = 0; r < each; ++r) {
        if (first[r] != row + r * 32) { place[r] = static_cast<std::uint32_t>(cell[r]); }
        if (row + r * 32 < end) { p.places[row + r * 32] = place[r]; }
      }
    }
#pragma unroll
    for (int r = 0; r < each; ++r) {
      unsigned const firsts = __ballot_sync(0xffffffffu, place[r] == no_place && cell[r] != none);
      if (lane == 0) { firsts_of[warp * each + r] = firsts; }
    }
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    constexpr int words_each = words / 32;
    static_assert(words % 32 == 0);
    std::uint32_t mine = 0;
#pragma unroll
    for (int i = 0; i < words_each; ++i) { mine += __popc(firsts_of[lane * words_each + i]); }
    std::uint32_t sum = mine;
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
      std::uint32_t const other = __shfl_up_sync(0xffffffffu, sum, step);
      if (lane >= static_cast<unsigned>(step)) { sum += other; }
    }
    std::uint32_t before_word = sum - mine;
#pragma unroll
    for (int i = 0; i < words_each; ++i) {
      before[lane * words_each + i] = before_word;
      before_word += __popc(firsts_of[lane * words_each + i]);
    }
    std::uint32_t const of_tiles = sum_of_tiles_before(p.tiles, tile, __shfl_sync(0xffffffffu, sum, 31));
    if (lane == 0) { before_tile = of_tiles; }
    if (lane == 31 && end == static_cast<std::uint32_t>(p.points.rows)) { p.counters->found = of_tiles + sum; }
  }
  __syncthreads();
#pragma unroll
  for (int r = 0; r < each; ++r) {
    std::int32_t number = no_voxel;
    unsigned const firsts = firsts_of[warp * each + r];
    if ((firsts >> lane & 1) != 0) {
      number = static_cast<std::int32_t>(before_tile + before[warp * each + r] + __popc(firsts & ((1u << lane) - 1)));
      if (!p.renames()) {
        if (number < p.numbers.capacity) {
          write_voxel(p, number, cell[r], row + r * 32);
        } else {
          number = no_voxel;
        }
      } else if (p.numbers.keys != nullptr) {
        cloud_cell const where = cell_of_row(p, cell[r], row + r * 32);
        p.numbers.keys[number] = static_cast<std::uint64_t>(where.b * p.grid_cells) + where.cell;
        p.numbers.order[number] = static_cast<std::uint32_t>(number);
      }
    }
    if (row + r * 32 < end) { p.numbers_of[row + r * 32] = number; }
  }
  count_before_clouds(p, begin, end, Threads, [&](unsigned i) {
    unsigned const word = i / 32;
    if (word == words) { return before_tile + before[word - 1] + __popc(firsts_of[word - 1]); }
    return before_tile + before[word] + __popc(firsts_of[word] & ((1u << i % 32) - 1));
  });
}

/// Writes where the kept voxels of each cloud begin, and how many of each were not kept, where clouds have no limit of
/// their own: all threads of a launch share the clouds.
/// @param thread, threads  this thread, and how many the launch has
inline __device__ void place_clouds(voxel_params const& p, std::int64_t thread, std::int64_t threads) {
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
__global__ void __launch_bounds__(Threads) voxel_place_kernel(__grid_constant__ voxel_params const p) {
  wait_for_launch_before();
  std::int64_t kept_before = 0;
  for (std::int64_t first = 0; first < p.points.batch; first += Threads) {
    std::int64_t const b = first + threadIdx.x;
    std::int64_t found = 0;
    if (b < p.points.batch) { found = p.numbers.found_before[b + 1] - p.numbers.found_before[b]; }
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
__global__ void __launch_bounds__(Threads) voxel_rename_kernel(__grid_constant__ voxel_params const p) {
  wait_for_launch_before();
  std::int64_t const found = p.counters->found;
  std::int64_t const i = std::int64_t(blockIdx.x) * Threads + threadIdx.x;
  if (i < found) { p.numbers.renamed[p.numbers.order[i]] = static_cast<std::uint32_t>(i); }
}

}  // namespace robocache::detail
