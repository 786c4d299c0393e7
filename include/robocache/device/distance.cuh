// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>

// Distances between points, and which of two points comes first where they tie: what samples and neighbours are
// chosen by.
namespace robocache::device {

/// False if a coordinate is NaN or infinite.
ROBOCACHE_HOST_DEVICE inline bool is_finite_point(float x, float y, float z) {
  return is_finite(x) && is_finite(y) && is_finite(z);
}

/// The square of the length of a vector: `((x * x) + (y * y)) + (z * z)`.
ROBOCACHE_HOST_DEVICE inline float squared_length(float x, float y, float z) {
  return add_rn(add_rn(mul_rn(x, x), mul_rn(y, y)), mul_rn(z, z));
}

/// The square of the distance between two points; the same both ways.
ROBOCACHE_HOST_DEVICE inline float squared_distance(float ax, float ay, float az, float bx, float by, float bz) {
  return squared_length(sub_rn(ax, bx), sub_rn(ay, by), sub_rn(az, bz));
}

/// How far `x` is outside of [low, high]; 0 inside.
ROBOCACHE_HOST_DEVICE inline float outside(float x, float low, float high) {
  float const below = sub_rn(low, x);
  float const above = sub_rn(x, high);
  float const most = below > above ? below : above;
  return most > 0.0f ? most : 0.0f;
}

/// Not above the `squared_distance` of a point to any point in the box, as rounded: every operation on the way ascends
/// with what the point in the box has more of.
ROBOCACHE_HOST_DEVICE inline float least_squared_distance(float x, float y, float z, float const (&low)[3],
                                                          float const (&high)[3]) {
  return squared_length(outside(x, low[0], high[0]), outside(y, low[1], high[1]), outside(z, low[2], high[2]));
}

/// The distance of a point that farthest point sampling has taken, or that is not finite: below all others.
inline constexpr float taken_distance = -1.0f;

/// The smaller of a distance and the one before it, which stays if it is `taken_distance`.
ROBOCACHE_HOST_DEVICE inline float nearer(float distance, float before) {
#if defined(__CUDA_ARCH__)
  return fminf(distance, before);  // one instruction; neither is -0
#else
  return distance < before ? distance : before;
#endif
}

/// Whether a new sample may come nearer to one of the points in a box than what was taken before it: not where `least`,
/// its `least_squared_distance`, is no less than the largest of their distances, `farthest`. At 0 nothing comes nearer,
/// but the sample may be one of these points.
ROBOCACHE_HOST_DEVICE inline bool may_matter(float least, float farthest) {
  return least < farthest || (least == 0.0f && farthest == 0.0f);
}

}  // namespace robocache::device
