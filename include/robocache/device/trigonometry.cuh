// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/math.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/rotation.cuh>

// Sine, cosine and the angle of a vector for conversions of rotations: polynomials of least maximal error and rounded
// operations, so that the bits are the same everywhere. Formulas: docs/semantics.md, Rotation formats.
namespace robocache::device {

struct sine_and_cosine {
  float sine;
  float cosine;
};

namespace detail {

/// (sin(x) / x - 1) / x^2 for `z` = x^2, |x| up to a quarter of pi. Error of the sine 3e-9.
ROBOCACHE_HOST_DEVICE inline float sine_tail(float z) {
  return add_rn(mul_rn(add_rn(mul_rn(-0.00019494949f, z), 0.008331973f), z), -0.16666651f);
}

/// cos(x) for `z` = x^2, |x| up to a quarter of pi. Error 5e-10 before rounding.
ROBOCACHE_HOST_DEVICE inline float cosine_of_square(float z) {
  float const tail = add_rn(mul_rn(add_rn(mul_rn(2.443773e-05f, z), -0.0013887362f), z), 0.041666646f);
  return add_rn(sub_rn(1.0f, mul_rn(0.5f, z)), mul_rn(mul_rn(z, z), tail));
}

/// (atan(x) / x - 1) / x^2 for `z` = x^2, |x| up to tan(pi / 8). Error of the arc 5e-9.
ROBOCACHE_HOST_DEVICE inline float arc_tail(float z) {
  float p = 0.07902088f;
  p = add_rn(mul_rn(p, z), -0.13824295f);
  p = add_rn(mul_rn(p, z), 0.19971864f);
  return add_rn(mul_rn(p, z), -0.33332756f);
}

inline constexpr float tan_pi_8 = 0.414213568f;
// The differences between pi, its half and its quarter and the nearest floats.
inline constexpr float pi_rest = -8.742278e-08f;
inline constexpr float half_pi = 1.57079637f;
inline constexpr float half_pi_rest = -4.371139e-08f;
inline constexpr float quarter_pi = 0.785398185f;
inline constexpr float quarter_pi_rest = -2.1855694e-08f;

}  // namespace detail

/// Sine and cosine of `x` in radians, each within 2e-7 up to 2^13 quarter turns. Quarter turns are subtracted in three
/// steps, the first two of which are exact.
ROBOCACHE_HOST_DEVICE inline sine_and_cosine sincos_rn(float x) {
  float const turns = detail::rint_rn(mul_rn(x, 0.636619747f));
  float const r =
      sub_rn(sub_rn(sub_rn(x, mul_rn(turns, 1.5703125f)), mul_rn(turns, 4.83751297e-4f)), mul_rn(turns, 7.54979e-08f));
  float const z = mul_rn(r, r);
  float const s = add_rn(r, mul_rn(r, mul_rn(z, detail::sine_tail(z))));
  float const c = detail::cosine_of_square(z);
  // Of four quarter turns: -2, -1, 0, 1 or 2. In float, because NaN is no number of turns.
  float const quarter = sub_rn(turns, mul_rn(4.0f, detail::rint_rn(mul_rn(0.25f, turns))));
  if (quarter == 1.0f) { return {c, -s}; }
  if (quarter == -1.0f) { return {-c, s}; }
  if (quarter == 2.0f || quarter == -2.0f) { return {-s, -c}; }
  return {s, c};
}

/// The angle of the vector (x, y) in [-pi, pi], within 4e-7. 0 for the vector 0; -0 counts as 0 in `x`.
ROBOCACHE_HOST_DEVICE inline float atan2_rn(float y, float x) {
  float const ax = detail::absolute(x);
  float const ay = detail::absolute(y);
  bool const steep = ay > ax;
  float const low = steep ? ax : ay;
  float const high = steep ? ay : ax;
  bool const wide = low > mul_rn(detail::tan_pi_8, high);
  float const over = wide ? sub_rn(low, high) : low;
  float const under = wide ? add_rn(low, high) : high;
  float const t = add_rn(low, high) == 0.0f ? 0.0f : div_rn(over, under);
  float const z = mul_rn(t, t);
  float angle = add_rn(t, mul_rn(t, mul_rn(z, detail::arc_tail(z))));
  if (wide) { angle = add_rn(detail::quarter_pi, add_rn(angle, detail::quarter_pi_rest)); }
  if (steep) { angle = sub_rn(detail::half_pi, sub_rn(angle, detail::half_pi_rest)); }
  if (x < 0.0f) { angle = sub_rn(detail::pi, sub_rn(angle, detail::pi_rest)); }
  return detail::signed_as(y, angle);
}

}  // namespace robocache::device
