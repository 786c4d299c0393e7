// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/block_scan.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/voxel_mark.cuh>
#include <robocache/detail/voxel_memory.hpp>
#include <robocache/detail/voxel_results.cuh>

// Reduces the features of cells that are not crowded, and writes all cells: one pass over the grid.
namespace robocache::detail {

/// Cells of a block: a thread looks after each.
inline constexpr int tile_cells = 256;

/// Points that a block has in shared memory; more than 32 cells have that are not crowded.
inline constexpr int tile_points = 2048;
static_assert(tile_points >= 32 * most_tile_points, "the cells of a warp fit");

struct voxel_reduce_params {
  voxel_lists lists;
  voxel_features features;
  voxel_results results;
  voxel_marks marks;
  std::int32_t* count;
  std::int64_t cells;  ///< of all clouds
};

/// Sorts the list of one cell with few points; each thread may have one.
inline __device__ void sort_few(std::uint32_t* list, unsigned count) {
  for (unsigned i = 1; i < count; ++i) {
    std::uint32_t const row = list[i];
    unsigned j = i;
    for (; j > 0 && list[j - 1] > row; --j) { list[j] = list[j - 1]; }
    list[j] = row;
  }
}

/// Sorts the list of one cell by a whole warp: each lane counts for two rows how many are before them.
inline __device__ void sort_by_warp(std::uint32_t* list, unsigned count) {
  unsigned const lane = threadIdx.x % 32;
  std::uint32_t const a = lane < count ? list[lane] : 0;
  std::uint32_t const b = lane + 32 < count ? list[lane + 32] : 0;
  unsigned before_a = 0;
  unsigned before_b = 0;
  for (unsigned i = 0; i < count; ++i) {
    std::uint32_t const row = list[i];
    before_a += row < a ? 1 : 0;
    before_b += row < b ? 1 : 0;
  }
  __syncwarp();
  if (lane < count) { list[before_a] = a; }
  if (lane + 32 < count) { list[before_b] = b; }
  __syncwarp();
}

/// Sorts the lists of a warp's cells, one a lane.
inline __device__ void sort_lists(std::uint32_t* rows, unsigned begin, unsigned count) {
  constexpr unsigned few = 8;
  if (count <= few) { sort_few(rows + begin, count); }
  __syncwarp();
  for (unsigned many = __ballot_sync(0xffffffffu, count > few); many != 0; many &= many - 1) {
    int const lane = __ffs(static_cast<int>(many)) - 1;
    unsigned const at = __shfl_sync(0xffffffffu, begin, lane);
    sort_by_warp(rows + at, __shfl_sync(0xffffffffu, count, lane));
  }
}

/// Counts and occupancy of a cell.
inline __device__ void write_count(voxel_reduce_params const& p, std::int64_t cell, unsigned count) {
  if (p.count != nullptr) {
    std::int32_t const old = p.results.accumulate ? p.count[cell] : 0;
    p.count[cell] = static_cast<std::int32_t>(static_cast<std::uint32_t>(old) + count);
  }
  if (count > 0) { mark_cell(p.marks, cell); }
}

/// One tile of cells a block.
/// @tparam N  channels of a vector
template <class Value, int N>
__global__ void __launch_bounds__(tile_cells) voxel_reduce_kernel(__grid_constant__ voxel_reduce_params const p) {
  __shared__ std::uint32_t rows[tile_points];
  __shared__ unsigned ends[tile_cells + 1];  ///< of the cells' lists, counted from the tile's first
  __shared__ bool crowded[tile_cells];
  __shared__ unsigned start;
  std::int64_t const first = std::int64_t(blockIdx.x) * tile_cells;
  int const cells = static_cast<int>(min(p.cells - first, std::int64_t{tile_cells}));
  auto const mine = static_cast<int>(threadIdx.x);

  unsigned const count = mine < cells ? p.lists.counts[first + mine] : 0;
  if (mine < cells) { write_count(p, first + mine, count); }
  bool const crowd = count > most_tile_points;
  unsigned const listed = crowd ? 0 : count;
  unsigned total = 0;
  unsigned const begin = sum_before<tile_cells>(listed, total);
  crowded[mine] = crowd;
  ends[mine + 1] = begin + listed;
  if (mine == 0) { ends[0] = 0; }
  if (begin == 0 && listed > 0) { start = p.lists.starts[first + mine]; }
  __syncthreads();

  bool const extremes = p.results.max != nullptr || p.results.min != nullptr;
  int const part = total <= tile_points ? tile_cells : 32;  // cells at a time
  for (int low = 0; low < cells; low += part) {
    unsigned const before = ends[low];
    unsigned const points = ends[low + part] - before;
    for (unsigned i = threadIdx.x; i < points; i += tile_cells) { rows[i] = p.lists.rows[start + before + i]; }
    __syncthreads();
    if (mine / part == low / part) { sort_lists(rows, begin - before, listed); }
    __syncthreads();

    unsigned const width = min(part, cells - low);
    for (unsigned item = threadIdx.x; item < width * p.features.vectors.value; item += tile_cells) {
      // Neighbouring threads write neighbouring elements, whichever way channels are laid out.
      bool const first_channels = p.results.channels_first;
      unsigned const major = first_channels ? item / width : p.features.vectors.quotient(item);
      unsigned const minor = item - major * (first_channels ? width : p.features.vectors.value);
      unsigned const one = low + (first_channels ? minor : major);
      if (crowded[one]) { continue; }
      unsigned const vector = first_channels ? major : minor;
      std::int64_t const cell = first + one;
      channel_sums<N> sums;
      sums.clear();
      if (ends[one] != ends[one + 1]) {
        Value const* const from =
            static_cast<Value const*>(p.features.values) + (p.features.skip(cell) + std::int64_t(vector) * N);
        add_points(sums, from, p.features.point_stride, ends[one] - before, ends[one + 1] - before, extremes,
                   [&](unsigned j) { return static_cast<std::int64_t>(rows[j]); });
      }
      write_results(p.results, cell, std::int64_t(vector) * N, ends[one + 1] - ends[one], sums);
    }
    __syncthreads();
  }
}

}  // namespace robocache::detail
