// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/backward.cuh>
#include <robocache/detail/common/clouds/holders.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Gradients where maxima or minima are among the results: for each cell, the points that hold them are found in the
// cell's list, and the gradients of all points of the list are written.
namespace robocache::detail {

/// One of the cells that a warp takes at a time.
struct held_cell {
  std::int64_t from;  ///< element at which its gradients begin
  std::int64_t skip;  ///< as `cloud_features::skip`
  std::uint32_t start;
  std::uint32_t count;
};

/// What a warp keeps in shared memory.
union hold_board {
  held_cell cells[32];
  std::int64_t dropped[32];  ///< rows
};

/// The points of `cells` cells of the board: each lane takes a vector of a cell.
template <class Value, class Result, int N>
__device__ void hold_cells(cell_backward_params const& p, hold_board const& board, unsigned cells, vector_chunk chunk) {
  auto const* const features = static_cast<Value const*>(p.features.values);
  for (unsigned item = threadIdx.x % 32; item < cells * p.chunk.value; item += 32) {
    work_item const of = item_of(p, item, cells);
    if (of.column >= chunk.count) { continue; }
    held_cell const& one = board.cells[of.one];
    std::int64_t const channel = (chunk.first + of.column) * N;
    list_part const points{p.lists.rows + one.start, 0, one.count, 1};
    holders<N> held{};
    find_holders(p, points, features + (one.skip + channel), held);
    cell_terms<Result, N> terms;
    terms.load(p.gradients, one.from + channel * p.gradients.channel_stride);
    spread_list<Value>(p, points, channel, one.count, terms, held);
  }
}

/// Cells that are not crowded, 32 per warp: those with more than a few points, then the others.
template <class Value, int N, class Params>
__device__ void hold_listed(Params const& p, hold_board& board) {
  unsigned const lane = threadIdx.x % 32;
  std::int64_t const some = p.lists.counters->some;
  std::int64_t const count = some + p.lists.counters->few;
  std::int64_t const warp = std::int64_t(blockIdx.x) * (point_threads / 32) + threadIdx.x / 32;
  std::int64_t const warps = std::int64_t(gridDim.x) * (point_threads / 32);
  for (std::int64_t first = warp * 32; first < count; first += warps * 32) {
    auto const here = static_cast<unsigned>(min(count - first, std::int64_t{32}));
    if (lane < here) {
      std::int64_t const i = first + lane;
      cell_list const one = i < some ? p.lists.some[i] : p.lists.few[i - some];
      board.cells[lane] = {p.gradients.element(one.cell), skip_for(p, one.cell, p.lists.rows[one.start]), one.start,
                           one.count};
    }
    __syncwarp();
    for_each_chunk(p, [&](vector_chunk chunk) {
      with_float_type(p.gradients.type,
                      [&](auto zero) { hold_cells<Value, decltype(zero), N>(p, board, here, chunk); });
    });
    __syncwarp();  // the next cells overwrite the board
  }
}

/// The greatest candidates of all lanes that have the same column of `width`, a power of 2.
template <int N>
__device__ void agree_in_warp(holders<N>& held, unsigned width) {
  for (unsigned step = width; step < 32; step *= 2) {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      held.max[i] = max(held.max[i], __shfl_xor_sync(0xffffffffu, held.max[i], static_cast<int>(step)));
      held.min[i] = max(held.min[i], __shfl_xor_sync(0xffffffffu, held.min[i], static_cast<int>(step)));
    }
  }
}

/// Crowded cells, one per block: threads share the points of the list, and agree on the holders in shared memory.
template <class Value, int N, class Params>
__device__ void hold_crowds(Params const& p, holders<N> (&agreed)[most_crowd_vectors]) {
  unsigned width = 1;
  while (width < most_crowd_vectors && width < p.vectors) { width *= 2; }
  unsigned const column = threadIdx.x % width;
  unsigned const cells = p.lists.counters->crowded;
  for (unsigned index = blockIdx.x; index < cells; index += gridDim.x) {
    crowded_cell const one = p.lists.crowded[index];
    list_part const points{p.lists.rows + one.start, threadIdx.x / width, one.count, point_threads / width};
    auto const* const features =
        static_cast<Value const*>(p.features.values) + skip_for(p, one.cell, p.lists.rows[one.start]);
    std::int64_t const from = p.gradients.element(one.cell);
    for (std::int64_t first = std::int64_t(blockIdx.y) * width; first < p.vectors;
         first += std::int64_t(gridDim.y) * width) {
      std::int64_t const channel = (first + column) * N;
      bool const exists = first + column < p.vectors;
      if (threadIdx.x < width) { agreed[column] = {}; }
      __syncthreads();
      holders<N> held{};
      if (exists) { find_holders(p, points, features + channel, held); }
      agree_in_warp(held, width);
      if (exists && threadIdx.x % 32 < width) {
#pragma unroll
        for (int i = 0; i < N; ++i) {
          atomicMax(&agreed[column].max[i], held.max[i]);
          atomicMax(&agreed[column].min[i], held.min[i]);
        }
      }
      __syncthreads();
      if (exists) {
        with_float_type(p.gradients.type, [&](auto zero) {
          cell_terms<decltype(zero), N> terms;
          terms.load(p.gradients, from + channel * p.gradients.channel_stride);
          spread_list<Value>(p, points, channel, one.count, terms, agreed[column]);
        });
      }
      __syncthreads();  // the next vectors overwrite these
    }
  }
}

/// Writes zeros to the rows of lanes whose rows are in no cell. Called by a warp.
template <class Value, int N>
__device__ void write_dropped_lanes(cell_backward_params const& p, hold_board& board, std::int64_t row, bool drops) {
  unsigned const lanes = __ballot_sync(0xffffffffu, drops);
  if (lanes == 0) { return; }
  if (drops) { board.dropped[__popc(lanes & ((1u << threadIdx.x % 32) - 1))] = row; }
  __syncwarp();
  for_each_chunk(p, [&](vector_chunk chunk) {
    write_zeros<Value, N>(p, __popc(lanes), chunk, [&](unsigned i) { return board.dropped[i]; });
  });
  __syncwarp();  // the next rows overwrite the board
}

}  // namespace robocache::detail
