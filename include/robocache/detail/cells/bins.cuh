// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/cells/params.hpp>
#include <robocache/detail/cells/policy.cuh>
#include <robocache/detail/common/block_scan.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/packed.cuh>

// Points dealt out to bins of cells. A block sorts a tile of a cloud's rows by bin in its shared memory and writes it
// in one piece, so no place is taken by atomic operations on memory, and none can run out. Later a block has a bin: it
// finds that bin's part of each tile, and has all points of its cells.
namespace robocache::detail {

/// How many rows belong to the clouds before cloud `b`.
inline __device__ std::int64_t rows_before(cloud_points const& p, std::int64_t b) {
  return p.offsets == nullptr ? b * p.length : device::rows_before_owner(p.offsets, p.batch, p.rows, b);
}

/// The rows of a cloud.
struct cloud_span {
  std::int64_t begin;
  std::int64_t rows;
};

inline __device__ cloud_span span_of_cloud(cloud_points const& p, std::int64_t b) {
  std::int64_t const begin = rows_before(p, b);
  if (p.offsets == nullptr) { return {begin, device::length_of_cloud(p, b)}; }
  return {begin, min(rows_before(p, b + 1) - begin, device::most_cloud_points)};
}

/// The first tile of a cloud that begins with row `begin`. Each cloud has as many as its rows fill, and they are its
/// alone; some that belong to no cloud lie between.
inline __device__ std::int64_t first_tile(cell_bins const& bins, std::int64_t begin, std::int64_t b) {
  return (begin >> bins.tile_bits) + b;
}

/// Which cloud a tile belongs to: the last whose first tile is not behind it; -1: none. Called by all threads of a
/// block, which look at as many clouds at a time.
template <int Threads>
__device__ std::int64_t cloud_of_tile(cloud_points const& p, cell_bins const& bins, std::int64_t tile) {
  std::int64_t low = 0;
  for (std::int64_t count = p.batch; count > 0;) {
    std::int64_t const step = (count + Threads - 1) / Threads;
    std::int64_t const b = low + std::int64_t(threadIdx.x) * step;
    bool const begun = b < low + count && first_tile(bins, rows_before(p, b), b) <= tile;
    std::int64_t const passed = __syncthreads_count(begun ? 1 : 0);
    if (passed == 0) { return -1; }
    std::int64_t const end = low + count;
    low += (passed - 1) * step;
    count = step == 1 ? 0 : min(step, end - low);
  }
  return low;
}

/// The place of a cell in its bin. As many neighbouring runs of cells as there are bins have the same row of places,
/// and each of them another bin. Which one differs from row to row without a pattern: otherwise a wall along an axis
/// would be in a few bins where the grid's width is a power of 2.
/// @param cell  counted from the first of this round
inline __device__ std::uint32_t place_in_bin(cell_bins const& bins, std::uint32_t cell) {
  return cell >> (bins.run_bits + bins.count_bits) << bins.run_bits | (cell & ((1u << bins.run_bits) - 1));
}

/// The bins of a row of places, from 0 to the last, are those of the row's runs with these bits flipped.
inline __device__ std::uint32_t flipped_in_row(cell_bins const& bins, std::uint32_t row) {
  static_assert(most_bins <= 1 << 12, "that many bits are left");
  return row * 0x9e3779b1u >> 20 & bins.flips;
}

inline __device__ std::uint32_t bin_of(cell_bins const& bins, std::uint32_t cell) {
  std::uint32_t const run = cell >> bins.run_bits;
  return (run ^ flipped_in_row(bins, run >> bins.count_bits)) & (bins.count - 1);
}

/// The cell again.
inline __device__ std::uint32_t cell_of_bin(cell_bins const& bins, std::uint32_t bin, std::uint32_t place) {
  std::uint32_t const row = place >> bins.run_bits;
  std::uint32_t const run = row << bins.count_bits | ((bin ^ flipped_in_row(bins, row)) & (bins.count - 1));
  return run << bins.run_bits | (place & ((1u << bins.run_bits) - 1));
}

/// What is in no cell of this round.
inline constexpr std::uint32_t no_bin_cell = UINT32_MAX;

/// The next place of a list for each lane; called by a warp. Operations on one word come one after the other, and
/// neighbours often have one list: they take their places together.
/// @param heads  shared memory: places that are taken, of each list
/// @param list   below 0: none
inline __device__ unsigned take_places(unsigned* heads, int list) {
  cell_run const run = run_of(list);
  if (__popc(run.leaders) > most_joint_runs) { return list >= 0 ? atomicAdd(heads + list, 1u) : 0; }
  unsigned taken = 0;
  if (run.leads && list >= 0) { taken = atomicAdd(heads + list, static_cast<unsigned>(run.count)); }
  int const leader = leader_of(run);
  return __shfl_sync(0xffffffffu, taken, leader) + threadIdx.x % 32 - leader;
}

/// Sorts a tile's points by bin. Places within a bin are taken as they come.
/// @tparam Cell  as `with_cell_type` gives it
template <class Cell>
__global__ void __launch_bounds__(bin_threads, bin_blocks_each)
    cell_bin_kernel(__grid_constant__ cell_bin_params const p) {
  constexpr int each = bin_rows_each;
  constexpr int at_once = bin_rows_at_once;
  alignas(16) __shared__ unsigned heads[most_bins];
  __shared__ std::uint32_t sorted[bin_threads * each];
  cloud_points const& points = p.points;
  if (blockIdx.x == 0) {
    wait_for_launch_before();  // the round before counts there
    if (threadIdx.x < sizeof(list_counters) / 4) { reinterpret_cast<std::uint32_t*>(p.counters)[threadIdx.x] = 0; }
  }
  std::int64_t const tile = blockIdx.x;
  std::int64_t const b = cloud_of_tile<bin_threads>(points, p.bins, tile);
  if (b < 0) { return wait_for_launch_before(); }
  cloud_span const cloud = span_of_cloud(points, b);
  std::int64_t const first = (tile - first_tile(p.bins, cloud.begin, b)) << p.bins.tile_bits;
  if (first >= cloud.rows) { return wait_for_launch_before(); }
  auto const rows = static_cast<unsigned>(min(cloud.rows - first, std::int64_t{1} << p.bins.tile_bits));
  std::int64_t const begin = cloud.begin + first;

#pragma unroll
  for (unsigned i = threadIdx.x; i < most_bins; i += bin_threads) { heads[i] = 0; }
  place const origin = origin_of(points, b);
  std::int64_t const start = begin * points.point_stride + b * points.between_clouds;
  float const* const packed = points.x + (start + threadIdx.x * 3);
  std::uint32_t cell[each];
  unsigned rank[each];
  int dropped = 0;
#pragma unroll
  for (int first_row = 0; first_row < each; first_row += at_once) {
    float x[at_once];
    float y[at_once];
    float z[at_once];
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      unsigned const row = threadIdx.x + (first_row + k) * bin_threads;
      x[k] = y[k] = z[k] = 0.0f;
      if (row >= rows) { continue; }
      if (points.packed) {
        float const* const from = packed + (first_row + k) * 3 * bin_threads;
        x[k] = __ldcs(from);
        y[k] = __ldcs(from + 1);
        z[k] = __ldcs(from + 2);
      } else {
        std::int64_t const from = start + row * points.point_stride;
        x[k] = __ldcs(points.x + from);
        y[k] = __ldcs(points.y + from);
        z[k] = __ldcs(points.z + from);
      }
    }
    if (first_row == 0) { __syncthreads(); }
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      std::uint32_t& mine = cell[first_row + k];
      unsigned& before = rank[first_row + k];
      mine = no_bin_cell;
      before = 0;
      if ((first_row + k) * bin_threads >= rows) { continue; }  // the same for the whole block
      bool const real = threadIdx.x + (first_row + k) * bin_threads < rows;
      Cell const found = cell_of<Cell>(points, origin, Cell{0}, x[k], y[k], z[k]);
      dropped += real && found < 0 ? 1 : 0;
      Cell const here = found - static_cast<Cell>(p.bins.first_cell);
      bool const inside = real && found >= 0 && here >= 0 && here < static_cast<Cell>(p.bins.cells);
      mine = inside ? static_cast<std::uint32_t>(here) : no_bin_cell;
      before = take_places(heads, inside ? static_cast<int>(bin_of(p.bins, mine)) : no_point);
    }
  }
  __syncthreads();

  static_assert(most_bins == 4 * bin_threads, "a thread has four bins");
  uint4 const mine = reinterpret_cast<uint4 const*>(heads)[threadIdx.x];
  unsigned total = 0;
  unsigned const before = sum_before<bin_threads>(mine.x + mine.y + mine.z + mine.w, total);
  uint4 const starts{before, before + mine.x, before + mine.x + mine.y, before + mine.x + mine.y + mine.z};
  reinterpret_cast<uint4*>(heads)[threadIdx.x] = starts;
  wait_for_launch_before();
  std::uint16_t* const to = p.bins.starts + tile * p.bins.stride;
  if (4 * threadIdx.x < p.bins.stride) {  // behind the last bin there is nothing: its end is the total
    reinterpret_cast<uint2*>(to)[threadIdx.x] = uint2{starts.x | starts.y << 16, starts.z | starts.w << 16};
  }
  if (threadIdx.x == 0) { to[p.bins.count] = static_cast<std::uint16_t>(total); }
  __syncthreads();
#pragma unroll
  for (int k = 0; k < each; ++k) {
    if (cell[k] == no_bin_cell) { continue; }
    unsigned const row = threadIdx.x + k * bin_threads;
    sorted[heads[bin_of(p.bins, cell[k])] + rank[k]] = place_in_bin(p.bins, cell[k]) << most_tile_bits | row;
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < total; i += bin_threads) { p.bins.entries[begin + i] = sorted[i]; }
  if (p.dropped != nullptr) {
    dropped = sum_over_warp(dropped);
    if (threadIdx.x % 32 == 0 && dropped > 0) { atomicAdd(p.dropped + b, dropped); }
  }
}

/// A bin of a cloud's cells, and where its points are.
struct cloud_bin {
  std::int64_t b;
  std::uint32_t bin;
  std::int64_t begin;  ///< the cloud's first row
  std::int64_t tile;   ///< its first
  unsigned tiles;      ///< how many

  __device__ cloud_bin(cloud_points const& p, cell_bins const& bins, unsigned index)
      : b(index >> bins.count_bits), bin(index & (bins.count - 1)) {
    cloud_span const cloud = span_of_cloud(p, b);
    begin = cloud.begin;
    tile = first_tile(bins, begin, b);
    tiles = static_cast<unsigned>((cloud.rows + (std::int64_t{1} << bins.tile_bits) - 1) >> bins.tile_bits);
  }
};

/// Where a bin's part of a tile is.
struct bin_part {
  unsigned entry;  ///< the entry of the warp's first point would be, counted from the cloud's first row
  unsigned row;    ///< the tile's first, counted likewise
};

/// Calls `use(place, row)` for all points of a bin, by whole warps of the block, in no order. `place` is that of the
/// point's cell in the bin, below 0 where a lane has no point. Tiles are dealt out to warps one by one, and the points
/// of a warp's parts to its lanes, however short a part is.
/// @param parts  shared memory of the warp
template <int Threads, class Use>
__device__ void for_each_entry(cell_bins const& bins, cloud_bin const& mine, bin_part (&parts)[32], Use const& use) {
  constexpr unsigned at_once = bin_points_at_once;
  constexpr unsigned warps = Threads / 32;
  unsigned const lane = threadIdx.x % 32;
  unsigned const up_to_lane = 0xffffffffu >> (31 - lane);
  std::uint32_t const* const entries = bins.entries + mine.begin;
  for (unsigned first = threadIdx.x / 32; first < mine.tiles; first += Threads) {
    unsigned const tile = first + lane * warps;
    unsigned start = 0;
    unsigned count = 0;
    if (tile < mine.tiles) {
      std::uint16_t const* const starts = bins.starts + ((mine.tile + tile) * bins.stride + mine.bin);
      start = starts[0];
      count = starts[1] - start;
    }
    unsigned behind = count;
#pragma unroll
    for (unsigned step = 1; step < 32; step *= 2) {
      unsigned const other = __shfl_up_sync(0xffffffffu, behind, step);
      if (lane >= step) { behind += other; }
    }
    unsigned const before = behind - count;
    unsigned const all = __shfl_sync(0xffffffffu, behind, 31);
    unsigned const filled = __ballot_sync(0xffffffffu, count > 0 ? 1 : 0);
    __syncwarp();  // the parts before have been read
    if (count > 0) {
      unsigned const row = tile << bins.tile_bits;
      parts[__popc(filled & (up_to_lane >> 1))] = {row + start - before, row};
    }
    __syncwarp();
    unsigned begun = 0;  // parts that begin before the next points
    for (unsigned turn = 0; turn < all; turn += 32 * at_once) {
      std::uint32_t entry[at_once];
      unsigned row[at_once];
#pragma unroll
      for (unsigned i = 0; i < at_once; ++i) {
        unsigned const base = turn + 32 * i;
        entry[i] = row[i] = 0;
        if (base >= all) { continue; }  // the same for the whole warp
        bool const begins = count > 0 && before - base < 32;
        unsigned const marks = __reduce_or_sync(0xffffffffu, begins ? 1u << (before - base) : 0);
        bin_part const part = parts[(begun + __popc(marks & up_to_lane) - 1) % 32];
        begun += __popc(marks);
        row[i] = part.row;
        if (base + lane < all) { entry[i] = __ldg(entries + (part.entry + base + lane)); }
      }
#pragma unroll
      for (unsigned i = 0; i < at_once; ++i) {
        unsigned const base = turn + 32 * i;
        if (base >= all) { break; }
        int const place = base + lane < all ? static_cast<int>(entry[i] >> most_tile_bits) : -1;
        use(place, row[i] + (entry[i] & ((1u << most_tile_bits) - 1)));
      }
    }
  }
}

}  // namespace robocache::detail
