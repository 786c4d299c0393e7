// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/backward_plan.cuh>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>

// Gradients of sums and means: each point gets those of its cell, whatever other points are in it.
namespace robocache::detail {

/// What a warp knows of the rows of a step.
struct spread_board {
  std::int64_t
      from[rows_a_step];      ///< element at which the gradients of the cell begin; or what there is instead of one
  float counts[rows_a_step];  ///< points of the cell, where a mean is divided by it
};

/// Gathers the gradients of a step's points, and writes them.
template <class Value, class Result, int N>
__device__ void spread_step(voxel_backward_params const& p, spread_board const& board, std::int64_t first_row,
                            vector_chunk chunk) {
  constexpr int at_once = N > 1 ? 2 : 4;  // loads under way
  unsigned const items = rows_a_step * p.chunk.value;
  for (unsigned item = threadIdx.x % 32; item < items; item += at_once * 32) {
    common_terms<Result, N> terms[at_once];
    work_item of[at_once];
    bool exists[at_once];
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      of[k] = item_of(p, item + k * 32, rows_a_step);
      exists[k] = item + k * 32 < items && of[k].column < chunk.count && board.from[of[k].one] != no_point;
      if (exists[k] && board.from[of[k].one] >= 0) {
        std::int64_t const channel = (chunk.first + of[k].column) * N;
        terms[k].load(p.gradients, board.from[of[k].one] + channel * p.gradients.channel_stride);
      }
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (!exists[k]) { continue; }
      float x[N] = {};
      if (board.from[of[k].one] >= 0) { terms[k].add_up(p.gradients, board.counts[of[k].one], x); }
      std::int64_t const to = p.out.element(first_row + of[k].one) + (chunk.first + of[k].column) * N;
      store_packed(static_cast<Value*>(p.out.values) + to, x);
    }
  }
}

/// Rows are dealt out as points are; rows of the grid's blocks take chunks of their vectors.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads, N > 4 ? 2 : 3)
    voxel_spread_kernel(__grid_constant__ voxel_backward_params const p) {
  __shared__ spread_board boards[point_threads / 32];
  spread_board& board = boards[threadIdx.x / 32];
  unsigned const lane = threadIdx.x % 32;
  for_each_row<std::int64_t>(p.points, nullptr, [&](std::int64_t row, std::int64_t const(&cell)[points_at_once]) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      board.from[lane + r * 32] = cell[r] < 0 ? cell[r] : p.gradients.element(cell[r]);
      if (p.gradients.mean != nullptr && cell[r] >= 0) {
        board.counts[lane + r * 32] = static_cast<float>(p.lists.counts[cell[r]]);
      }
    }
    __syncwarp();
    for_each_chunk(p, [&](vector_chunk chunk) {
      with_float_type(p.gradients.type,
                      [&](auto zero) { spread_step<Value, decltype(zero), N>(p, board, row - lane, chunk); });
    });
    __syncwarp();  // the next rows take the board
  });
  write_gaps<Value, N>(p);
}

}  // namespace robocache::detail
