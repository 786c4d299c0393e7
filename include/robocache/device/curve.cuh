// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/timeline.cuh>
#include <robocache/options.hpp>

// Cubic interpolation inside a bracket. Formulas, order of operations and sources: docs/semantics.md, Curved methods.
namespace robocache::device {

/// True for the methods that read neighbours of the bracket.
ROBOCACHE_HOST_DEVICE constexpr bool is_curved(interpolation method) {
  return method == interpolation::catmull_rom || method == interpolation::pchip || method == interpolation::akima;
}

/// What a curved method needs to know about one target's stamps: made once a row, used in every channel.
struct curve {
  interpolation method;  ///< linear where the series ends on both sides, and beyond the edges
  std::uint8_t left;     ///< samples to read before the bracket: 0, 1, or 2 for akima
  std::uint8_t right;    ///< samples to read behind it
  float weight;          ///< of the bracket's right sample, where the curve is linear
  /// catmull_rom: the weights of the four samples. pchip, akima: B0, B1, M0, M1, r0, r1, and then a0, a1 (pchip; where
  /// a neighbour is missing its end rule's number) or rp, rn (akima).
  float of[8];
};

namespace detail {

/// The width of the interval that begins at sample `row`; 0 if there is none.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline float interval(trajectory<Stamp> const& source, std::int64_t row) {
  if (row < 0 || row + 1 >= source.length) { return 0.0f; }
  return span_to_float(span_between(source.stamp(row), source.stamp(row + 1)));
}

/// The weight's cubic polynomials.
struct cubic_basis {
  float b0, b1, m0, m1;
};

ROBOCACHE_HOST_DEVICE inline cubic_basis basis_of(float w) {
  float const g = sub_rn(1.0f, w);
  float const ww = mul_rn(w, w);
  float const gg = mul_rn(g, g);
  return {mul_rn(gg, add_rn(1.0f, mul_rn(2.0f, w))), mul_rn(ww, add_rn(1.0f, mul_rn(2.0f, g))), mul_rn(w, gg),
          mul_rn(ww, g)};
}

ROBOCACHE_HOST_DEVICE inline void set_catmull_rom(curve& c, cubic_basis const& basis, float h, float h0, float h1) {
  float q0 = 0.0f, k0 = 1.0f, q1 = 0.0f, k1 = 1.0f;
  if (c.left > 0) {
    float const c0 = div_rn(h, add_rn(h0, h));
    q0 = mul_rn(c0, div_rn(h, h0));
    k0 = sub_rn(1.0f, c0);
  }
  if (c.right > 0) {
    float const c1 = div_rn(h, add_rn(h, h1));
    q1 = mul_rn(c1, div_rn(h, h1));
    k1 = sub_rn(1.0f, c1);
  }
  float const e = sub_rn(mul_rn(basis.m0, k0), mul_rn(basis.m1, k1));
  float const before = mul_rn(basis.m0, q0);
  float const behind = mul_rn(basis.m1, q1);
  c.of[0] = -before;
  c.of[1] = sub_rn(add_rn(basis.b0, before), e);
  c.of[2] = add_rn(add_rn(basis.b1, behind), e);
  c.of[3] = -behind;
}

/// pchip: the share of the left rise at a sample between intervals `left` and `right`.
ROBOCACHE_HOST_DEVICE inline float left_share(float left, float right) {
  return div_rn(add_rn(mul_rn(2.0f, right), left), mul_rn(3.0f, add_rn(right, left)));
}

}  // namespace detail

/// The curve through a target's neighbourhood. Reads up to six stamps.
///
/// @param source  the trajectory that `where` was located in
/// @param where   from `locate`, with `blends` set
/// @param method  catmull_rom, pchip or akima; for all others the curve is linear
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline curve curve_at(trajectory<Stamp> const& source, location const& where,
                                            interpolation method) {
  curve c{};
  c.method = interpolation::linear;
  c.weight = where.weight;
  if (!is_curved(method) || !(where.weight > 0.0f && where.weight < 1.0f)) { return c; }
  std::int64_t const i = where.row;
  float const h = detail::interval(source, i);
  float const h0 = detail::interval(source, i - 1);
  float const h1 = detail::interval(source, i + 1);
  c.left = h0 != 0.0f ? 1 : 0;
  c.right = h1 != 0.0f ? 1 : 0;
  if (c.left + c.right == 0) { return c; }

  c.method = method;
  detail::cubic_basis const basis = detail::basis_of(where.weight);
  if (method == interpolation::catmull_rom) {
    detail::set_catmull_rom(c, basis, h, h0, h1);
    return c;
  }
  c.of[0] = basis.b0;
  c.of[1] = basis.b1;
  c.of[2] = basis.m0;
  c.of[3] = basis.m1;
  c.of[4] = c.left > 0 ? div_rn(h, h0) : 0.0f;
  c.of[5] = c.right > 0 ? div_rn(h, h1) : 0.0f;
  if (method == interpolation::pchip) {
    c.of[6] = c.left > 0 ? detail::left_share(h0, h) : div_rn(h, add_rn(h, h1));
    c.of[7] = c.right > 0 ? detail::left_share(h, h1) : div_rn(h, add_rn(h, h0));
    return c;
  }
  float const hp = c.left > 0 ? detail::interval(source, i - 2) : 0.0f;
  float const hn = c.right > 0 ? detail::interval(source, i + 2) : 0.0f;
  if (hp != 0.0f) {
    c.left = 2;
    c.of[6] = div_rn(h, hp);
  }
  if (hn != 0.0f) {
    c.right = 2;
    c.of[7] = div_rn(h, hn);
  }
  return c;
}

namespace detail {

ROBOCACHE_HOST_DEVICE inline bool have_one_sign(float x, float y) {
  return (x > 0.0f && y > 0.0f) || (x < 0.0f && y < 0.0f);
}

/// 0, or NaN where one of them is not finite.
ROBOCACHE_HOST_DEVICE inline float flat(float x, float y) { return add_rn(sub_rn(x, x), sub_rn(y, y)); }

ROBOCACHE_HOST_DEVICE inline float absolute(float x) { return x < 0.0f ? -x : x; }

ROBOCACHE_HOST_DEVICE inline float harmonic_mean(float share, float x, float y) {
  float const both = add_rn(mul_rn(share, y), mul_rn(sub_rn(1.0f, share), x));
  return have_one_sign(x, y) ? mul_rn(x, div_rn(y, both)) : flat(x, y);
}

ROBOCACHE_HOST_DEVICE inline float end_rise(float e, float x, float y) {
  float const m = sub_rn(mul_rn(add_rn(1.0f, e), x), mul_rn(e, y));
  if (!have_one_sign(m, x)) { return flat(x, y); }
  float const most = mul_rn(3.0f, x);
  return !have_one_sign(x, y) && absolute(m) > absolute(most) ? most : m;
}

ROBOCACHE_HOST_DEVICE inline float akima_rise(float x0, float x1, float x2, float x3) {
  float const f = absolute(sub_rn(x3, x2));
  float const b = absolute(sub_rn(x1, x0));
  float const sum = add_rn(f, b);
  float const size = add_rn(add_rn(absolute(x0), absolute(x1)), add_rn(absolute(x2), absolute(x3)));
  if (sum <= mul_rn(3.814697265625e-06f, size)) { return mul_rn(0.5f, add_rn(x1, x2)); }  // 2^-18
  float const q = div_rn(f, sum);
  return add_rn(mul_rn(q, x1), mul_rn(sub_rn(1.0f, q), x2));
}

ROBOCACHE_HOST_DEVICE inline float hermite(curve const& c, float a, float b, float m0, float m1) {
  return add_rn(add_rn(mul_rn(c.of[0], a), mul_rn(c.of[1], b)), sub_rn(mul_rn(c.of[2], m0), mul_rn(c.of[3], m1)));
}

ROBOCACHE_HOST_DEVICE inline float weighted(float weight, float value) {
  return weight == 0.0f ? 0.0f : mul_rn(weight, value);
}

/// Where rises go on evenly beyond the last one known.
ROBOCACHE_HOST_DEVICE inline float beyond(float last, float before) { return sub_rn(mul_rn(2.0f, last), before); }

}  // namespace detail

/// The value of one channel, for `c.method` catmull_rom. `a` and `b` are the bracket's samples, `p` and `n` their
/// neighbours; what `c` says is not read may be anything finite.
ROBOCACHE_HOST_DEVICE inline float catmull_rom(curve const& c, float p, float a, float b, float n) {
  return add_rn(add_rn(detail::weighted(c.of[0], p), detail::weighted(c.of[1], a)),
                add_rn(detail::weighted(c.of[2], b), detail::weighted(c.of[3], n)));
}

/// The same for pchip.
ROBOCACHE_HOST_DEVICE inline float pchip(curve const& c, float p, float a, float b, float n) {
  float const d = sub_rn(b, a);
  float const d0 = mul_rn(sub_rn(a, p), c.of[4]);
  float const d1 = mul_rn(sub_rn(n, b), c.of[5]);
  float const m0 = c.left > 0 ? detail::harmonic_mean(c.of[6], d0, d) : detail::end_rise(c.of[6], d, d1);
  float const m1 = c.right > 0 ? detail::harmonic_mean(c.of[7], d, d1) : detail::end_rise(c.of[7], d, d0);
  return detail::hermite(c, a, b, m0, m1);
}

/// The same for akima; `pp` and `nn` are the second neighbours.
ROBOCACHE_HOST_DEVICE inline float akima(curve const& c, float pp, float p, float a, float b, float n, float nn) {
  float const x2 = sub_rn(b, a);
  float x1 = mul_rn(sub_rn(a, p), c.of[4]);
  float x3 = mul_rn(sub_rn(n, b), c.of[5]);
  if (c.left == 0) { x1 = detail::beyond(x2, x3); }
  if (c.right == 0) { x3 = detail::beyond(x2, x1); }
  float const x0 = c.left > 1 ? mul_rn(sub_rn(p, pp), c.of[6]) : detail::beyond(x1, x2);
  float const x4 = c.right > 1 ? mul_rn(sub_rn(nn, n), c.of[7]) : detail::beyond(x3, x2);
  return detail::hermite(c, a, b, detail::akima_rise(x0, x1, x2, x3), detail::akima_rise(x1, x2, x3, x4));
}

}  // namespace robocache::device
