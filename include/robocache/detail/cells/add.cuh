// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/cells/params.hpp>
#include <robocache/detail/cells/policy.cuh>
#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/results.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/arithmetic.cuh>

// Sums in any order: straight into the results, which the L2 cache should hold.
namespace robocache::detail {

/// Adds each point's features to its cell: a warp takes the vectors of 32 points side by side.
template <class Cell, class Value, int N>
__global__ void __launch_bounds__(point_threads) cell_add_kernel(__grid_constant__ cell_add_params const p) {
  static_assert(N % 4 == 0, "vectors of 16 bytes are added");
  constexpr int at_once = add_at_once;
  unsigned const lane = threadIdx.x % 32;
  unsigned const vectors = p.features.vectors.value;
  std::int64_t const channels = std::int64_t(vectors) * N;
  for_each_row<Cell>(p.points, p.dropped, [&](std::int64_t row, Cell const(&cell)[points_at_once]) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      if (p.count != nullptr && cell[r] >= 0) { atomicAdd(p.count + cell[r], 1); }
      std::int64_t const first = row - lane + r * 32;
      for (unsigned turn = lane; turn < 32 * vectors; turn += 32 * at_once) {
        packed_floats<Value, N> packed[at_once] = {};
        float* to[at_once];
#pragma unroll
        for (int i = 0; i < at_once; ++i) {
          unsigned const item = min(turn + 32 * i, 32 * vectors - 1);
          unsigned const point = p.features.vectors.quotient(item);
          unsigned const channel = (item - point * vectors) * N;
          Cell const into = __shfl_sync(0xffffffffu, cell[r], static_cast<int>(point));
          bool const adds = turn + 32 * i < 32 * vectors && into >= 0;
          to[i] = adds ? p.sums + (std::int64_t(into) * channels + channel) : nullptr;
          std::int64_t const from = p.features.skip(into) + (first + point) * p.features.point_stride + channel;
          if (adds) { packed[i] = load_packed<N>(static_cast<Value const*>(p.features.values) + from); }
        }
#pragma unroll
        for (int i = 0; i < at_once; ++i) {
          if (to[i] == nullptr) { continue; }
          float x[N];
          unpack(packed[i], x);
#pragma unroll
          for (int j = 0; j < N; j += 4) { add_to_memory(to[i] + j, float4{x[j], x[j + 1], x[j + 2], x[j + 3]}); }
        }
      }
    }
  });
}

/// Turns sums into means. Many sums of a scattered cloud are of one point or none, and are means already.
template <int Threads>
__global__ void __launch_bounds__(Threads) cell_divide_kernel(__grid_constant__ cell_divide_params const p) {
  wait_for_launch_before();
  bool const in_place = p.sums == p.means;
  for (std::int64_t i = std::int64_t(blockIdx.x) * Threads + threadIdx.x; i < p.vectors;
       i += std::int64_t(gridDim.x) * Threads) {
    std::int64_t const cell =
        p.narrow ? p.vectors_each.quotient(static_cast<std::uint32_t>(i)) : i / p.vectors_each.value;
    std::int32_t const count = p.count[cell];
    if (in_place && count < 2) { continue; }
    auto const by = static_cast<float>(count);
    float4 x = reinterpret_cast<float4 const*>(p.sums)[i];
    if (count > 1) {
      x = {device::div_rn(x.x, by), device::div_rn(x.y, by), device::div_rn(x.z, by), device::div_rn(x.w, by)};
    }
    reinterpret_cast<float4*>(p.means)[i] = x;
  }
}

}  // namespace robocache::detail
