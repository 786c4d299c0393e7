// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/backward.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>

// Gradients of sums and means: each point gets those of its cell, whatever other points are in the cell.
namespace robocache::detail {

/// What a warp knows about the rows of a step.
struct spread_board {
  std::int64_t
      from[rows_a_step];      ///< element at which the gradients of the cell begin, or a value that stands for none
  float counts[rows_a_step];  ///< points of the cell, where a mean is divided by it
};

/// Gathers the gradients for a step's points, and writes them.
template <class Value, class Result, int N>
__device__ void spread_step(cell_backward_params const& p, spread_board const& board, std::int64_t first_row,
                            vector_chunk chunk) {
  constexpr int at_once = gradients_at_once<N>;
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

}  // namespace robocache::detail
