// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/detail/points/sample_farthest_policy.cuh>
#include <robocache/detail/points/sample_output.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>

// Farthest point sampling of a cloud whose points, and their distances, are in a block's registers.
namespace robocache::detail {

/// Which point is to be taken: its distance as a whole number in the same order, 0 for none, and its index.
struct farthest_key {
  std::uint32_t distance;
  std::uint32_t index;
};

/// Distances that are not negative are in the order of their bits.
inline __device__ farthest_key farthest_key_of(float distance, std::uint32_t index) {
  return {distance < 0.0f ? 0u : bits_of(distance) + 1, index};
}

/// The first of all lanes' keys, in each of them.
inline __device__ farthest_key first_of_lanes(farthest_key mine) {
  std::uint32_t const distance = __reduce_max_sync(0xffffffffu, mine.distance);
  return {distance, __reduce_min_sync(0xffffffffu, mine.distance == distance ? mine.index : UINT32_MAX)};
}

/// The start that was asked for, if it can be one, else the first finite point.
/// @param first  of the cloud
inline __device__ std::uint32_t start_of(farthest_params const& p, device::cloud const& one, std::int64_t b,
                                         std::uint32_t first) {
  std::int64_t const start = p.options.starts == nullptr ? p.options.start : p.options.starts[b];
  if (start < 0 || start >= one.length) { return first; }
  std::int64_t const e = one.element(start, p.clouds.batch_stride, p.clouds.point_stride);
  bool const finite = device::is_finite_point(p.clouds.x[e], p.clouds.y[e], p.clouds.z[e]);
  return finite ? static_cast<std::uint32_t>(start) : first;
}

/// A block for each cloud. Thread t has points t, t + `Threads`, and so on.
template <int Points, int Threads>
__global__ void __launch_bounds__(Threads) sample_farthest_small_kernel(__grid_constant__ farthest_params const p) {
  constexpr int warps = Threads / 32;
  __shared__ farthest_key of_warp[2][warps];
  __shared__ std::uint32_t counts[warps];
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  for (std::int64_t b = blockIdx.x; b < p.clouds.batch; b += gridDim.x) {
    device::cloud const one = device::cloud_of(p.clouds, b);
    auto const element = [&](std::uint32_t i) { return one.element(i, p.clouds.batch_stride, p.clouds.point_stride); };
    float x[Points], y[Points], z[Points], distance[Points];
    std::uint32_t mine = 0;
    std::uint32_t lowest = UINT32_MAX;
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      std::uint32_t const index = threadIdx.x + i * Threads;
      distance[i] = device::taken_distance;
      x[i] = y[i] = z[i] = 0.0f;
      if (index >= one.length) { continue; }
      std::int64_t const e = element(index);
      x[i] = p.clouds.x[e];
      y[i] = p.clouds.y[e];
      z[i] = p.clouds.z[e];
      if (!device::is_finite_point(x[i], y[i], z[i])) { continue; }
      distance[i] = INFINITY;
      ++mine;
      lowest = min(lowest, index);
    }
    mine = __reduce_add_sync(0xffffffffu, mine);
    lowest = __reduce_min_sync(0xffffffffu, lowest);
    if (lane == 0) {
      counts[warp] = mine;
      of_warp[1][warp] = {0, lowest};
    }
    __syncthreads();
    std::uint32_t const finite = __reduce_add_sync(0xffffffffu, lane < warps ? counts[lane] : 0);
    std::uint32_t const first = __reduce_min_sync(0xffffffffu, lane < warps ? of_warp[1][lane].index : UINT32_MAX);
    std::int64_t const found = min(std::int64_t{finite}, p.samples);
    sample_rows const rows(p.out, b, p.samples);
    std::uint32_t taken = found == 0 ? 0 : start_of(p, one, b, first);
    for (std::int64_t k = 0; k < found; ++k) {
      std::int64_t const e = element(taken);
      float const tx = p.clouds.x[e];
      float const ty = p.clouds.y[e];
      float const tz = p.clouds.z[e];
      if (threadIdx.x == 0) { rows.write(k, taken, tx, ty, tz); }
      if (k + 1 == found) { break; }
      if (threadIdx.x == taken % Threads) {
#pragma unroll
        for (int i = 0; i < Points; ++i) {
          if (taken / Threads == static_cast<unsigned>(i)) { distance[i] = device::taken_distance; }
        }
      }
      float best = device::taken_distance;
      int at = 0;
#pragma unroll
      for (int i = 0; i < Points; ++i) {
        distance[i] = device::nearer(device::squared_distance(x[i], y[i], z[i], tx, ty, tz), distance[i]);
        // Indices ascend, so the first of a thread's points with the same distance stays.
        if (distance[i] > best) {
          best = distance[i];
          at = i;
        }
      }
      farthest_key key = first_of_lanes(farthest_key_of(best, threadIdx.x + at * Threads));
      if (lane == 0) { of_warp[k % 2][warp] = key; }
      __syncthreads();
      key = first_of_lanes(lane < warps ? of_warp[k % 2][lane] : farthest_key{0, UINT32_MAX});
      taken = key.index;
    }
    __syncthreads();  // what thread 0 wrote is seen, and the next cloud may begin
    if (threadIdx.x == 0 && p.out.counts != nullptr) { p.out.counts[b] = found; }
    for (std::int64_t k = found + threadIdx.x; k < p.samples; k += Threads) {
      rows.write_missing(k, found, p.options.shortage);
    }
  }
}

}  // namespace robocache::detail
