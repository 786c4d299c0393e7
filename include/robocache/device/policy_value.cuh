// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/quaternion.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/device/rotation_formats.cuh>
#include <robocache/device/trigonometry.cuh>

// What a policy input does to values after they are interpolated. Rules: docs/semantics.md, Policy input.
namespace robocache::device {

/// `v` clamped to `low` and `high`; NaN stays NaN.
ROBOCACHE_HOST_DEVICE inline float clamped(float v, float low, float high) {
  return v < low ? low : v > high ? high : v;
}

/// `v` relative to `reference`: of angles the difference, wrapped into [-pi, pi).
ROBOCACHE_HOST_DEVICE inline float relative_value(float v, float reference, bool is_angle) {
  float const d = sub_rn(v, reference);
  return is_angle ? wrap(d) : d;
}

/// True where a row in this layout is a quaternion.
ROBOCACHE_HOST_DEVICE inline bool is_quaternion(rotation_layout const& layout) {
  return layout.format == rotation_format::wxyz || layout.format == rotation_format::xyzw;
}

/// True where both describe the same row.
ROBOCACHE_HOST_DEVICE inline bool are_same(rotation_layout const& a, rotation_layout const& b) {
  if (a.format != b.format || a.format != rotation_format::euler) { return a.format == b.format; }
  return a.order.axes[0] == b.order.axes[0] && a.order.axes[1] == b.order.axes[1] &&
         a.order.axes[2] == b.order.axes[2] && a.order.intrinsic == b.order.intrinsic;
}

/// The unit quaternion at `weight` between two quaternions as they are stored, as `slerp`: they keep the order of their
/// components until after the interpolation, so that the bits are those of `interpolation::slerp`.
/// @param layout  wxyz or xyzw
ROBOCACHE_HOST_DEVICE inline quaternion quaternion_between(rotation_layout const& layout, rotation_channels const& a,
                                                           rotation_channels const& b, float weight) {
  quaternion const q = slerp({{a.c[0], a.c[1], a.c[2], a.c[3]}}, {{b.c[0], b.c[1], b.c[2], b.c[3]}}, weight);
  if (layout.format == rotation_format::wxyz) { return q; }
  return {{q.q[3], q.q[0], q.q[1], q.q[2]}};
}

/// The unit quaternion at `weight` between two rows in one layout.
ROBOCACHE_HOST_DEVICE inline quaternion rotation_between(rotation_layout const& layout, rotation_channels const& a,
                                                         rotation_channels const& b, float weight) {
  if (is_quaternion(layout)) { return quaternion_between(layout, a, b, weight); }
  return slerp(read_rotation(layout, a), read_rotation(layout, b), weight);
}

/// True where a sample of a rotation is passed on unchanged: the layouts agree, and nothing else is asked for.
ROBOCACHE_HOST_DEVICE inline bool passes(rotation_layout const& source, rotation_layout const& result,
                                         quaternion_sign sign, bool relative) {
  return are_same(source, result) && !relative && (sign == quaternion_sign::any || !is_quaternion(result));
}

/// A unit quaternion as a row of the results.
ROBOCACHE_HOST_DEVICE inline rotation_channels write_result(rotation_layout const& layout, quaternion_sign sign,
                                                            quaternion const& q) {
  return write_rotation(layout, sign == quaternion_sign::positive && is_quaternion(layout) ? positive(q) : q);
}

}  // namespace robocache::device
