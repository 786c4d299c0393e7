// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/cluster.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/detail/points/sample_farthest_policy.cuh>
#include <robocache/detail/points/sample_output.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>

// How the warps that sample a cloud agree on the next point. A step of farthest point sampling takes half a
// microsecond, and waits for each instruction of it: nothing here is done twice, and what hardly ever happens is behind
// a branch.
namespace robocache::detail {

/// A point with its distance, of which the bits are in the same order, those of `device::taken_distance` below all.
struct farthest_point {
  int distance;
  std::uint32_t index;
  float x, y, z;
};

inline __device__ int distance_bits(float distance) { return __float_as_int(distance); }

inline __device__ farthest_point no_farthest_point() {
  return {distance_bits(device::taken_distance), UINT32_MAX, 0.0f, 0.0f, 0.0f};
}

/// The lane whose point has the largest distance, of several the one with the lowest index.
/// @param top  the largest of the lanes' distances
inline __device__ int first_lane(int distance, std::uint32_t index, int top) {
  unsigned those = __ballot_sync(0xffffffffu, distance == top);
  if ((those & (those - 1)) != 0) {
    std::uint32_t const least = __reduce_min_sync(0xffffffffu, distance == top ? index : UINT32_MAX);
    those = __ballot_sync(0xffffffffu, distance == top && index == least);
  }
  return __ffs(static_cast<int>(those)) - 1;
}

/// What the warps of a cluster tell each other, in each of its blocks: for two steps that follow each other.
struct farthest_share {
  static constexpr int most_warps = most_farthest_blocks * farthest_threads / 32;
  int distances[2][most_warps];
  float4 places[2][most_warps];  ///< x, y, z and the index's bits
  inbox inboxes[2];
};

/// A thread's view of them.
/// @tparam Cluster  blocks are several
template <bool Cluster>
class farthest_meeting {
 public:
  __device__ farthest_meeting(farthest_share& share, unsigned rank, unsigned blocks)
      : share_(share),
        blocks_(blocks),
        warps_(blocks * (blockDim.x / 32)),
        me_(rank * (blockDim.x / 32) + threadIdx.x / 32) {
    if constexpr (Cluster) {
      if (threadIdx.x < 2) { open_inbox(share.inboxes[threadIdx.x]); }
      cluster_barrier();
    }
  }

  /// The farthest point of all, to all threads of the cluster, which call this together.
  /// @param mine    of the warp, in its lane `winner`
  __device__ farthest_point agree(farthest_point const& mine, int winner) {
    unsigned const turn = round_ % 2;
    unsigned const lane = threadIdx.x % 32;
    if constexpr (Cluster) {
      tell(mine, winner, turn);
      if (threadIdx.x == 0) { expect_messages(share_.inboxes[turn], warps_ * (sizeof(int) + sizeof(float4))); }
      wait_for_messages(share_.inboxes[turn], round_ / 2);
    } else {
      if (lane == static_cast<unsigned>(winner)) {
        share_.distances[turn][me_] = mine.distance;
        share_.places[turn][me_] = place_of(mine);
      }
      __syncthreads();
    }
    ++round_;
    unsigned const at = first_warp(turn);
    float4 const place = share_.places[turn][at];
    return {share_.distances[turn][at], __float_as_uint(place.w), place.x, place.y, place.z};
  }

 private:
  static __device__ float4 place_of(farthest_point const& one) {
    return float4{one.x, one.y, one.z, __uint_as_float(one.index)};
  }

  /// Sends a warp's point to all blocks, one from each lane.
  __device__ void tell(farthest_point const& mine, int winner, unsigned turn) {
    farthest_point const all{__shfl_sync(0xffffffffu, mine.distance, winner),
                             __shfl_sync(0xffffffffu, mine.index, winner), __shfl_sync(0xffffffffu, mine.x, winner),
                             __shfl_sync(0xffffffffu, mine.y, winner), __shfl_sync(0xffffffffu, mine.z, winner)};
    unsigned const lane = threadIdx.x % 32;
    if (lane >= blocks_) { return; }
    send(all.distance, &share_.distances[turn][me_], share_.inboxes[turn], lane);
    send(place_of(all), &share_.places[turn][me_], share_.inboxes[turn], lane);
  }

  /// The warp that has the farthest point of all.
  __device__ unsigned first_warp(unsigned turn) const {
    constexpr int none = INT32_MIN;
    unsigned const lane = threadIdx.x % 32;
    int distance = lane < warps_ ? share_.distances[turn][lane] : none;
    unsigned at = lane;
    bool ties = false;
    if constexpr (Cluster) {
#pragma unroll 1
      for (unsigned other = lane + 32; other < warps_; other += 32) {
        int const one = share_.distances[turn][other];
        ties = one == distance || (ties && one < distance);
        at = one > distance ? other : at;
        distance = max(one, distance);
      }
    }
    int const top = __reduce_max_sync(0xffffffffu, distance);
    unsigned const those = __ballot_sync(0xffffffffu, distance == top);
    bool const alone = (those & (those - 1)) == 0 && (!Cluster || !__any_sync(0xffffffffu, ties && distance == top));
    if (!alone) { return first_of_ties(turn, top); }
    return Cluster ? __shfl_sync(0xffffffffu, at, __ffs(static_cast<int>(those)) - 1)
                   : static_cast<unsigned>(__ffs(static_cast<int>(those)) - 1);
  }

  /// The one with the lowest index of those whose distance is `top`.
  __device__ unsigned first_of_ties(unsigned turn, int top) const {
    std::uint32_t index = UINT32_MAX;
    unsigned at = 0;
#pragma unroll 1
    for (unsigned i = threadIdx.x % 32; i < warps_; i += 32) {
      std::uint32_t const one = __float_as_uint(share_.places[turn][i].w);
      bool const first = share_.distances[turn][i] == top && one < index;
      index = first ? one : index;
      at = first ? i : at;
    }
    std::uint32_t const least = __reduce_min_sync(0xffffffffu, index);
    unsigned const those = __ballot_sync(0xffffffffu, index == least);
    return __shfl_sync(0xffffffffu, at, __ffs(static_cast<int>(those)) - 1);
  }

  farthest_share& share_;
  unsigned blocks_;
  unsigned warps_;  ///< of all blocks
  unsigned me_;     ///< this one among them
  unsigned round_ = 0;
};

/// The start that was asked for, if it can be one, else the first finite point.
/// @param first  of the cloud
inline __device__ farthest_point start_point(farthest_params const& p, device::cloud const& one, std::int64_t b,
                                             std::uint32_t first) {
  auto const point = [&](std::int64_t index) {
    std::int64_t const e = one.element(index, p.clouds.batch_stride, p.clouds.point_stride);
    return farthest_point{0, static_cast<std::uint32_t>(index), p.clouds.x[e], p.clouds.y[e], p.clouds.z[e]};
  };
  std::int64_t const start = p.options.starts == nullptr ? p.options.start : p.options.starts[b];
  if (start < 0 || start >= one.length) { return point(first); }
  farthest_point const asked = point(start);
  return device::is_finite_point(asked.x, asked.y, asked.z) ? asked : point(first);
}

/// The steps of a cloud: writes what is taken.
class farthest_steps {
 public:
  __device__ farthest_steps(farthest_params const& p, std::int64_t b, std::int64_t finite, unsigned rank)
      : p_(p), b_(b), found_(min(finite, p.samples)), first_block_(rank == 0), rows_(p.out, b, p.samples) {}

  __device__ std::int64_t found() const { return found_; }

  __device__ void write(std::int64_t k, farthest_point const& taken) const {
    if (first_block_ && threadIdx.x == 0) { rows_.write(k, taken.index, taken.x, taken.y, taken.z); }
  }

  /// Writes the count, and what stands behind the samples.
  __device__ void finish() const {
    if (!first_block_) { return; }
    __syncthreads();  // what the first thread wrote is seen
    if (threadIdx.x == 0 && p_.out.counts != nullptr) { p_.out.counts[b_] = found_; }
    for (std::int64_t k = found_ + threadIdx.x; k < p_.samples; k += blockDim.x) {
      rows_.write_missing(k, found_, p_.options.shortage);
    }
  }

 private:
  farthest_params const& p_;
  std::int64_t b_;
  std::int64_t found_;  ///< samples
  bool first_block_;
  sample_rows rows_;
};

/// A box around the points of a warp, or of a bucket.
struct sample_box {
  float low[3];
  float high[3];

  __device__ float least_distance_to(farthest_point const& sample) const {
    return device::least_squared_distance(sample.x, sample.y, sample.z, low, high);
  }
};

/// The boxes of lanes as whole numbers, and the one around them.
struct ordered_box {
  std::uint32_t low[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
  std::uint32_t high[3] = {0, 0, 0};

  __device__ void add(float x, float y, float z) {
    float const at[3] = {x, y, z};
#pragma unroll
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = min(low[axis], device::order_of(at[axis]));
      high[axis] = max(high[axis], device::order_of(at[axis]));
    }
  }
  __device__ sample_box around_lanes() const {
    sample_box box{};
#pragma unroll
    for (int axis = 0; axis < 3; ++axis) {
      box.low[axis] = device::from_order(__reduce_min_sync(0xffffffffu, low[axis]));
      box.high[axis] = device::from_order(__reduce_max_sync(0xffffffffu, high[axis]));
    }
    return box;
  }
};

}  // namespace robocache::detail
