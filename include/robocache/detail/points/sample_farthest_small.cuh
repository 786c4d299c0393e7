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
// places of points, the coordinates of a sample are read from memory, where they are in the L1 cache, and points that
// were taken are not marked among the distances. Theirs is 0, which is the largest only where all points that are left
// are where samples are.
namespace robocache::detail {

/// The distance, as bits, and the index of a point that may be next.
struct alignas(8) farthest_candidate {
  int distance;
  std::uint32_t index;
};

/// The first of the lanes' points, to all of them.
inline __device__ farthest_candidate first_of(farthest_candidate const& mine) {
  int const top = __reduce_max_sync(0xffffffffu, mine.distance);
  return {top, __reduce_min_sync(0xffffffffu, mine.distance == top ? mine.index : UINT32_MAX)};
}

/// Reads the points of a cloud.
struct point_reader {
  float const* x;
  float const* y;
  float const* z;
  std::int64_t stride;  ///< in elements

  __device__ point_reader(point_clouds const& clouds, device::cloud const& one) : stride(clouds.point_stride) {
    std::int64_t const first = one.element(0, clouds.batch_stride, clouds.point_stride);
    x = clouds.x + first;
    y = clouds.y + first;
    z = clouds.z + first;
  }

  __device__ farthest_point at(std::uint32_t index) const {
    std::int64_t const e = index * stride;
    return {0, index, x[e], y[e], z[e]};
  }
};

/// What a thread has of a cloud: the points t, t + `Threads`, and so on.
template <int Points, int Threads>
struct small_points {
  float x[Points], y[Points], z[Points], distance[Points];
  std::uint32_t taken = 0;  ///< a bit for each

  /// Marks a sample, if it is here.
  __device__ void take(std::uint32_t index) {
    std::uint32_t const place = index / Threads;
    if (index % Threads == threadIdx.x) { taken |= 1u << place; }
  }

  /// Brings the distances up to date with a sample.
  /// @return the largest, which is that of a point that was taken where it is 0
  __device__ float visit(farthest_point const& at) {
    float farthest[2] = {device::taken_distance, device::taken_distance};
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      distance[i] = device::nearer(device::squared_distance(x[i], y[i], z[i], at.x, at.y, at.z), distance[i]);
      farthest[i % 2] = fmaxf(distance[i], farthest[i % 2]);
    }
    return fmaxf(farthest[0], farthest[1]);
  }

  /// The first point with this distance.
  __device__ std::uint32_t first_at(float farthest) const {
    std::uint32_t place = 0;
#pragma unroll
    for (int i = Points; i-- > 0;) { place = distance[i] == farthest ? i : place; }
    return threadIdx.x + place * Threads;
  }

  /// The first point that was not taken, where no distance is above 0.
  __device__ farthest_candidate first_left() const {
    farthest_candidate found{distance_bits(device::taken_distance), 0};
#pragma unroll
    for (int i = Points; i-- > 0;) {
      if (distance[i] >= 0.0f && (taken >> i & 1) == 0) { found = {0, threadIdx.x + i * Threads}; }
    }
    return found;
  }
};

/// A block for each cloud.
template <int Points, int Threads>
__global__ void __launch_bounds__(Threads) sample_farthest_small_kernel(__grid_constant__ farthest_params const p) {
  constexpr int warps = Threads / 32;
  __shared__ farthest_candidate of_warp[2][warps];
  __shared__ std::uint32_t counts[warps];
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  for (std::int64_t b = blockIdx.x; b < p.clouds.batch; b += gridDim.x) {
    device::cloud const one = device::cloud_of(p.clouds, b);
    point_reader const reader(p.clouds, one);
    small_points<Points, Threads> points;
    std::uint32_t count = 0;
    std::uint32_t lowest = UINT32_MAX;
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      std::uint32_t const index = threadIdx.x + i * Threads;
      points.distance[i] = device::taken_distance;
      points.x[i] = points.y[i] = points.z[i] = 0.0f;
      if (index >= one.length) { continue; }
      farthest_point const point = reader.at(index);
      points.x[i] = point.x;
      points.y[i] = point.y;
      points.z[i] = point.z;
      if (!device::is_finite_point(points.x[i], points.y[i], points.z[i])) { continue; }
      points.distance[i] = INFINITY;
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
    auto const found = static_cast<int>(steps.found());
    std::uint32_t taken = found == 0 ? 0 : start_point(p, one, b, lowest).index;
    for (int k = 0; k < found; ++k) {
      farthest_point const at = reader.at(taken);
      steps.write(k, at);
      if (k + 1 == found) { break; }
      points.take(taken);
      float const farthest = points.visit(at);
      farthest_candidate mine{distance_bits(farthest), points.first_at(farthest)};
      mine = first_of(mine);
      if (mine.distance == 0) { mine = first_of(points.first_left()); }
      if (lane == 0) { of_warp[k % 2][warp] = mine; }
      __syncthreads();
      taken = first_of(of_warp[k % 2][lane % warps]).index;  // some of them several times
    }
    steps.finish();
  }
}

}  // namespace robocache::detail
