// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/cluster.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/points/farthest_meeting.cuh>
#include <robocache/detail/points/sample_farthest_order.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/detail/points/sample_farthest_policy.cuh>
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

  /// Warps that follow each other are in other blocks, since they are near to the same samples.
  __device__ void load(farthest_params const& p, std::int64_t begin, std::int64_t count, unsigned rank) {
    unsigned const warp = threadIdx.x / 32 * static_cast<unsigned>(p.shape.blocks) + rank;
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      std::int64_t const at = (std::int64_t{warp} * Points + i) * 32 + threadIdx.x % 32;
      distance[i] = device::taken_distance;
      x[i] = y[i] = z[i] = 0.0f;
      index[i] = UINT32_MAX;
      if (at >= count) { continue; }
      ordered_point const one = p.ordered[begin + at];
      x[i] = one.x;
      y[i] = one.y;
      z[i] = one.z;
      index[i] = one.index;
      distance[i] = INFINITY;
    }
  }

  /// The box around the points of a warp.
  __device__ sample_box box() const {
    ordered_box mine;
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      if (distance[i] >= 0.0f) { mine.add(x[i], y[i], z[i]); }
    }
    return mine.around_lanes();
  }

  /// Brings the distances up to date with the sample that was taken last, which is marked if it is here.
  /// @param mine  becomes the farthest point of the thread
  /// @return the lane that has the farthest of the warp
  __device__ int visit(farthest_point const& taken, farthest_point& mine) {
    float farthest = device::taken_distance;
#pragma unroll
    for (int i = 0; i < Points; ++i) {
      float const before = index[i] == taken.index ? device::taken_distance : distance[i];
      distance[i] = device::nearer(device::squared_distance(x[i], y[i], z[i], taken.x, taken.y, taken.z), before);
      farthest = fmaxf(farthest, distance[i]);
    }
    mine.distance = distance_bits(farthest);
    mine.index = UINT32_MAX;
#pragma unroll
    for (int i = 0; i < Points; ++i) { mine.index = min(mine.index, distance[i] == farthest ? index[i] : UINT32_MAX); }
    top_ = __reduce_max_sync(0xffffffffu, mine.distance);
    int const winner = first_lane(mine.distance, mine.index, top_);
    if (threadIdx.x % 32 == static_cast<unsigned>(winner)) {
#pragma unroll
      for (int i = 0; i < Points; ++i) {
        if (index[i] != mine.index) { continue; }
        mine.x = x[i];
        mine.y = y[i];
        mine.z = z[i];
      }
    }
    return winner;
  }

  /// The largest distance in the warp.
  __device__ float farthest() const { return __int_as_float(top_); }

 private:
  int top_ = 0;
};

/// A row of the grid, which is a cluster, for each cloud. Clouds with more finite points than there is room for are
/// left to `sample_farthest_buckets_kernel`.
template <int Points>
__global__ void __launch_bounds__(farthest_threads, 1)
    sample_farthest_resident_kernel(__grid_constant__ farthest_params const p) {
  unsigned const rank = cluster_rank();
  farthest_meeting<true> meeting(*reinterpret_cast<farthest_share*>(launched_memory()), rank,
                                 static_cast<unsigned>(p.shape.blocks));
  for (std::int64_t b = blockIdx.y; b < p.clouds.batch; b += gridDim.y) {
    std::int64_t const finite = UINT32_MAX - p.extents[b].missing;
    if (finite > p.resident) { continue; }
    farthest_steps const steps(p, b, finite, rank);
    if (steps.found() > 0) {
      device::cloud const one = device::cloud_of(p.clouds, b);
      resident_points<Points> points;
      points.load(p, ordered_begin(p, one), finite, rank);
      sample_box const box = points.box();
      farthest_point taken = start_point(p, one, b, p.extents[b].first);
      farthest_point mine = no_farthest_point();
      steps.write(0, taken);
      int winner = 0;
      for (std::int64_t k = 1; k < steps.found(); ++k) {
        bool const matters = k == 1 || device::may_matter(box.least_distance_to(taken), points.farthest());
        if (matters) { winner = points.visit(taken, mine); }
        taken = meeting.agree(mine, winner);
        steps.write(k, taken);
      }
    }
    steps.finish();
  }
  // No block ends before all have read what it was sent.
  cluster_barrier();
}

}  // namespace robocache::detail
