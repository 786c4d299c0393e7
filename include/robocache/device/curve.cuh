// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
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

/// Widths of a bracket and of the intervals next to it; 0 where there is none, and beside a duplicate.
struct widths {
  float h;       ///< the bracket's
  float h0, h1;  ///< of its neighbours, before and behind
  float hp, hn;  ///< of theirs; only akima asks
};

template <class Stamp>
ROBOCACHE_HOST_DEVICE inline float width_between(Stamp earlier, Stamp later) {
  return span_to_float(span_between(earlier, later));
}

/// @param row  the bracket's left sample; it is not the last one
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline widths widths_around(trajectory<Stamp> const& source, std::int64_t row, bool second) {
  auto const look = [&](auto const& stamp) -> widths {
    // A sample that does not exist is replaced by its neighbour: an interval of width 0.
    std::int64_t const behind = source.length - 2 - row;
    Stamp const s0 = stamp(row);
    Stamp const s1 = stamp(row + 1);
    Stamp const p = row > 0 ? stamp(row - 1) : s0;
    Stamp const n = behind > 0 ? stamp(row + 2) : s1;
    Stamp const pp = second && row > 1 ? stamp(row - 2) : p;
    Stamp const nn = second && behind > 1 ? stamp(row + 3) : n;
    return {width_between(s0, s1), width_between(p, s0), width_between(s1, n), width_between(pp, p),
            width_between(n, nn)};
  };
  if (source.stamps != nullptr) {
    return look([stamps = source.stamps](std::int64_t i) { return stamps[i]; });
  }
  return look([&](std::int64_t i) { return uniform_stamp(source.start, source.num, source.den, i); });
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
  // From 0, so that no weight is -0.
  c.of[0] = sub_rn(0.0f, before);
  c.of[1] = sub_rn(add_rn(basis.b0, before), e);
  c.of[2] = add_rn(add_rn(basis.b1, behind), e);
  c.of[3] = sub_rn(0.0f, behind);
}

/// pchip: the share of a neighbour's rise at the sample between its interval and the bracket.
ROBOCACHE_HOST_DEVICE inline float share_of(float neighbour, float h) {
  return div_rn(add_rn(mul_rn(2.0f, h), neighbour), mul_rn(3.0f, add_rn(h, neighbour)));
}

}  // namespace detail

/// The curve through a target's neighbourhood, of which up to six stamps are read.
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
  auto const [h, h0, h1, hp, hn] = detail::widths_around(source, where.row, method == interpolation::akima);
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
  // An interval that is missing has the ratio 0, and a division that is not made must not be by 0, which is slow.
  auto const ratio = [h = h](float width) { return width != 0.0f ? div_rn(h, width) : 0.0f; };
  c.of[4] = ratio(h0);
  c.of[5] = ratio(h1);
  if (method == interpolation::pchip) {
    c.of[6] = c.left > 0 ? detail::share_of(h0, h) : div_rn(h, add_rn(h, h1));
    c.of[7] = c.right > 0 ? detail::share_of(h1, h) : div_rn(h, add_rn(h, h0));
    return c;
  }
  c.left = c.left > 0 && hp != 0.0f ? 2 : c.left;
  c.right = c.right > 0 && hn != 0.0f ? 2 : c.right;
  c.of[6] = ratio(hp);
  c.of[7] = ratio(hn);
  return c;
}

namespace detail {

ROBOCACHE_HOST_DEVICE inline bool have_one_sign(float x, float y) {
  return (x > 0.0f && y > 0.0f) || (x < 0.0f && y < 0.0f);
}

/// 0, or NaN where one of them is not finite.
ROBOCACHE_HOST_DEVICE inline float flat(float x, float y) { return add_rn(sub_rn(x, x), sub_rn(y, y)); }

/// The larger one, or NaN.
ROBOCACHE_HOST_DEVICE inline float at_least(float x, float least) {
#if defined(__CUDA_ARCH__)
  float larger;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(larger) : "f"(x), "f"(least));
  return larger;
#else
  return x <= least ? least : x;
#endif
}

/// The weighted harmonic mean of the bracket's rise `d`, above 0, and a neighbour's `x`, not below 0, that counts for
/// `share`.
ROBOCACHE_HOST_DEVICE inline float harmonic_mean(float share, float x, float d) {
  return mul_rn(x, div_rn(d, add_rn(mul_rn(share, d), mul_rn(sub_rn(1.0f, share), x))));
}

ROBOCACHE_HOST_DEVICE inline float end_rise(float e, float x, float y) {
  float const m = sub_rn(mul_rn(add_rn(1.0f, e), x), mul_rn(e, y));
  if (!have_one_sign(m, x)) { return flat(x, y); }
  float const most = mul_rn(3.0f, x);
  return !have_one_sign(x, y) && absolute(m) > absolute(most) ? most : m;
}

/// @param f, b   how much the rises change behind and before
/// @param least  what both together must exceed
ROBOCACHE_HOST_DEVICE inline float akima_rise(float x1, float x2, float f, float b, float least) {
  float const sum = add_rn(f, b);
  bool const is_even = sum <= least;
  float const share = div_rn(f, is_even ? 1.0f : sum);
  float const q = is_even ? 0.5f : share;
  return sub_rn(x2, mul_rn(q, sub_rn(x2, x1)));
}

ROBOCACHE_HOST_DEVICE inline float weighted(float weight, float value) {
  return weight == 0.0f ? 0.0f : mul_rn(weight, value);
}

/// Where rises go on evenly beyond the last one known.
ROBOCACHE_HOST_DEVICE inline float beyond(float last, float before) { return sub_rn(mul_rn(2.0f, last), before); }

}  // namespace detail

namespace detail {

/// `catmull_rom` where no weight is 0.
ROBOCACHE_HOST_DEVICE inline float weighted_sum(curve const& c, float p, float a, float b, float n) {
  return add_rn(add_rn(mul_rn(c.of[0], p), mul_rn(c.of[1], a)), add_rn(mul_rn(c.of[2], b), mul_rn(c.of[3], n)));
}

}  // namespace detail

/// The value of one channel, for `c.method` catmull_rom. `a` and `b` are the bracket's samples, `p` and `n` their
/// neighbours; what `c` says is not read may be anything finite.
ROBOCACHE_HOST_DEVICE inline float catmull_rom(curve const& c, float p, float a, float b, float n) {
  return add_rn(add_rn(detail::weighted(c.of[0], p), detail::weighted(c.of[1], a)),
                add_rn(detail::weighted(c.of[2], b), detail::weighted(c.of[3], n)));
}

/// The same for pchip.
ROBOCACHE_HOST_DEVICE inline float pchip(curve const& c, float p, float a, float b, float n) {
  // The rises as they look where the bracket's own is not below 0.
  float const signed_d = sub_rn(b, a);
  float const d = detail::signed_as(signed_d, signed_d);
  float const d0 = detail::signed_as(signed_d, mul_rn(sub_rn(a, p), c.of[4]));
  float const d1 = detail::signed_as(signed_d, mul_rn(sub_rn(n, b), c.of[5]));
  // Where the bracket is flat, so is the curve; the division must not be by 0.
  bool const is_flat = d < 4.70197740e-38f;  // 2^-124
  float const rise = is_flat ? 1.0f : d;
  auto const mean = [&](float share, float x) {
    return detail::harmonic_mean(share, is_flat ? mul_rn(0.0f, x) : detail::at_least(x, 0.0f), rise);
  };
  float const m0 = c.left > 0 ? mean(c.of[6], d0) : detail::end_rise(c.of[6], d, d1);
  float const m1 = c.right > 0 ? mean(c.of[7], d1) : detail::end_rise(c.of[7], d, d0);
  return add_rn(add_rn(mul_rn(c.of[0], a), mul_rn(c.of[1], b)),
                detail::signed_as(signed_d, sub_rn(mul_rn(c.of[2], m0), mul_rn(c.of[3], m1))));
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
  using detail::absolute;
  float const size =
      add_rn(add_rn(add_rn(absolute(x0), absolute(x1)), absolute(x2)), add_rn(absolute(x3), absolute(x4)));
  float const least = mul_rn(3.814697265625e-06f, size);  // 2^-18
  float const m0 = detail::akima_rise(x1, x2, absolute(sub_rn(x3, x2)), absolute(sub_rn(x1, x0)), least);
  float const m1 = detail::akima_rise(x2, x3, absolute(sub_rn(x4, x3)), absolute(sub_rn(x2, x1)), least);
  return add_rn(add_rn(mul_rn(c.of[0], a), mul_rn(c.of[1], b)), sub_rn(mul_rn(c.of[2], m0), mul_rn(c.of[3], m1)));
}

}  // namespace robocache::device
