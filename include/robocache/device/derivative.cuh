// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/derivative.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/blend.cuh>
#include <robocache/device/bracket.cuh>
#include <robocache/device/curve.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/quaternion.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/device/rotation_formats.cuh>

// Velocities and accelerations of the interpolants' own formulas. Rules: docs/semantics.md, Policy input.
namespace robocache::device {

/// The bracket in which a value moves at a time.
struct slope {
  std::int64_t row = -1;  ///< its left sample; -1: none, the result is the fill value
  float width = 0.0f;     ///< the time between both; 0: the value stands still, held by an edge
  float weight = 0.0f;    ///< where the time lies between both, in [0, 1]
  bool inside = false;    ///< false: beyond the edges, where values move along a line or arc
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
    if (rule == edge::extrapolate) { return {row, width, 0.0f, false, false}; }
    span_of<Stamp> const distance = before ? span_between(t, left) : span_between(right, t);
    return distance > rules.max_gap ? slope{} : slope{row, 0.0f, 0.0f, false, rule == edge::hold};
  }
  if (span > rules.max_gap || width == 0.0f) { return {}; }
  return {row, width, div_rn(span_to_float(span_between(left, t)), width), true, true};
}

namespace detail {

/// How fast the polynomials of a cubic change with the weight, or how fast that changes.
ROBOCACHE_HOST_DEVICE inline cubic_basis derived_basis(float w, derivative_order order) {
  if (order == derivative_order::acceleration) {
    float const w6 = mul_rn(6.0f, w);
    return {sub_rn(6.0f, mul_rn(12.0f, w)), sub_rn(w6, 4.0f), sub_rn(2.0f, w6)};
  }
  float const g = sub_rn(1.0f, w);
  float const w3 = mul_rn(3.0f, w);
  return {mul_rn(6.0f, mul_rn(w, g)), mul_rn(g, sub_rn(1.0f, w3)), mul_rn(w, sub_rn(2.0f, w3))};
}

/// The derivative by the weight. NaN for a method that has no curve.
template <class Real>
ROBOCACHE_HOST_DEVICE inline Real derivative_by_weight(curve const& c, curve_samples const& s, Real& doubt) {
  auto sum = static_cast<Real>(not_a_number);
  auto size = Real(0);
  if (c.method == interpolation::catmull_rom) {
    sum = catmull_rom_sum<true, Real>(c, s.p, s.a, s.b, s.n);
  } else if (c.method == interpolation::pchip) {
    sum = pchip_sum<true, Real>(c, s.p, s.a, s.b, s.n, size, doubt);
  } else if (c.method == interpolation::akima) {
    sum = akima_sum<true, Real>(c, s.pp, s.p, s.a, s.b, s.n, s.nn, doubt);
  }
  doubt_unless_finite(fma_rn(Real(8), size, sum), doubt);
  return sum;
}

}  // namespace detail

/// The curve whose derivative is asked for, at a slope that has a row; linear where the value moves along a line or
/// arc, or stands still. Not a curve that `value_on_curve` takes.
/// @param order  velocity or acceleration
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline curve derivative_curve(trajectory<Stamp> const& source, slope const& along,
                                                    interpolation method, derivative_order order) {
  if (is_curved(method) && along.inside) {
    return detail::curve_in(source, along.row, along.weight, detail::derived_basis(along.weight, order), method);
  }
  curve c{};
  c.method = interpolation::linear;
  return c;
}

/// What turns a derivative by the weight into one by the second, once for each order; 0 where the derivative is 0
/// whatever the samples hold: beyond edges that hold, and of the acceleration along a line or arc.
/// @param method  that of the curve
ROBOCACHE_HOST_DEVICE inline float rate_of(float ticks_per_second, slope const& along, interpolation method,
                                           derivative_order order) {
  bool const is_even = order == derivative_order::acceleration && !is_curved(method);
  return along.width == 0.0f || is_even ? 0.0f : div_rn(ticks_per_second, along.width);
}

/// The derivative of one channel.
/// @param c         from `derivative_curve`
/// @param rate      from `rate_of`
/// @param is_angle  along the shorter arc
ROBOCACHE_HOST_DEVICE inline float derivative(curve const& c, float rate, derivative_order order, bool is_angle,
                                              detail::curve_samples const& s) {
  if (rate == 0.0f) { return 0.0f; }
  float by_weight = sub_rn(s.b, s.a);
  if (is_angle) { by_weight = turn(by_weight); }
  if (c.method != interpolation::linear) {
    float doubt = 0.0f;
    by_weight = detail::derivative_by_weight<float>(c, s, doubt);
    if (doubt != 0.0f) {
      double none = 0.0;
      by_weight = span_to_float(detail::derivative_by_weight<double>(c, s, none));
    }
  }
  float const velocity = mul_rn(by_weight, rate);
  return order == derivative_order::acceleration ? mul_rn(velocity, rate) : velocity;
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
