// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>

// Interleaves coordinates that are in three arrays, so that those of a point can be reduced as three channels.
namespace robocache::detail {

template <int Threads>
__global__ void __launch_bounds__(Threads) pack_kernel(__grid_constant__ pack_params const p) {
  wait_for_launch_before();
  for (std::int64_t row = std::int64_t(blockIdx.x) * Threads + threadIdx.x; row < p.points.rows;
       row += std::int64_t(gridDim.x) * Threads) {
    std::int64_t const between = p.points.between_clouds == 0 ? 0 : row / p.length * p.points.between_clouds;
    std::int64_t const from = row * p.points.point_stride + between;
    float* const to = p.xyz + 3 * row;
    to[0] = __ldg(p.points.x + from);
    to[1] = __ldg(p.points.y + from);
    to[2] = __ldg(p.points.z + from);
  }
}

}  // namespace robocache::detail
