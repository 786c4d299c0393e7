// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/crowd.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/results.cuh>
#include <robocache/detail/common/clouds/sort.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Reduces the features of voxels: few points by a thread, more by a warp, crowds by a block.
namespace robocache::detail {

/// A voxel, as a cell with points.
inline __device__ cell_list few_cell(voxel_reduce_params const& p, std::int64_t i) {
  return {i, p.lists.starts[i], p.lists.counts[i] + 1};
}

/// The points of a voxel that has few, in their order.
inline __device__ void load_few(voxel_reduce_params const& p, cell_list const& one,
                                std::uint32_t (&rows)[most_few_points]) {
  rows[0] = one.count == 1 ? one.start : p.lists.rows[one.start];
  if (one.count == 2) { rows[1] = p.lists.rows[one.start + 1]; }
  if (one.count < 3) { return; }
#pragma unroll
  for (unsigned i = 1; i < most_few_points; ++i) { rows[i] = i < one.count ? p.lists.rows[one.start + i] : UINT32_MAX; }
  sort_registers(rows);
}

/// Voxels with few points: a thread handles a vector of a voxel from the first load to the store.
template <class Value, int N, bool Extremes, class Params>
__device__ void reduce_few(Params const& p, unsigned worker, unsigned workers) {
  constexpr int at_once = few_at_once;
  auto const all = static_cast<unsigned>(*p.voxels);
  auto const tile = static_cast<unsigned>(p.tile);
  for (std::int64_t base = std::int64_t(worker) * tile; base < all; base += std::int64_t(workers) * tile) {
    unsigned const cells = min(tile, static_cast<unsigned>(all - base));
    for (unsigned item = threadIdx.x; item < cells * p.features.vectors.value; item += reduce_threads) {
      unsigned const index = p.features.vectors.quotient(item);
      std::int64_t const channel = std::int64_t(item - index * p.features.vectors.value) * N;
      cell_list const one = few_cell(p, base + index);
      if (one.count > most_few_points) { continue; }
      std::uint32_t rows[most_few_points];
      load_few(p, one, rows);
      Value const* const from =
          static_cast<Value const*>(p.features.values) + (skip_for(p, one.cell, rows[0]) + channel);
      sums_for<Params, N, Extremes> sums;
      sums.clear();
#pragma unroll
      for (unsigned turn = 0; turn < most_few_points; turn += at_once) {
        if (turn >= one.count) { break; }
        packed_floats<Value, N> packed[at_once] = {};
#pragma unroll
        for (unsigned i = 0; i < at_once; ++i) {
          if (turn + i < one.count) {
            packed[i] = load_packed<N>(from + std::int64_t(rows[turn + i]) * p.features.point_stride);
          }
        }
#pragma unroll
        for (unsigned i = 0; i < at_once; ++i) {
          float x[N];
          unpack(packed[i], x);
          if constexpr (of_coordinates<Params>) {
            if (turn + i == 0) { sums.begin(p, channel, x); }
          }
          if (turn + i < one.count) { sums.add(x); }
        }
      }
      write_results(p, one.cell, channel, one.count, sums);
    }
  }
}

/// Shared memory of a block that reduces voxels, whatever its work.
template <class Value, int N, bool Extremes, class Params>
union reduce_board {
  std::uint32_t huge[2 * range_words];
  std::uint32_t some[reduce_threads / 32][some_cells * most_tile_points];  ///< of each warp
  crowd_board_for<Value, N, Extremes, Params> crowd;
};

/// Voxels with more than a few points, but not crowded: a warp sorts the lists of some, and then adds up one vector
/// after the other.
/// @param rows  shared memory of the warp
/// @param worker, workers  this warp, and how many there are
template <class Value, int N, bool Extremes, class Params>
__device__ void reduce_some(Params const& p, std::uint32_t* rows, unsigned worker, unsigned workers) {
  unsigned const lane = threadIdx.x % 32;
  unsigned const all = p.lists.counters->some;
  // A few voxels are dealt out one by one, so that all warps have one, or, where they are fewer than warps, vector by
  // vector.
  unsigned const vectors = p.features.vectors.value;
  bool const splits = all > 0 && all <= workers / vectors;
  unsigned const each = splits ? 1 : min(some_cells, all / workers + 1);
  unsigned const only = splits ? worker / all : 0;
  if (splits && only >= vectors) { return; }
  for (unsigned base = splits ? worker % all : worker * each; base < all; base += workers * each) {
    unsigned const cells = min(each, all - base);
    cell_list const mine = lane < cells ? p.lists.some[base + lane] : cell_list{0, 0, 0};
    for (unsigned i = 0; i < cells; ++i) {
      unsigned const count = __shfl_sync(0xffffffffu, mine.count, static_cast<int>(i));
      unsigned const start = __shfl_sync(0xffffffffu, mine.start, static_cast<int>(i));
      std::uint32_t* const list = rows + i * most_tile_points;
      for (unsigned j = lane; j < count; j += 32) { list[j] = p.lists.rows[start + j]; }
    }
    __syncwarp();
    for (unsigned i = 0; i < cells; ++i) {
      sort_by_warp(rows + i * most_tile_points, __shfl_sync(0xffffffffu, mine.count, static_cast<int>(i)));
    }
    for (unsigned i = 0; i < cells; ++i) {
      std::int64_t const cell = __shfl_sync(0xffffffffu, mine.cell, static_cast<int>(i));
      unsigned const count = __shfl_sync(0xffffffffu, mine.count, static_cast<int>(i));
      std::uint32_t const* const list = rows + i * most_tile_points;
      Value const* const from = static_cast<Value const*>(p.features.values) + skip_for(p, cell, list[0]);
      for (unsigned vector = only; vector < (splits ? only + 1 : vectors); ++vector) {
        std::int64_t const channel = std::int64_t(vector) * N;
        sums_for<Params, N, Extremes> sums;
        sums.clear();
        add_by_warp<N>(p, sums, from + channel, channel, count,
                       [&](unsigned j) { return static_cast<std::int64_t>(list[j]); });
        if (lane == 0) { write_results(p, cell, channel, count, sums); }
      }
    }
    __syncwarp();
  }
}

/// Reduces voxels, except huge ones, whose lists it sorts. Blocks do different work side by side; the parts that take
/// longest come first.
/// @tparam N         channels of a vector
/// @tparam Extremes  whether the largest or smallest are wanted
template <class Value, int N, bool Extremes, class Params>
__global__ void __launch_bounds__(reduce_threads, reduce_blocks<N, Extremes>)
    reduce_kernel(__grid_constant__ Params const p) {
  __shared__ reduce_board<Value, N, Extremes, Params> board;
  let_next_launch_begin();
  wait_for_launch_before();
  constexpr unsigned warps = reduce_threads / 32;
  unsigned const warp = threadIdx.x / 32;
  auto worker = static_cast<int>(blockIdx.x);
  if (worker < p.huge) { return sort_huge(p.lists, p.rows, board.huge, worker, p.huge); }
  worker -= p.huge;
  if (worker < p.crowds) { return reduce_crowds<Value, N>(p, board.crowd, worker, p.crowds); }
  worker -= p.crowds;
  if (worker < p.some) {
    return reduce_some<Value, N, Extremes>(p, board.some[warp], worker * warps + warp, p.some * warps);
  }
  worker -= p.some;
  reduce_few<Value, N, Extremes>(p, worker, gridDim.x - p.huge - p.crowds - p.some);
}

}  // namespace robocache::detail
