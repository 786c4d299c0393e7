// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/backward.cuh>
#include <robocache/detail/common/clouds/hold.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/spread.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Gradients through the cells of a grid.
namespace robocache::detail {

/// Rows are dealt out as points are; rows of the grid's blocks take chunks of their vectors.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads, backward_blocks<N>)
    cell_spread_kernel(__grid_constant__ cell_backward_params const p) {
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
    __syncwarp();  // the next rows overwrite the board
  });
  write_gaps<Value, N>(p);
}

/// Writes zeros for points that are in no cell.
template <class Value, int N>
__device__ void write_dropped(cell_backward_params const& p, hold_board& board) {
  for_each_row<std::int64_t>(p.points, nullptr, [&](std::int64_t row, std::int64_t const(&cell)[points_at_once]) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      write_dropped_lanes<Value, N>(p, board, row + r * 32, cell[r] == dropped_point);
    }
  });
}

/// Large cells come first: small ones fill the gaps at the end.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads, backward_blocks<N>)
    cell_hold_kernel(__grid_constant__ cell_backward_params const p) {
  __shared__ hold_board boards[point_threads / 32];
  __shared__ holders<N> agreed[most_crowd_vectors];
  hold_board& board = boards[threadIdx.x / 32];
  wait_for_launch_before();
  hold_crowds<Value, N>(p, agreed);
  hold_listed<Value, N>(p, board);
  write_dropped<Value, N>(p, board);
  write_gaps<Value, N>(p);
}

}  // namespace robocache::detail
