// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/math.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/method.cuh>
#include <robocache/device/timeline.cuh>
#include <robocache/options.hpp>

// Cubic interpolation inside a bracket. Formulas, order of operations and sources: docs/semantics.md, Curved methods.
namespace robocache::device {

/// What a curved method needs to know about one target's stamps: made once per row, used in every channel.
struct curve {
  interpolation method;  ///< linear where the series ends on both sides, and beyond the edges
  std::uint8_t left;     ///< samples to read before the bracket: 0, 1, or 2 for akima
  std::uint8_t right;    ///< samples to read after it
  float weight;          ///< of the bracket's right sample
  /// catmull_rom: the weights of the rises before, in and after the bracket. pchip, akima: B1, or -B0 where the right
  /// sample is the nearer one, M0, M1, r0, r1, and then a0, a1 (pchip; where a neighbour is missing, the number of its
  /// end rule) or rp, rn (akima).
  float of[7];
};

namespace detail {

/// A constant, because device code calls no function of the host's standard library, and NVRTC has no builtin for it.
inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Widths of a bracket and of the intervals next to it; 0 where there is none, and beside a duplicate.
struct widths {
  float h;       ///< the bracket's
  float h0, h1;  ///< of its neighbours, before and after
  float hp, hn;  ///< of theirs; only for akima
};

template <class Stamp>
ROBOCACHE_HOST_DEVICE inline float width_between(Stamp earlier, Stamp later) {
  return span_to_float(span_between(earlier, later));
}

/// Not a generic lambda, because NVRTC takes the call operator of one for host code.
/// @param stamp   of sample i, as a function
/// @param row     the bracket's left sample; it is not the last one
/// @param length  samples
/// @param second  whether the widths two intervals away are needed
template <class Stamp, class Look>
ROBOCACHE_HOST_DEVICE inline widths widths_from(Look const& stamp, std::int64_t row, std::int64_t length, bool second) {
  // A sample that does not exist is replaced by its neighbour: an interval of width 0.
  std::int64_t const behind = length - 2 - row;
  Stamp const s0 = stamp(row);
  Stamp const s1 = stamp(row + 1);
  Stamp const p = row > 0 ? stamp(row - 1) : s0;
  Stamp const n = behind > 0 ? stamp(row + 2) : s1;
  Stamp const pp = second && row > 1 ? stamp(row - 2) : p;
  Stamp const nn = second && behind > 1 ? stamp(row + 3) : n;
  return {width_between(s0, s1), width_between(p, s0), width_between(s1, n), width_between(pp, p),
          width_between(n, nn)};
}

template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE inline widths widths_around(trajectory<Stamp, MayBeRing> const& source, std::int64_t row,
                                                  bool second) {
  if (source.stored()) {
    auto const stored = [stamps = source.stamps](std::int64_t i) { return stamps[i]; };
    return widths_from<Stamp>(stored, row, source.length, second);
  }
  auto const other = [&](std::int64_t i) { return source.other_stamp(i); };
  return widths_from<Stamp>(other, row, source.length, second);
}

/// The weight's cubic polynomials.
struct cubic_basis {
  float b;  ///< B1; where the right sample is the nearer one -B0
  float m0, m1;
};

ROBOCACHE_HOST_DEVICE inline cubic_basis basis_of(float w) {
  float const g = sub_rn(1.0f, w);
  float const ww = mul_rn(w, w);
  float const gg = mul_rn(g, g);
  float const b = w < 0.5f ? mul_rn(ww, add_rn(1.0f, mul_rn(2.0f, g))) : -mul_rn(gg, add_rn(1.0f, mul_rn(2.0f, w)));
  return {b, mul_rn(w, gg), mul_rn(ww, g)};
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
  c.of[0] = mul_rn(basis.m0, q0);
  c.of[1] = add_rn(basis.b, sub_rn(mul_rn(basis.m0, k0), mul_rn(basis.m1, k1)));
  c.of[2] = mul_rn(basis.m1, q1);
}

/// pchip: the share of a neighbour's rise at the sample between its interval and the bracket.
ROBOCACHE_HOST_DEVICE inline float share_of(float neighbour, float h) {
  return div_rn(add_rn(mul_rn(2.0f, h), neighbour), mul_rn(3.0f, add_rn(h, neighbour)));
}

/// The curve in the bracket that begins with sample `row`.
/// @param method  catmull_rom, pchip or akima
template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE inline curve curve_in(trajectory<Stamp, MayBeRing> const& source, std::int64_t row, float weight,
                                            cubic_basis const& basis, interpolation method) {
  curve c{};
  c.method = interpolation::linear;
  c.weight = weight;
  auto const [h, h0, h1, hp, hn] = widths_around(source, row, neighbours_of(method) > 1);
  c.left = h0 != 0.0f ? 1 : 0;
  c.right = h1 != 0.0f ? 1 : 0;
  if (c.left + c.right == 0) { return c; }

  c.method = method;
  if (method == interpolation::catmull_rom) {
    set_catmull_rom(c, basis, h, h0, h1);
    return c;
  }
  c.of[0] = basis.b;
  c.of[1] = basis.m0;
  c.of[2] = basis.m1;
  // A missing interval has the ratio 0. It is not computed by a division by 0, which would be slow.
  auto const ratio = [h = h](float width) { return width != 0.0f ? div_rn(h, width) : 0.0f; };
  c.of[3] = ratio(h0);
  c.of[4] = ratio(h1);
  if (method == interpolation::pchip) {
    c.of[5] = c.left > 0 ? share_of(h0, h) : div_rn(h, add_rn(h, h1));
    c.of[6] = c.right > 0 ? share_of(h1, h) : div_rn(h, add_rn(h, h0));
    return c;
  }
  c.left = c.left > 0 && hp != 0.0f ? 2 : c.left;
  c.right = c.right > 0 && hn != 0.0f ? 2 : c.right;
  c.of[5] = ratio(hp);
  c.of[6] = ratio(hn);
  return c;
}

}  // namespace detail

/// The curve through a target's neighbourhood, of which up to six stamps are read.
///
/// @param source  the trajectory that `where` was located in
/// @param where   from `locate`, with `blends` set
/// @param method  catmull_rom, pchip or akima; for all others the curve is linear
template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE inline curve curve_at(trajectory<Stamp, MayBeRing> const& source, location const& where,
                                            interpolation method) {
  if (!is_curved(method) || !(where.weight > 0.0f && where.weight < 1.0f)) {
    curve c{};
    c.method = interpolation::linear;
    c.weight = where.weight;
    return c;
  }
  return detail::curve_in(source, where.row, where.weight, detail::basis_of(where.weight), method);
}

namespace detail {

template <class Real>
ROBOCACHE_HOST_DEVICE inline bool have_one_sign(Real x, Real y) {
  return (x > Real(0) && y > Real(0)) || (x < Real(0) && y < Real(0));
}

/// 0, or NaN where one of them is not finite.
template <class Real>
ROBOCACHE_HOST_DEVICE inline Real flat(Real x, Real y) {
  return add_rn(sub_rn(x, x), sub_rn(y, y));
}

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
ROBOCACHE_HOST_DEVICE inline double at_least(double x, double least) { return x <= least ? least : x; }

// What formulas need of their argument `doubt`. Kernels have a type of their own, with which most divisions are short.

template <class Real>
ROBOCACHE_HOST_DEVICE inline void doubt_unless_finite(Real x, Real& doubt) {
  doubt = fma_rn(x, Real(0), doubt);
}

/// Unless eight times `size` is finite.
template <class Real>
ROBOCACHE_HOST_DEVICE inline void doubt_size(Real size, Real& doubt) {
  doubt_unless_finite(mul_rn(Real(8), size), doubt);
}

template <class Real>
ROBOCACHE_HOST_DEVICE inline Real quotient(Real a, Real b, Real&) {
  return div_rn(a, b);
}

/// `part / sum`. Any number where `is_unused`: only then may the sum be 0, and a division by 0 is slow.
template <class Real>
ROBOCACHE_HOST_DEVICE inline Real part_of_sum(Real part, Real sum, bool is_unused, Real&) {
  return div_rn(part, is_unused ? Real(1) : sum);
}

/// The weighted harmonic mean of the bracket's rise `d`, above 0, and a neighbour's `x`, not below 0, with the weight
/// `share`.
template <class Real, class Doubt>
ROBOCACHE_HOST_DEVICE inline Real harmonic_mean(Real share, Real x, Real d, Doubt& doubt) {
  return mul_rn(x, quotient(d, add_rn(mul_rn(share, d), mul_rn(sub_rn(Real(1), share), x)), doubt));
}

template <class Real>
ROBOCACHE_HOST_DEVICE inline Real end_rise(Real e, Real x, Real y) {
  Real const m = sub_rn(mul_rn(add_rn(Real(1), e), x), mul_rn(e, y));
  if (!have_one_sign(m, x)) { return flat(x, y); }
  Real const most = mul_rn(Real(3), x);
  return !have_one_sign(x, y) && absolute(m) > absolute(most) ? most : m;
}

/// @param f, b   how much the rises change after and before
/// @param least  what both together must exceed
template <class Real, class Doubt>
ROBOCACHE_HOST_DEVICE inline Real akima_rise(Real x1, Real x2, Real f, Real b, Real least, Doubt& doubt) {
  Real const sum = add_rn(f, b);
  bool const is_even = sum <= least;
  Real const share = part_of_sum(f, sum, is_even, doubt);
  Real const q = is_even ? Real(0.5) : share;
  return sub_rn(x2, mul_rn(q, sub_rn(x2, x1)));
}

template <class Real>
ROBOCACHE_HOST_DEVICE inline Real weighted(Real weight, Real value) {
  return weight == Real(0) ? Real(0) : mul_rn(weight, value);
}

/// The next rise if rises go on evenly beyond the last one known.
template <class Real>
ROBOCACHE_HOST_DEVICE inline Real beyond(Real last, Real before) {
  return sub_rn(mul_rn(Real(2), last), before);
}

// The formulas, in `float` or in `double`, with `a` and `b` the bracket's samples, `p` and `n` their neighbours.
// A `doubt` of type `Real` stays 0 as long as no intermediate result has overflowed, and is NaN from then on.

/// Counted from the nearer sample.
template <class Real>
ROBOCACHE_HOST_DEVICE inline Real from_near(curve const& c, Real a, Real b, Real way) {
  return add_rn(c.weight < 0.5f ? a : b, way);
}

/// A rise times one of the curve's numbers.
/// @tparam AnyWeight  weights may be 0: a rise with weight 0 does not count, whatever it is
template <bool AnyWeight, class Real>
ROBOCACHE_HOST_DEVICE inline Real term(curve const& c, int i, Real rise) {
  return AnyWeight ? weighted(Real(c.of[i]), rise) : mul_rn(Real(c.of[i]), rise);
}

// What the basis makes of the rises: with that of values the way from the nearer sample, with that of derivative.cuh a
// derivative by the weight.

template <bool AnyWeight, class Real>
ROBOCACHE_HOST_DEVICE inline Real catmull_rom_sum(curve const& c, Real p, Real a, Real b, Real n) {
  Real const beside = sub_rn(term<AnyWeight>(c, 0, sub_rn(a, p)), term<AnyWeight>(c, 2, sub_rn(n, b)));
  return add_rn(term<AnyWeight>(c, 1, sub_rn(b, a)), beside);
}

/// @param size  what `8 * size` plus the result must not exceed
template <bool AnyWeight, class Real, class Doubt>
ROBOCACHE_HOST_DEVICE inline Real pchip_sum(curve const& c, Real p, Real a, Real b, Real n, Real& size, Doubt& doubt) {
  // The rises, with signs such that the bracket's own is not below 0.
  Real const signed_d = sub_rn(b, a);
  Real const d = signed_as(signed_d, signed_d);
  Real const d0 = signed_as(signed_d, mul_rn(sub_rn(a, p), Real(c.of[3])));
  Real const d1 = signed_as(signed_d, mul_rn(sub_rn(n, b), Real(c.of[4])));
  // Where the bracket is flat, so is the curve; the division must not be by 0.
  bool const is_flat = d < Real(4.70197740e-38f);  // 2^-124
  Real const rise = is_flat ? Real(1) : d;
  auto const mean = [&](float share, Real x) {
    return harmonic_mean(Real(share), is_flat ? mul_rn(Real(0), x) : at_least(x, Real(0)), rise, doubt);
  };
  Real const m0 = c.left > 0 ? mean(c.of[5], d0) : end_rise(Real(c.of[5]), d, d1);
  Real const m1 = c.right > 0 ? mean(c.of[6], d1) : end_rise(Real(c.of[6]), d, d0);
  if (c.left == 0) { doubt_unless_finite(d1, doubt); }
  if (c.right == 0) { doubt_unless_finite(d0, doubt); }
  size = d;  // no sum above is more than a few times that
  Real const e = sub_rn(term<AnyWeight>(c, 1, m0), term<AnyWeight>(c, 2, m1));
  return signed_as(signed_d, add_rn(term<AnyWeight>(c, 0, d), e));
}

template <bool AnyWeight, class Real, class Doubt>
ROBOCACHE_HOST_DEVICE inline Real akima_sum(curve const& c, Real pp, Real p, Real a, Real b, Real n, Real nn,
                                            Doubt& doubt) {
  Real const x2 = sub_rn(b, a);
  Real x1 = mul_rn(sub_rn(a, p), Real(c.of[3]));
  Real x3 = mul_rn(sub_rn(n, b), Real(c.of[4]));
  if (c.left == 0) { x1 = beyond(x2, x3); }
  if (c.right == 0) { x3 = beyond(x2, x1); }
  Real const x0 = c.left > 1 ? mul_rn(sub_rn(p, pp), Real(c.of[5])) : beyond(x1, x2);
  Real const x4 = c.right > 1 ? mul_rn(sub_rn(nn, n), Real(c.of[6])) : beyond(x3, x2);
  Real const size =
      add_rn(add_rn(add_rn(absolute(x0), absolute(x1)), absolute(x2)), add_rn(absolute(x3), absolute(x4)));
  doubt_size(size, doubt);                                     // no sum below is more than four times that
  Real const least = mul_rn(Real(3.814697265625e-06f), size);  // 2^-18
  Real const m0 = akima_rise(x1, x2, absolute(sub_rn(x3, x2)), absolute(sub_rn(x1, x0)), least, doubt);
  Real const m1 = akima_rise(x2, x3, absolute(sub_rn(x4, x3)), absolute(sub_rn(x2, x1)), least, doubt);
  Real const e = sub_rn(term<AnyWeight>(c, 1, m0), term<AnyWeight>(c, 2, m1));
  return add_rn(term<AnyWeight>(c, 0, x2), e);
}

template <class Real, bool AnyWeight = true, class Doubt>
ROBOCACHE_HOST_DEVICE inline Real catmull_rom_as(curve const& c, Real p, Real a, Real b, Real n, Doubt& doubt) {
  Real const value = from_near(c, a, b, catmull_rom_sum<AnyWeight>(c, p, a, b, n));
  doubt_unless_finite(value, doubt);
  return value;
}

template <class Real, class Doubt>
ROBOCACHE_HOST_DEVICE inline Real pchip_as(curve const& c, Real p, Real a, Real b, Real n, Doubt& doubt) {
  Real size;
  Real const sum = pchip_sum<false>(c, p, a, b, n, size, doubt);
  Real const value = from_near(c, a, b, sum);
  doubt_unless_finite(fma_rn(Real(8), size, value), doubt);
  return value;
}

template <class Real, class Doubt>
ROBOCACHE_HOST_DEVICE inline Real akima_as(curve const& c, Real pp, Real p, Real a, Real b, Real n, Real nn,
                                           Doubt& doubt) {
  return from_near(c, a, b, akima_sum<false>(c, pp, p, a, b, n, nn, doubt));
}

/// By the formula of the curve's method. NaN for a method that has no curve.
template <class Real>
ROBOCACHE_HOST_DEVICE inline Real value_on(curve const& c, Real pp, Real p, Real a, Real b, Real n, Real nn,
                                           Real& doubt) {
  switch (c.method) {
    case interpolation::catmull_rom: return catmull_rom_as<Real>(c, p, a, b, n, doubt);
    case interpolation::pchip: return pchip_as<Real>(c, p, a, b, n, doubt);
    case interpolation::akima: return akima_as<Real>(c, pp, p, a, b, n, nn, doubt);
    case interpolation::previous:
    case interpolation::next:
    case interpolation::nearest:
    case interpolation::linear:
    case interpolation::angle:
    case interpolation::slerp: break;
  }
  return static_cast<Real>(not_a_number);
}

/// The value of a curve whose rises overflow a float, or are NaN: the same formula in double, rounded once.
ROBOCACHE_HOST_DEVICE inline float curve_in_double(curve const& c, float pp, float p, float a, float b, float n,
                                                   float nn) {
  double doubt = 0.0;
  return span_to_float(value_on<double>(c, pp, p, a, b, n, nn, doubt));
}

}  // namespace detail

/// The value of one channel, for `c.method` catmull_rom. `a` and `b` are the bracket's samples, `p` and `n` their
/// neighbours; where `c` says that one is not read, it is `a` for `p` and `b` for `n`.
ROBOCACHE_HOST_DEVICE inline float catmull_rom(curve const& c, float p, float a, float b, float n) {
  float doubt = 0.0f;
  float const value = detail::catmull_rom_as<float>(c, p, a, b, n, doubt);
  return doubt == 0.0f ? value : detail::curve_in_double(c, p, p, a, b, n, n);
}

/// The same for pchip.
ROBOCACHE_HOST_DEVICE inline float pchip(curve const& c, float p, float a, float b, float n) {
  float doubt = 0.0f;
  float const value = detail::pchip_as<float>(c, p, a, b, n, doubt);
  return doubt == 0.0f ? value : detail::curve_in_double(c, p, p, a, b, n, n);
}

/// The same for akima; `pp` and `nn` are the second neighbours, `p` and `n` again where they are not read.
ROBOCACHE_HOST_DEVICE inline float akima(curve const& c, float pp, float p, float a, float b, float n, float nn) {
  float doubt = 0.0f;
  float const value = detail::akima_as<float>(c, pp, p, a, b, n, nn, doubt);
  return doubt == 0.0f ? value : detail::curve_in_double(c, pp, p, a, b, n, nn);
}

}  // namespace robocache::device
