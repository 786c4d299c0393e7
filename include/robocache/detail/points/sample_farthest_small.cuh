// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/points/farthest_meeting.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/detail/points/sample_farthest_policy.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>

// Farthest point sampling of a cloud that is not in order: its points, and their distances, are in a block's registers.
// All warps are busy in each step, so that the number of their instructions is what it takes: indices follow from the
// places of points, and the coordinates of a sample are read from memory, where they are in the L1 cache.
namespace robocache::detail {

/// The distance, as bits, and the index of a point that may be next.
struct alignas(8) farthest_candidate {
  int distance;
  std::uint32_t index;
};

/// The index of the first of the lanes' points.
inline __device__ std::uint32_t first_index(farthest_candidate mine) {
  int const top = __reduce_max_sync(0xffffffffu, mine.distance);
  return __shfl_sync(0xffffffffu, mine.index, first_lane(mine.distance, mine.index, top));
}

/// A block for each cloud. Thread t has points t, t + `farthest_threads`, and so on.
template <int Points>
__global__ void __launch_bounds__(farthest_threads)
    sample_farthest_small_kernel(__grid_constant__ farthest_params const p) {
  constexpr int threads = farthest_threads;
  constexpr int warps = threads / 32;
  __shared__ farthest_candidate of_warp[2][warps];
  __shared__ std::uint32_t counts[warps];
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  constexpr farthest_candidate none{INT32_MIN, UINT32_MAX};
  for (std::int64_t b = blockIdx.x; b < p.clouds.batch; b += gridDim.x) {
    device::cloud const one = device::cloud_of(p.clouds, b);
    auto const element = [&](std::uint32_t i) { return one.element(i, p.clouds.batch_stride, p.clouds.point_stride); };
    float x[Points], y[Points], z[Points], distance[Points];
    std::uint32_t count = 0;
    std::uint32_t lowest = UINT32_MAX;
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      std::uint32_t const index = threadIdx.x + i * threads;
      distance[i] = device::taken_distance;
      x[i] = y[i] = z[i] = 0.0f;
      if (index >= one.length) { continue; }
      std::int64_t const e = element(index);
      x[i] = p.clouds.x[e];
      y[i] = p.clouds.y[e];
      z[i] = p.clouds.z[e];
      if (!device::is_finite_point(x[i], y[i], z[i])) { continue; }
      distance[i] = INFINITY;
      ++count;
      lowest = min(lowest, index);
    }
    count = __reduce_add_sync(0xffffffffu, count);
    lowest = __reduce_min_sync(0xffffffffu, lowest);
    if (lane == 0) {
      counts[warp] = count;
      of_warp[1][warp].index = lowest;
    }
    __syncthreads();
    count = __reduce_add_sync(0xffffffffu, lane < warps ? counts[lane] : 0);
    lowest = __reduce_min_sync(0xffffffffu, lane < warps ? of_warp[1][lane].index : UINT32_MAX);
    farthest_steps const steps(p, b, count, 0);
    std::uint32_t taken = steps.found() == 0 ? 0 : start_point(p, one, b, lowest).index;
    for (std::int64_t k = 0; k < steps.found(); ++k) {
      std::int64_t const e = element(taken);
      farthest_point const at{0, taken, p.clouds.x[e], p.clouds.y[e], p.clouds.z[e]};
      steps.write(k, at);
      if (k + 1 == steps.found()) { break; }
      std::uint32_t const ahead = taken - threadIdx.x;
      float farthest = device::taken_distance;
      std::uint32_t place = 0;
#pragma unroll
      for (int i = 0; i < Points; ++i) {
        float const before = ahead == static_cast<std::uint32_t>(i * threads) ? device::taken_distance : distance[i];
        distance[i] = device::nearer(device::squared_distance(x[i], y[i], z[i], at.x, at.y, at.z), before);
        // Indices ascend, so the first of a thread's points with the same distance stays.
        place = distance[i] > farthest ? i * threads : place;
        farthest = fmaxf(distance[i], farthest);
      }
      farthest_candidate const mine{distance_bits(farthest), threadIdx.x + place};
      int const top = __reduce_max_sync(0xffffffffu, mine.distance);
      if (lane == static_cast<unsigned>(first_lane(mine.distance, mine.index, top))) { of_warp[k % 2][warp] = mine; }
      __syncthreads();
      taken = first_index(lane < warps ? of_warp[k % 2][lane] : none);
    }
    steps.finish();
  }
}

}  // namespace robocache::detail
