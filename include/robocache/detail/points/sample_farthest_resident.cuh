// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/cluster.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/points/farthest_key.cuh>
#include <robocache/detail/points/farthest_share.cuh>
#include <robocache/detail/points/sample_farthest_order.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/detail/points/sample_farthest_policy.cuh>
#include <robocache/detail/points/sample_output.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>

// Farthest point sampling of a cloud whose points, and their distances, are in the registers of a block, or of the
// blocks of a cluster.
namespace robocache::detail {

/// The points of a thread.
template <int Points>
struct resident_points {
  float x[Points], y[Points], z[Points], distance[Points];
  std::uint32_t index[Points];

  __device__ void clear(int i) {
    distance[i] = device::taken_distance;
    x[i] = y[i] = z[i] = 0.0f;
    index[i] = UINT32_MAX;
  }

  /// Of a cloud in order: a warp has neighbours in space, and warps that follow each other are in other blocks, since
  /// they are near to the same samples.
  __device__ void load_in_order(farthest_params const& p, std::int64_t begin, std::int64_t count, unsigned rank) {
    unsigned const warp = threadIdx.x / 32 * static_cast<unsigned>(p.blocks) + rank;
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      std::int64_t const at = (std::int64_t{warp} * Points + i) * 32 + threadIdx.x % 32;
      clear(i);
      if (at >= count) { continue; }
      ordered_point const one = p.ordered[begin + at];
      x[i] = one.x;
      y[i] = one.y;
      z[i] = one.z;
      index[i] = one.index;
      distance[i] = INFINITY;
    }
  }

  /// Of a cloud as it is, without the points that are not finite.
  __device__ void load(farthest_params const& p, device::cloud const& one) {
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      std::uint32_t const at = threadIdx.x + i * blockDim.x;
      clear(i);
      if (at >= one.length) { continue; }
      std::int64_t const e = one.element(at, p.clouds.batch_stride, p.clouds.point_stride);
      x[i] = p.clouds.x[e];
      y[i] = p.clouds.y[e];
      z[i] = p.clouds.z[e];
      if (!device::is_finite_point(x[i], y[i], z[i])) { continue; }
      index[i] = at;
      distance[i] = INFINITY;
    }
  }

  /// The box around the points of a warp.
  __device__ point_box box() const {
    ordered_box mine;
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      if (distance[i] >= 0.0f) { mine.add(x[i], y[i], z[i]); }
    }
    return mine.around_lanes();
  }

  /// Brings the distances up to date with the sample that was taken last, which is marked if it is here.
  /// @param best  of the thread's points; changed where they are
  /// @return the lane whose point is the farthest of the warp
  __device__ int visit(farthest_point const& taken, farthest_point& best) {
    float farthest = device::taken_distance;
    std::uint32_t of = UINT32_MAX;
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      float const before = index[i] == taken.key.index ? device::taken_distance : distance[i];
      distance[i] = device::nearer(device::squared_distance(x[i], y[i], z[i], taken.x, taken.y, taken.z), before);
      if (device::is_farther(distance[i], index[i], farthest, of)) {
        farthest = distance[i];
        of = index[i];
      }
    }
    best.key = farthest_key_of(farthest, of);
    int const winner = first_lane(best.key);
    if (threadIdx.x % 32 == static_cast<unsigned>(winner)) {
#pragma unroll
      for (int i = 0; i < Points; ++i) {
        if (index[i] != of) { continue; }
        best.x = x[i];
        best.y = y[i];
        best.z = z[i];
      }
    }
    return winner;
  }
};

/// What is known of a cloud before its first sample.
struct cloud_start {
  std::int64_t finite;
  std::uint32_t first;  ///< finite point
};

/// Of a cloud that is not in order and belongs to one block.
template <int Points>
__device__ cloud_start find_start(resident_points<Points> const& mine) {
  __shared__ std::uint32_t counts[32];
  __shared__ std::uint32_t firsts[32];
  unsigned const lane = threadIdx.x % 32;
  unsigned const warps = blockDim.x / 32;
  std::uint32_t count = 0;
#pragma unroll
  for (int i = 0; i < Points; ++i) { count += mine.index[i] != UINT32_MAX ? 1 : 0; }
  std::uint32_t first = UINT32_MAX;
#pragma unroll
  for (int i = 0; i < Points; ++i) { first = min(first, mine.index[i]); }
  count = __reduce_add_sync(0xffffffffu, count);
  first = __reduce_min_sync(0xffffffffu, first);
  if (lane == 0) {
    counts[threadIdx.x / 32] = count;
    firsts[threadIdx.x / 32] = first;
  }
  __syncthreads();
  return {__reduce_add_sync(0xffffffffu, lane < warps ? counts[lane] : 0),
          __reduce_min_sync(0xffffffffu, lane < warps ? firsts[lane] : UINT32_MAX)};
}

/// A row of the grid for each cloud: one block, or the blocks of a cluster. Clouds with more finite points than there
/// is room for are left to `sample_farthest_buckets_kernel`.
template <int Points>
__global__ void __launch_bounds__(farthest_threads)
    sample_farthest_resident_kernel(__grid_constant__ farthest_params const p) {
  auto& share = *reinterpret_cast<farthest_share*>(launched_memory());
  auto const blocks = static_cast<unsigned>(p.blocks);
  unsigned const rank = blocks == 1 ? 0 : cluster_rank();
  for (std::int64_t b = blockIdx.y; b < p.clouds.batch; b += gridDim.y) {
    device::cloud const one = device::cloud_of(p.clouds, b);
    resident_points<Points> mine;
    cloud_start start{};
    if (p.ordered == nullptr) {
      mine.load(p, one);
      start = find_start(mine);
    } else {
      start = {std::int64_t{UINT32_MAX - p.extents[b].missing}, p.extents[b].first};
      if (start.finite > p.resident) { continue; }
      mine.load_in_order(p, ordered_begin(p, one), start.finite, rank);
    }
    sample_loop const loop(p, b, start.finite, rank);
    if (loop.found > 0) {
      point_box const box = mine.box();
      farthest_point taken = start_point(p, one, b, start.first);
      farthest_point best{no_farthest, 0.0f, 0.0f, 0.0f};
      int winner = 0;
      for (std::int64_t k = 0; loop.write_and_go_on(k, taken); ++k) {
        float const farthest = distance_of({__shfl_sync(0xffffffffu, best.key.distance, winner), 0});
        if (k == 0 || box.matters(taken, farthest)) { winner = mine.visit(taken, best); }
        taken = share.meet(best, winner, static_cast<int>(k % 2), rank, blocks);
      }
    }
    loop.finish();
  }
}

}  // namespace robocache::detail
