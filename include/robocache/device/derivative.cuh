// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/bracket.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/quaternion.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/device/rotation_formats.cuh>

// Velocities of what is interpolated along the line, or the arc, of two samples. Rules: docs/semantics.md, Policy
// input.
namespace robocache::device {

/// The two samples along whose line a value moves at a time.
struct slope {
  std::int64_t row = -1;  ///< the left one; -1: none, the result is the fill value
  float width = 0.0f;     ///< the time between both; 0: the value stands still, held by an edge
  bool valid = false;     ///< backed by data
};

/// The slope at what a stream is asked for: at a sample that of the bracket to its right, at the last one that of the
/// bracket to its left. Reads stamps only.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline slope slope_at(trajectory<Stamp> const& source, sought_time<Stamp> const& sought,
                                            locate_rules<Stamp> const& rules) {
  Stamp const t = sought.at;
  if (source.length < 2 || !is_finite(t)) { return {}; }
  std::int64_t const count = count_not_after(source, sought.newest);
  std::int64_t const row = left_of_pair(count, source.length);
  Stamp const left = source.stamp(row);
  Stamp const right = source.stamp(row + 1);
  span_of<Stamp> const span = span_between(left, right);
  float const width = span_to_float(span);
  bool const before = count == 0;
  if (before || (count == source.length && right < t)) {
    edge const rule = before ? rules.before : rules.after;
    if (rule == edge::fill) { return {}; }
    if (rule == edge::extrapolate) { return {row, width, false}; }
    span_of<Stamp> const distance = before ? span_between(t, left) : span_between(right, t);
    return distance > rules.max_gap ? slope{} : slope{row, 0.0f, rule == edge::hold};
  }
  return span > rules.max_gap || width == 0.0f ? slope{} : slope{row, width, true};
}

/// What a difference over the slope's width is in a second.
ROBOCACHE_HOST_DEVICE inline float per_second(float ticks_per_second, slope const& along) {
  return along.width == 0.0f ? 0.0f : div_rn(ticks_per_second, along.width);
}

/// The velocity of one channel; of an angle along the shorter arc.
/// @param rate  from `per_second`; where it is 0 so is the result, whatever the samples hold
ROBOCACHE_HOST_DEVICE inline float velocity(float a, float b, float rate, bool is_angle) {
  if (rate == 0.0f) { return 0.0f; }
  float const d = sub_rn(b, a);
  return mul_rn(is_angle ? turn(d) : d, rate);
}

/// The angular velocity along the shorter arc from `a` to `b`, unit quaternions: a rotation vector a second, as seen
/// from the body or from the world.
ROBOCACHE_HOST_DEVICE inline vector3 angular_velocity(quaternion const& a, quaternion const& b, float rate,
                                                      bool in_world) {
  if (rate == 0.0f) { return {0.0f, 0.0f, 0.0f}; }
  quaternion const turned = in_world ? detail::unit(product(b, inverse(a))) : relative_rotation(a, b);
  vector3 const v = to_rotation_vector(turned);
  return {mul_rn(v.x, rate), mul_rn(v.y, rate), mul_rn(v.z, rate)};
}

}  // namespace robocache::device
