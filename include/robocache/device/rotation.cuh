// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/math.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>

// Interpolation of angles and of unit quaternions. Formulas and order of operations: docs/semantics.md, Angles and
// rotations. No function of a mathematical library is used, so that the bits are the same everywhere.
namespace robocache::device {

namespace detail {

inline constexpr float pi = 3.14159274f;   // float(pi)
inline constexpr float tau = 6.28318548f;  // twice that, exactly
inline constexpr float turns_each_radian = 0.159154937f;

ROBOCACHE_HOST_DEVICE inline float sqrt_rn(float x) {
#if defined(__CUDA_ARCH__)
  return __fsqrt_rn(x);
#else
  return std::sqrt(x);
#endif
}

/// Rounds to an integer, ties to even.
ROBOCACHE_HOST_DEVICE inline float rint_rn(float x) {
#if defined(__CUDA_ARCH__)
  return rintf(x);
#else
  return std::nearbyint(x);
#endif
}

/// `x` minus the nearest number of whole turns: in [-pi, pi], up to rounding. Rarely needed.
ROBOCACHE_HOST_DEVICE ROBOCACHE_NOINLINE inline float less_turns(float x) {
  return fma_rn(-rint_rn(mul_rn(x, turns_each_radian)), tau, x);
}

}  // namespace detail

/// The difference of two angles as the shorter arc, in (-pi, pi].
ROBOCACHE_HOST_DEVICE inline float turn(float x) {
  // A difference of two wrapped angles is off by one turn at most.
  float const nearest = x > detail::pi ? sub_rn(x, detail::tau) : x <= -detail::pi ? add_rn(x, detail::tau) : x;
  if (nearest > -detail::pi && nearest <= detail::pi) { return nearest; }
  float r = detail::less_turns(x);
  if (r > detail::pi) { r = sub_rn(r, detail::tau); }
  if (r <= -detail::pi) { r = add_rn(r, detail::tau); }
  return r > -detail::pi && r <= detail::pi ? r : sub_rn(r, r);
}

/// An angle in [-pi, pi); one that is already there is unchanged.
ROBOCACHE_HOST_DEVICE inline float wrap(float x) {
  float const nearest = x >= detail::pi ? sub_rn(x, detail::tau) : x < -detail::pi ? add_rn(x, detail::tau) : x;
  if (nearest >= -detail::pi && nearest < detail::pi) { return nearest; }
  float r = detail::less_turns(x);
  if (r >= detail::pi) { r = sub_rn(r, detail::tau); }
  if (r < -detail::pi) { r = add_rn(r, detail::tau); }
  return r >= -detail::pi && r < detail::pi ? r : sub_rn(r, r);
}

/// The angle at `weight` along the shorter arc from `a` to `b`, wrapped.
ROBOCACHE_HOST_DEVICE inline float angle(float a, float b, float weight) {
  return wrap(add_rn(a, mul_rn(weight, turn(sub_rn(b, a)))));
}

/// Four channels of a quaternion, in any order.
struct quaternion {
  float q[4];
};

namespace detail {

ROBOCACHE_HOST_DEVICE inline float dot(quaternion const& a, quaternion const& b) {
  return add_rn(add_rn(add_rn(mul_rn(a.q[0], b.q[0]), mul_rn(a.q[1], b.q[1])), mul_rn(a.q[2], b.q[2])),
                mul_rn(a.q[3], b.q[3]));
}

/// asin(sqrt(z)) for z in [0, 0.505], s the root of z. A polynomial of least maximal error, 6e-9, in Horner's order.
ROBOCACHE_HOST_DEVICE inline float asin_of_root(float s, float z) {
  float p = 0.10112987458705902f;
  p = add_rn(mul_rn(p, z), -0.09057683497667313f);
  p = add_rn(mul_rn(p, z), 0.07095907628536224f);
  p = add_rn(mul_rn(p, z), 0.00811014324426651f);
  p = add_rn(mul_rn(p, z), 0.032372623682022095f);
  p = add_rn(mul_rn(p, z), 0.044509708881378174f);
  p = add_rn(mul_rn(p, z), 0.07500328123569489f);
  p = add_rn(mul_rn(p, z), 0.1666666567325592f);
  return add_rn(s, mul_rn(s, mul_rn(z, p)));
}

/// sin(x). Beyond a quarter turn, half turns are subtracted in two steps, the first of which is exact for up to 2^13
/// of them; then a polynomial of least maximal error, 3e-8.
ROBOCACHE_HOST_DEVICE inline float sine(float x) {
  float half_turns = 0.0f;
  float r = x;
  if (!(absolute(x) <= 1.57f)) {
    half_turns = rint_rn(mul_rn(x, 0.318309873f));
    r = sub_rn(sub_rn(x, mul_rn(half_turns, 3.140625f)), mul_rn(half_turns, 9.67653584e-4f));
  }
  float const z = mul_rn(r, r);
  float p = 2.633693384268554e-06f;
  p = add_rn(mul_rn(p, z), -0.0001982241665245965f);
  p = add_rn(mul_rn(p, z), 0.008333239704370499f);
  p = add_rn(mul_rn(p, z), -0.1666666567325592f);
  float const y = add_rn(r, mul_rn(r, mul_rn(z, p)));
  bool const odd = mul_rn(2.0f, rint_rn(mul_rn(0.5f, half_turns))) != half_turns;
  return odd ? -y : y;
}

}  // namespace detail

/// The rotation at `weight` along the shorter arc from `a` to `b`; outside [0, 1] the arc goes on. Of unit length, with
/// the sign of `a`. Not for weights of exactly 0 or 1, for which `location` names one sample. Source of the formula:
/// Shoemake 1985; its denominator, the sine of the whole angle, is left to the last step, which makes the length 1.
ROBOCACHE_HOST_DEVICE inline quaternion slerp(quaternion const& a, quaternion const& b, float weight) {
  float const aa = detail::dot(a, a);
  float const bb = detail::dot(b, b);
  float const inverse = div_rn(1.0f, detail::sqrt_rn(mul_rn(aa, bb)));
  float const cosine = mul_rn(detail::dot(a, b), inverse);
  // `b` times this is at most a quarter turn away from `a` and has its length, exactly where both lengths are equal.
  // Not where the product of both lengths overflows or underflows a float: there `inverse` is 0 or infinite.
  bool const has_room = inverse > 0.0f && is_finite(inverse);
  float const align = detail::signed_as(cosine, aa == bb && has_room ? 1.0f : mul_rn(aa, inverse));
  float const z = sub_rn(0.5f, mul_rn(0.5f, detail::absolute(cosine)));  // the square of the sine of half the angle
  quaternion r;
  if (z <= 2.5e-5f) {
    // Nearly parallel: along the line, counted from `a`, so that equal quaternions give one value for every weight.
    for (int i = 0; i < 4; ++i) { r.q[i] = add_rn(a.q[i], mul_rn(sub_rn(mul_rn(b.q[i], align), a.q[i]), weight)); }
  } else {
    float const angle = mul_rn(2.0f, detail::asin_of_root(detail::sqrt_rn(z), z));
    float const x = detail::sine(mul_rn(sub_rn(1.0f, weight), angle));
    float const y = mul_rn(detail::sine(mul_rn(weight, angle)), align);
    for (int i = 0; i < 4; ++i) { r.q[i] = add_rn(mul_rn(a.q[i], x), mul_rn(b.q[i], y)); }
  }
  float const length = div_rn(1.0f, detail::sqrt_rn(detail::dot(r, r)));
  for (float& q : r.q) { q = mul_rn(q, length); }
  return r;
}

}  // namespace robocache::device
