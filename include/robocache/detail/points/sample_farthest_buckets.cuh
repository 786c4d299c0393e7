// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/cluster.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/sample_farthest_order.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/detail/points/sample_farthest_policy.cuh>
#include <robocache/detail/points/sample_farthest_small.cuh>
#include <robocache/detail/points/sample_output.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>

// Farthest point sampling of a cloud in order, by one block or the blocks of a cluster. A bucket is a run of points
// that are neighbours in space. A lane knows the box around its bucket and the farthest point in it, and so knows
// without a look at the points that a new sample changes nothing: where the sample is not nearer to the box than the
// farthest point is to what was taken.
namespace robocache::detail {

/// The farthest point of a bucket, a warp or a block.
struct farthest_point {
  farthest_key key;
  float x, y, z;
};

/// What a block shares: the farthest points of its warps and of the cluster's blocks, of this step and of the next.
struct farthest_share {
  farthest_point of_warp[2][bucket_threads / 32];
  farthest_point of_block[2][most_bucket_blocks];
};

/// A lane's bucket.
struct farthest_bucket {
  bool exists;
  float low[3];
  float high[3];
  float best;  ///< the largest distance in it; `taken_distance` if there is none
  farthest_point farthest;
};

/// Which buckets a warp has: lane i has bucket `first + i * apart`. Neighbours are dealt out to blocks, then to warps,
/// since they are all near to the same samples.
struct bucket_share {
  std::int64_t first, apart;
  std::int64_t points;  ///< of a bucket
  std::int64_t begin;   ///< of the cloud in order
  std::int64_t end;

  __device__ bucket_share(std::int64_t begin_, std::int64_t finite, unsigned rank, unsigned blocks)
      : begin(begin_), end(begin_ + finite) {
    constexpr int warps = bucket_threads / 32;
    first = rank + std::int64_t{blocks} * (threadIdx.x / 32);
    apart = std::int64_t{blocks} * warps;
    std::int64_t const lanes = 32 * apart;
    points = max(std::int64_t{bucket_points}, (finite + 32 * lanes - 1) / (32 * lanes) * 32);
  }
  __device__ std::int64_t begin_of(int i) const { return begin + (first + i * apart) * points; }
  __device__ std::int64_t end_of(int i) const { return min(begin_of(i) + points, end); }
};

/// The boxes around a warp's buckets.
inline __device__ farthest_bucket find_bucket(farthest_params const& p, bucket_share const& share) {
  int const lane = static_cast<int>(threadIdx.x % 32);
  farthest_bucket mine{};
  for (int i = 0; i < 32 && share.begin_of(i) < share.end; ++i) {
    std::uint32_t low[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    std::uint32_t high[3] = {0, 0, 0};
    for (std::int64_t at = share.begin_of(i) + lane; at < share.end_of(i); at += 32) {
      ordered_point const point = p.ordered[at];
      float const x[3] = {point.x, point.y, point.z};
#pragma unroll
      for (int axis = 0; axis < 3; ++axis) {
        low[axis] = min(low[axis], device::order_of(x[axis]));
        high[axis] = max(high[axis], device::order_of(x[axis]));
      }
    }
#pragma unroll
    for (int axis = 0; axis < 3; ++axis) {
      std::uint32_t const lowest = __reduce_min_sync(0xffffffffu, low[axis]);
      std::uint32_t const highest = __reduce_max_sync(0xffffffffu, high[axis]);
      if (lane != i) { continue; }
      mine.low[axis] = device::from_order(lowest);
      mine.high[axis] = device::from_order(highest);
    }
    if (lane == i) { mine.exists = true; }
  }
  mine.best = INFINITY;
  return mine;
}

/// The first of the lanes' points, in each lane.
inline __device__ farthest_point first_of_lanes(farthest_point mine) {
  farthest_key const key = first_of_lanes(mine.key);
  unsigned const those = __ballot_sync(0xffffffffu, mine.key.distance == key.distance && mine.key.index == key.index);
  int const lane = __ffs(static_cast<int>(those)) - 1;
  return {key, __shfl_sync(0xffffffffu, mine.x, lane), __shfl_sync(0xffffffffu, mine.y, lane),
          __shfl_sync(0xffffffffu, mine.z, lane)};
}

/// Brings the distances of bucket i up to date with the sample that was taken last, which is marked if it is there.
/// @return its farthest point, to all lanes
inline __device__ farthest_point visit_bucket(farthest_params const& p, bucket_share const& share, int i,
                                              farthest_point const& taken) {
  constexpr int at_once = bucket_points / 32;
  std::int64_t const end = share.end_of(i);
  float best = device::taken_distance;
  farthest_point mine{{0, UINT32_MAX}, 0.0f, 0.0f, 0.0f};
  for (std::int64_t base = share.begin_of(i) + threadIdx.x % 32; base < end; base += 32 * at_once) {
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
      if (one.index == taken.key.index) { now = device::taken_distance; }
      if (now != before[k]) { p.distances[base + 32 * k] = now; }
      if (now >= 0.0f && device::is_farther(now, one.index, best, mine.key.index)) {
        best = now;
        mine = {{0, one.index}, one.x, one.y, one.z};
      }
    }
  }
  mine.key = farthest_key_of(best, mine.key.index);
  return first_of_lanes(mine);
}

/// Visits the warp's buckets for which the last sample may matter.
/// @return the farthest point of the warp, to all lanes
inline __device__ farthest_point visit_buckets(farthest_params const& p, bucket_share const& share,
                                               farthest_bucket& mine, farthest_point const& taken, bool all) {
  float const least = device::least_squared_distance(taken.x, taken.y, taken.z, mine.low, mine.high);
  // At a distance of 0 nothing comes nearer, but what was taken is still to be marked.
  bool const matters = all || least < mine.best || (least == 0.0f && mine.best == 0.0f);
  unsigned visits = __ballot_sync(0xffffffffu, mine.exists && matters);
  while (visits != 0) {
    int const i = __ffs(static_cast<int>(visits)) - 1;
    visits &= visits - 1;
    farthest_point const found = visit_bucket(p, share, i, taken);
    if (threadIdx.x % 32 != static_cast<unsigned>(i)) { continue; }
    mine.farthest = found;
    mine.best = found.key.distance == 0 ? device::taken_distance : __uint_as_float(found.key.distance - 1);
  }
  return first_of_lanes(mine.farthest);
}

/// The farthest point of the cloud, from those of all warps. Called by all threads of the cluster.
/// @param turn  of two steps that follow each other, 0 and 1: what one shares is read until the next has met
inline __device__ farthest_point farthest_of_all(farthest_share& share, farthest_point const& of_warp, int turn,
                                                 unsigned rank, unsigned blocks) {
  constexpr unsigned warps = bucket_threads / 32;
  constexpr farthest_point none{{0, UINT32_MAX}, 0.0f, 0.0f, 0.0f};
  unsigned const lane = threadIdx.x % 32;
  if (lane == 0) { share.of_warp[turn][threadIdx.x / 32] = of_warp; }
  __syncthreads();
  if (blocks == 1) { return first_of_lanes(lane < warps ? share.of_warp[turn][lane] : none); }
  if (threadIdx.x < 32) {
    farthest_point const of_block = first_of_lanes(lane < warps ? share.of_warp[turn][lane] : none);
    if (lane < blocks) { *shared_of(&share.of_block[turn][rank], lane) = of_block; }
  }
  cluster_barrier();
  return first_of_lanes(lane < blocks ? share.of_block[turn][lane] : none);
}

/// A row of the grid for each cloud: one block, or the blocks of a cluster.
template <int Threads>
__global__ void __launch_bounds__(Threads) sample_farthest_buckets_kernel(__grid_constant__ farthest_params const p) {
  auto& share = *reinterpret_cast<farthest_share*>(launched_memory());
  auto const blocks = static_cast<unsigned>(p.blocks);
  unsigned const rank = blocks == 1 ? 0 : cluster_rank();
  for (std::int64_t b = blockIdx.y; b < p.clouds.batch; b += gridDim.y) {
    device::cloud const one = device::cloud_of(p.clouds, b);
    std::int64_t const finite = UINT32_MAX - p.extents[b].missing;
    std::int64_t const found = min(finite, p.samples);
    sample_rows const rows(p.out, b, p.samples);
    bool const writes = rank == 0 && threadIdx.x == 0;
    if (found > 0) {
      bucket_share const own(ordered_begin(p, one), finite, rank, blocks);
      farthest_bucket mine = find_bucket(p, own);
      farthest_point taken{};
      taken.key.index = start_of(p, one, b, p.extents[b].first);
      std::int64_t const e = one.element(taken.key.index, p.clouds.batch_stride, p.clouds.point_stride);
      taken.x = p.clouds.x[e];
      taken.y = p.clouds.y[e];
      taken.z = p.clouds.z[e];
      for (std::int64_t k = 0; k < found; ++k) {
        if (writes) { rows.write(k, taken.key.index, taken.x, taken.y, taken.z); }
        if (k + 1 == found) { break; }
        farthest_point const of_warp = visit_buckets(p, own, mine, taken, k == 0);
        taken = farthest_of_all(share, of_warp, static_cast<int>(k % 2), rank, blocks);
      }
    }
    __syncthreads();  // what the first thread wrote is seen
    if (writes && p.out.counts != nullptr) { p.out.counts[b] = found; }
    for (std::int64_t k = found + threadIdx.x; rank == 0 && k < p.samples; k += Threads) {
      rows.write_missing(k, found, p.options.shortage);
    }
    // The next cloud begins with turn 0 again, which a block may still read.
    if (blocks > 1) { cluster_barrier(); }
  }
}

}  // namespace robocache::detail
