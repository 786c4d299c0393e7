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

// Farthest point sampling of a cloud that is in order in memory, by one block or the blocks of a cluster. A bucket is a
// run of points that are neighbours in space. A lane knows the box around its bucket and the farthest point in it, and
// so knows without a look at the points that a new sample changes nothing: where the sample is not nearer to the box
// than the farthest point is to what was taken.
namespace robocache::detail {

/// Which buckets a warp has: lane i has bucket `first + i * apart`. Neighbours are dealt out to blocks, then to warps,
/// since they are all near to the same samples.
struct bucket_share {
  std::uint32_t first, apart;
  std::uint32_t points;  ///< of a bucket
  std::uint32_t count;   ///< of the cloud
  std::int64_t begin;    ///< of the cloud in order

  __device__ bucket_share(std::int64_t begin_, std::int64_t finite, unsigned rank, unsigned blocks)
      : first(rank + blocks * (threadIdx.x / 32)),
        apart(blocks * (blockDim.x / 32)),
        count(static_cast<std::uint32_t>(finite)),
        begin(begin_) {
    std::uint32_t const lanes = 32 * apart;
    points = max(std::uint32_t{bucket_points}, (count + 32 * lanes - 1) / (32 * lanes) * 32);
  }
  /// Counted from the cloud's first point; beyond all points where there is no bucket.
  __device__ std::uint32_t begin_of(unsigned i) const {
    std::uint64_t const at = std::uint64_t{first + i * apart} * points;
    return at < count ? static_cast<std::uint32_t>(at) : count;
  }
  __device__ std::uint32_t end_of(unsigned i) const { return min(begin_of(i) + points, count); }
};

/// A lane's bucket.
struct farthest_bucket {
  std::uint32_t begin;
  std::uint32_t end;
  sample_box box;
  farthest_point farthest;
};

/// The buckets of a warp, without their farthest points.
inline __device__ farthest_bucket find_bucket(farthest_params const& p, bucket_share const& share) {
  unsigned const lane = threadIdx.x % 32;
  farthest_bucket mine{};
  for (unsigned i = 0; i < 32 && share.begin_of(i) < share.count; ++i) {
    ordered_box of_lane;
    for (std::uint32_t at = share.begin_of(i) + lane; at < share.end_of(i); at += 32) {
      ordered_point const one = p.ordered[share.begin + at];
      of_lane.add(one.x, one.y, one.z);
    }
    sample_box const box = of_lane.around_lanes();
    if (lane == i) { mine.box = box; }
  }
  mine.begin = share.begin_of(lane);
  mine.end = share.end_of(lane);
  mine.farthest = no_farthest_point();
  return mine;
}

/// Brings the distances of a bucket up to date with the sample that was taken last, which is marked if it is there.
/// @param begin, end  of the bucket
/// @return its farthest point, to all lanes
inline __device__ farthest_point visit_bucket(farthest_params const& p, std::int64_t begin, std::int64_t end,
                                              farthest_point const& taken) {
  constexpr int at_once = bucket_points / 32;
  float farthest = device::taken_distance;
  farthest_point mine = no_farthest_point();
  for (std::int64_t base = begin + threadIdx.x % 32; base < end; base += 32 * at_once) {
    ordered_point point[at_once];
    float before[at_once];
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      before[k] = device::taken_distance;
      point[k] = {};
      if (base + 32 * k >= end) { continue; }
      point[k] = p.ordered[base + 32 * k];
      before[k] = p.distances[base + 32 * k];
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      ordered_point const& one = point[k];
      float now = device::nearer(device::squared_distance(one.x, one.y, one.z, taken.x, taken.y, taken.z), before[k]);
      if (one.index == taken.index) { now = device::taken_distance; }
      if (now != before[k]) { p.distances[base + 32 * k] = now; }
      if (now > farthest || (now == farthest && now >= 0.0f && one.index < mine.index)) {
        farthest = now;
        mine = {0, one.index, one.x, one.y, one.z};
      }
    }
  }
  mine.distance = distance_bits(farthest);
  int const lane = first_lane(mine.distance, mine.index, __reduce_max_sync(0xffffffffu, mine.distance));
  return {__shfl_sync(0xffffffffu, mine.distance, lane), __shfl_sync(0xffffffffu, mine.index, lane),
          __shfl_sync(0xffffffffu, mine.x, lane), __shfl_sync(0xffffffffu, mine.y, lane),
          __shfl_sync(0xffffffffu, mine.z, lane)};
}

/// Visits the warp's buckets for which the last sample may matter, or all.
/// @return the lane whose bucket has the farthest point of the warp
inline __device__ int visit_buckets(farthest_params const& p, std::int64_t first, farthest_bucket& mine,
                                    farthest_point const& taken, bool all) {
  bool const matters = mine.begin < mine.end && (all || device::may_matter(mine.box.least_distance_to(taken),
                                                                           __int_as_float(mine.farthest.distance)));
  unsigned visits = __ballot_sync(0xffffffffu, matters);
  while (visits != 0) {
    int const i = __ffs(static_cast<int>(visits)) - 1;
    visits &= visits - 1;
    std::int64_t const begin = first + __shfl_sync(0xffffffffu, mine.begin, i);
    std::int64_t const end = first + __shfl_sync(0xffffffffu, mine.end, i);
    farthest_point const found = visit_bucket(p, begin, end, taken);
    if (threadIdx.x % 32 == static_cast<unsigned>(i)) { mine.farthest = found; }
  }
  return first_lane(mine.farthest.distance, mine.farthest.index,
                    __reduce_max_sync(0xffffffffu, mine.farthest.distance));
}

/// A row of the grid for each cloud: one block, or the blocks of a cluster. Clouds that fit registers are left to
/// `sample_farthest_resident_kernel`.
template <bool Cluster>
__global__ void __launch_bounds__(farthest_threads, 1)
    sample_farthest_buckets_kernel(__grid_constant__ farthest_params const p) {
  unsigned const rank = Cluster ? cluster_rank() : 0;
  auto const blocks = static_cast<unsigned>(p.shape.blocks);
  farthest_meeting<Cluster> meeting(*reinterpret_cast<farthest_share*>(launched_memory()), rank, blocks);
  for (std::int64_t b = blockIdx.y; b < p.clouds.batch; b += gridDim.y) {
    device::cloud const one = device::cloud_of(p.clouds, b);
    std::int64_t const finite = UINT32_MAX - p.extents[b].missing;
    if (finite <= p.resident) { continue; }
    farthest_steps const steps(p, b, finite, rank);
    if (steps.found() > 0) {
      bucket_share const own(ordered_begin(p, one), finite, rank, blocks);
      farthest_bucket mine = find_bucket(p, own);
      farthest_point taken = start_point(p, one, b, p.extents[b].first);
      steps.write(0, taken);
      for (std::int64_t k = 1; k < steps.found(); ++k) {
        int const winner = visit_buckets(p, own.begin, mine, taken, k == 1);
        taken = meeting.agree(mine.farthest, winner);
        steps.write(k, taken);
      }
    }
    steps.finish();
  }
  if constexpr (Cluster) { cluster_barrier(); }
}

}  // namespace robocache::detail
