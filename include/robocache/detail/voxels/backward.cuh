// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/backward.cuh>
#include <robocache/detail/common/clouds/hold.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/spread.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/voxels/params.hpp>

// Backward passes through voxels: as those through cells, except that the voxel of each row is given.
namespace robocache::detail {

/// Calls `use(row)` for steps of a warp's rows; `row` is the first.
template <class Use>
__device__ void for_each_step(cell_backward_params const& p, Use const& use) {
  std::int64_t const warps = std::int64_t(gridDim.x) * (point_threads / 32);
  std::int64_t const warp = std::int64_t(blockIdx.x) * (point_threads / 32) + threadIdx.x / 32;
  for (std::int64_t row = warp * rows_a_step; row < p.points.rows; row += warps * rows_a_step) { use(row); }
}

/// Gradients of sums and means: the first and only launch of its call.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads, backward_blocks<N>)
    voxel_spread_kernel(__grid_constant__ voxel_backward_params const p) {
  __shared__ spread_board boards[point_threads / 32];
  spread_board& board = boards[threadIdx.x / 32];
  unsigned const lane = threadIdx.x % 32;
  for_each_step(p, [&](std::int64_t first) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      std::int64_t const row = first + lane + r * 32;
      std::int64_t from = no_point;
      if (row < p.points.rows) {
        std::uint32_t const voxel = p.voxels_of == nullptr ? UINT32_MAX : static_cast<std::uint32_t>(p.voxels_of[row]);
        from = voxel < p.voxels ? p.gradients.element(voxel) : std::int64_t{dropped_point};
        if (p.count != nullptr && voxel < p.voxels) {
          board.counts[lane + r * 32] = static_cast<float>(p.count[voxel]);
        }
      }
      board.from[lane + r * 32] = from;
    }
    __syncwarp();
    for_each_chunk(p, [&](vector_chunk chunk) {
      with_float_type(p.gradients.type,
                      [&](auto zero) { spread_step<Value, decltype(zero), N>(p, board, first, chunk); });
    });
    __syncwarp();  // the next rows overwrite the board
  });
}

/// Gradients where maxima or minima are among the results.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads, backward_blocks<N>)
    voxel_hold_kernel(__grid_constant__ voxel_backward_params const p) {
  __shared__ hold_board boards[point_threads / 32];
  __shared__ holders<N> agreed[most_crowd_vectors];
  hold_board& board = boards[threadIdx.x / 32];
  unsigned const lane = threadIdx.x % 32;
  wait_for_launch_before();
  hold_crowds<Value, N>(p, agreed);
  hold_listed<Value, N>(p, board);
  for_each_step(p, [&](std::int64_t first) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      std::int64_t const row = first + lane + r * 32;
      bool const drops = row < p.points.rows && static_cast<std::uint32_t>(p.voxels_of[row]) >= p.voxels;
      write_dropped_lanes<Value, N>(p, board, row, drops);
    }
  });
}

/// Each point gets the gradient of its slot: the first and only launch of its call.
template <class Value, int N>
__global__ void __launch_bounds__(point_threads)
    gather_backward_kernel(__grid_constant__ gather_backward_params const p) {
  std::int64_t const items = p.rows * p.vectors.value;
  bool const narrow = items <= INT32_MAX;
  with_float_type(p.type, [&](auto zero) {
    using Result = decltype(zero);
    auto const* const gradients = static_cast<Result const*>(p.gradients);
    constexpr int at_once = gradients_at_once<N>;
    for (std::int64_t base = std::int64_t(blockIdx.x) * point_threads * at_once; base < items;
         base += std::int64_t(gridDim.x) * point_threads * at_once) {
      packed_floats<Result, N> packed[at_once] = {};
      std::int64_t row[at_once];
      std::int64_t channel[at_once];
      std::int64_t slot[at_once];
#pragma unroll
      for (int i = 0; i < at_once; ++i) {
        std::int64_t const item = min(base + i * point_threads + threadIdx.x, items - 1);
        row[i] = narrow ? std::int64_t{p.vectors.quotient(static_cast<std::uint32_t>(item))} : item / p.vectors.value;
        channel[i] = (item - row[i] * p.vectors.value) * N;
        slot[i] = p.count > 0 ? p.slots[row[i]] : -1;
      }
      std::int64_t const channels = std::int64_t{p.vectors.value} * N;
#pragma unroll
      for (int i = 0; i < at_once; ++i) {
        if (slot[i] >= 0 && slot[i] < p.count) {
          packed[i] = load_packed<N>(gradients + slot[i] * channels + channel[i]);
        }
      }
#pragma unroll
      for (int i = 0; i < at_once; ++i) {
        if (base + i * point_threads + threadIdx.x >= items) { continue; }
        float x[N];
        unpack(packed[i], x);
        store_packed(static_cast<Value*>(p.out.values) + (p.out.element(row[i]) + channel[i]), x);
      }
    }
  });
}

}  // namespace robocache::detail
