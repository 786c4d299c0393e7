// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>

namespace robocache::detail {

/// Which point is to be taken: its distance as a whole number in the same order, 0 for none, and its index.
struct alignas(8) farthest_key {
  std::uint32_t distance;
  std::uint32_t index;
};

inline constexpr farthest_key no_farthest{0, UINT32_MAX};

/// Distances that are not negative are in the order of their bits.
inline __device__ farthest_key farthest_key_of(float distance, std::uint32_t index) {
  return {distance < 0.0f ? 0u : bits_of(distance) + 1, index};
}

inline __device__ float distance_of(farthest_key key) {
  return key.distance == 0 ? device::taken_distance : __uint_as_float(key.distance - 1);
}

/// The lane whose key is first. Nearly always one lane alone has the largest distance, and its index is not looked at.
inline __device__ int first_lane(farthest_key mine) {
  std::uint32_t const distance = __reduce_max_sync(0xffffffffu, mine.distance);
  unsigned those = __ballot_sync(0xffffffffu, mine.distance == distance);
  if ((those & (those - 1)) != 0) {
    std::uint32_t const index = __reduce_min_sync(0xffffffffu, mine.distance == distance ? mine.index : UINT32_MAX);
    those = __ballot_sync(0xffffffffu, mine.distance == distance && mine.index == index);
  }
  return __ffs(static_cast<int>(those)) - 1;
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

/// A point that is taken, or may be next.
struct farthest_point {
  farthest_key key;
  float x, y, z;
};

inline __device__ farthest_point start_point(farthest_params const& p, device::cloud const& one, std::int64_t b,
                                             std::uint32_t first) {
  std::uint32_t const index = start_of(p, one, b, first);
  std::int64_t const e = one.element(index, p.clouds.batch_stride, p.clouds.point_stride);
  return {{0, index}, p.clouds.x[e], p.clouds.y[e], p.clouds.z[e]};
}

/// A box around points.
struct point_box {
  float low[3];
  float high[3];

  /// Whether a sample may come nearer to a point of the box than `farthest`, the largest distance there; and at 0,
  /// where nothing comes nearer, whether it may be one of these points, which is then to be marked.
  __device__ bool matters(farthest_point const& sample, float farthest) const {
    float const least = device::least_squared_distance(sample.x, sample.y, sample.z, low, high);
    return least < farthest || (least == 0.0f && farthest == 0.0f);
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
  __device__ point_box around_lanes() const {
    point_box box{};
#pragma unroll
    for (int axis = 0; axis < 3; ++axis) {
      box.low[axis] = device::from_order(__reduce_min_sync(0xffffffffu, low[axis]));
      box.high[axis] = device::from_order(__reduce_max_sync(0xffffffffu, high[axis]));
    }
    return box;
  }
};

}  // namespace robocache::detail
