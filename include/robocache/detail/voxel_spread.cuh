// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/detail/voxel_backward_plan.cuh>
#include <robocache/detail/voxel_points.cuh>

// Gradients of sums and means: each point gets those of its cell, whatever other points are in it.
namespace robocache::detail {

/// What a block knows of the rows of a step.
struct spread_board {
  std::int64_t from[points_a_step];  ///< element at which the gradients of the cell begin; below 0: in no cell
  float counts[points_a_step];       ///< points of the cell, where a mean is divided by it
};

/// Gathers the gradients of the step's rows, and writes them.
template <class Value, class Result, int N>
__device__ void spread_step(voxel_backward_params const& p, spread_board const& board, step_rows const& rows,
                            std::int64_t first_vector) {
  constexpr int at_once = N > 4 ? 2 : 4;  // loads under way
  unsigned const vectors = vectors_from(p, first_vector);
  unsigned const items = rows.count * p.chunk.value;
  for (unsigned item = threadIdx.x; item < items; item += at_once * point_threads) {
    common_terms<Result, N> terms[at_once];
    work_item of[at_once];
    bool exists[at_once];
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      of[k] = item_of(p, item + k * point_threads, rows.count);
      exists[k] = item + k * point_threads < items && of[k].column < vectors;
      std::int64_t const from = exists[k] ? board.from[of[k].one] : -1;
      if (from >= 0) {
        terms[k].load(p.gradients, from + (first_vector + of[k].column) * N * p.gradients.channel_stride);
      }
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (!exists[k]) { continue; }
      float x[N] = {};
      if (board.from[of[k].one] >= 0) { terms[k].add_up(p.gradients, board.counts[of[k].one], x); }
      std::int64_t const to = p.out.element(rows.first + of[k].one) + (first_vector + of[k].column) * N;
      store_packed(static_cast<Value*>(p.out.values) + to, x);
    }
  }
}

/// Rows are dealt out as points are; the blocks of a column of the grid take chunks of their vectors.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads, N == 1 ? 4 : 3)
    voxel_spread_kernel(__grid_constant__ voxel_backward_params const p) {
  __shared__ spread_board board;
  point_walk<std::int64_t> walk(p.points, nullptr);
  for (unsigned step = 0; walk.begins_step(step); ++step) {
    std::int64_t cell[points_at_once];
    walk.find(cell);
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      board.from[step_rows::place(r)] = cell[r] < 0 ? -1 : p.gradients.element(cell[r]);
      if (p.gradients.mean != nullptr && cell[r] >= 0) {
        board.counts[step_rows::place(r)] = static_cast<float>(__ldg(p.lists.counts + cell[r]));
      }
    }
    __syncthreads();
    for (std::int64_t first = std::int64_t(blockIdx.y) * p.chunk.value; first < p.vectors;
         first += std::int64_t(gridDim.y) * p.chunk.value) {
      with_float_type(p.gradients.type, [&](auto zero) {
        spread_step<Value, decltype(zero), N>(p, board, rows_of_step(p.points, step), first);
      });
    }
    __syncthreads();  // the next rows take the board
  }
}

}  // namespace robocache::detail
