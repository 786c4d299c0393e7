// SPDX-License-Identifier: Apache-2.0
#include "support/oracle_methods.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace test::oracle {
namespace {

template <class Real>
bool same_side(Real x, Real y) {
  return (x > 0 && y > 0) || (x < 0 && y < 0);
}

/// 0, or NaN where one of the two is not finite.
template <class Real>
Real nothing(Real x, Real y) {
  Real const from_x = x - x;
  Real const from_y = y - y;
  return from_x + from_y;
}

template <class Real>
struct basis {
  Real b0, b1, m0, m1;

  explicit basis(Real w) {
    Real const g = 1 - w;
    Real const ww = w * w;
    Real const gg = g * g;
    b0 = gg * (1 + (2 * w));
    b1 = ww * (1 + (2 * g));
    m0 = w * gg;
    m1 = ww * g;
  }
};

// Below, what depends on stamps is in `Weight`, what depends on values in `Real`: float and float, or float and double
// where float would overflow.

/// The difference between value k and the next; `k` is 2 in the bracket.
template <class Real, class Weight>
Real step_of(stretch<Weight> const& s, int k) {
  return Real(s.value[std::size_t(k + 1)]) - Real(s.value[std::size_t(k)]);
}

/// The rise from value k to the next, over a time as long as the bracket.
template <class Real, class Weight>
Real rise_of(stretch<Weight> const& s, int k) {
  if (k == 2) { return step_of<Real>(s, k); }
  Weight const ratio = s.width[2] / s.width[std::size_t(k)];
  return step_of<Real>(s, k) * Real(ratio);
}

/// The cubic's value, from the bracket's rise and what the rises at its ends add.
template <class Real, class Weight>
Real from_nearer(stretch<Weight> const& s, Real d, Real of_rises) {
  basis<Weight> const at(s.weight);
  if (s.weight < Weight(0.5)) {
    Real const moved = (Real(at.b1) * d) + of_rises;
    return Real(s.value[2]) + moved;
  }
  Real const moved = (Real(at.b0) * d) - of_rises;
  return Real(s.value[3]) - moved;
}

template <class Real, class Weight>
Real catmull_rom(stretch<Weight> const& s) {
  basis<Weight> const at(s.weight);
  Weight const h = s.width[2];
  Weight q0 = 0, k0 = 1, q1 = 0, k1 = 1;
  if (s.left > 0) {
    Weight const c0 = h / (s.width[1] + h);
    q0 = c0 * (h / s.width[1]);
    k0 = 1 - c0;
  }
  if (s.right > 0) {
    Weight const c1 = h / (h + s.width[3]);
    q1 = c1 * (h / s.width[3]);
    k1 = 1 - c1;
  }
  Weight const of_rises = (at.m0 * k0) - (at.m1 * k1);
  auto const term = [](Weight weight, Real step) { return weight == 0 ? Real(0) : Real(weight) * step; };
  Real const before = term(at.m0 * q0, s.left > 0 ? step_of<Real>(s, 1) : Real(0));
  Real const behind = term(at.m1 * q1, s.right > 0 ? step_of<Real>(s, 3) : Real(0));
  Real const beside = before - behind;
  if (s.weight < Weight(0.5)) {
    Real const inside = term(at.b1 + of_rises, step_of<Real>(s, 2));
    return Real(s.value[2]) + (inside + beside);
  }
  Real const inside = term(at.b0 - of_rises, step_of<Real>(s, 2));
  return Real(s.value[3]) - (inside - beside);
}

/// The rise `x` beside one of `d`, which is not below 0: one that goes the other way counts as 0, and so does any
/// beside a flat bracket.
template <class Real>
Real pchip_mean(Real share, Real x, Real d) {
  bool const flat = d < Real(0x1p-124);
  if (flat) {
    x = 0 * x;
    d = 1;
  } else if (x <= 0) {
    x = 0;
  }
  Real const both = (share * d) + ((1 - share) * x);
  return x * (d / both);
}

template <class Real>
Real pchip_end(Real e, Real x, Real y) {
  Real const m = ((1 + e) * x) - (e * y);
  if (!same_side(m, x)) { return nothing(x, y); }
  Real const most = 3 * x;
  return !same_side(x, y) && std::fabs(m) > std::fabs(most) ? most : m;
}

template <class Real, class Weight>
Real pchip(stretch<Weight> const& s) {
  Weight const h = s.width[2], h0 = s.width[1], h1 = s.width[3];
  bool const down = std::signbit(rise_of<Real>(s, 2));
  auto const upwards = [&](int k) { return down ? -rise_of<Real>(s, k) : rise_of<Real>(s, k); };
  Real const d = upwards(2);
  Real rise0, rise1;
  if (s.left > 0) {
    Weight const share = ((2 * h) + h0) / (3 * (h + h0));
    rise0 = pchip_mean(Real(share), upwards(1), d);
  } else {
    Weight const share = h / (h + h1);
    rise0 = pchip_end(Real(share), d, upwards(3));
  }
  if (s.right > 0) {
    Weight const share = ((2 * h) + h1) / (3 * (h + h1));
    rise1 = pchip_mean(Real(share), upwards(3), d);
  } else {
    Weight const share = h / (h + h0);
    rise1 = pchip_end(Real(share), d, upwards(1));
  }
  basis<Weight> const at(s.weight);
  Real const of_rises = (Real(at.m0) * rise0) - (Real(at.m1) * rise1);
  return from_nearer(s, down ? -d : d, down ? -of_rises : of_rises);
}

template <class Real>
Real akima_rise(Real x, Real y, Real ahead, Real behind, Real least) {
  Real const sum = ahead + behind;
  Real const q = sum <= least ? Real(0.5) : ahead / sum;
  return y - (q * (y - x));
}

template <class Real>
struct akima_rises {
  std::array<Real, 5> x{};
  Real size = 0;
};

template <class Real, class Weight>
akima_rises<Real> rises_around(stretch<Weight> const& s) {
  akima_rises<Real> r;
  auto const x = [&r](int k) -> Real& { return r.x[std::size_t(k)]; };
  for (int k = 2 - s.left; k <= 2 + s.right; ++k) { x(k) = rise_of<Real>(s, k); }
  for (int k = 1 - s.left; k >= 0; --k) { x(k) = (2 * x(k + 1)) - x(k + 2); }
  for (int k = 3 + s.right; k < 5; ++k) { x(k) = (2 * x(k - 1)) - x(k - 2); }
  r.size = ((std::fabs(x(0)) + std::fabs(x(1))) + std::fabs(x(2))) + (std::fabs(x(3)) + std::fabs(x(4)));
  return r;
}

template <class Real, class Weight>
Real akima(stretch<Weight> const& s) {
  auto const [x, size] = rises_around<Real>(s);
  Real const least = Real(0x1p-18) * size;
  Real const rise0 = akima_rise<Real>(x[1], x[2], std::fabs(x[3] - x[2]), std::fabs(x[1] - x[0]), least);
  Real const rise1 = akima_rise<Real>(x[2], x[3], std::fabs(x[4] - x[3]), std::fabs(x[2] - x[1]), least);
  basis<Weight> const at(s.weight);
  Real const of_rises = (Real(at.m0) * rise0) - (Real(at.m1) * rise1);
  return from_nearer(s, x[2], of_rises);
}

template <class Real, class Weight>
Real curve_as(interpolation method, stretch<Weight> const& s) {
  if (method == interpolation::catmull_rom) { return catmull_rom<Real>(s); }
  return method == interpolation::pchip ? pchip<Real>(s) : akima<Real>(s);
}

/// Whether nothing overflowed a float on the way to `value`.
bool had_room(interpolation method, stretch<float> const& s, float value) {
  if (method == interpolation::akima) { return std::isfinite(8 * rises_around<float>(s).size); }
  if (method == interpolation::pchip) {
    bool const first_rise = s.left > 0 || std::isfinite(rise_of<float>(s, 3));
    bool const last_rise = s.right > 0 || std::isfinite(rise_of<float>(s, 1));
    return first_rise && last_rise && std::isfinite(std::fma(8.0f, std::fabs(step_of<float>(s, 2)), value));
  }
  return std::isfinite(value);
}

constexpr float pi = 3.14159265358979323846f;
constexpr float tau = 2 * pi;

/// `x` less whole turns, as near to 0 as they bring it; `inside` says what counts.
template <class Real, class Inside>
Real reduced(Real x, Inside inside) {
  if (inside(x)) { return x; }
  Real r;
  if constexpr (std::is_same_v<Real, float>) {
    float const turns = std::rint(x * (1 / tau));
    r = std::fma(-turns, tau, x);
  } else {
    r = std::remainder(x, Real(tau));
  }
  if (!inside(r)) {
    if (r <= -Real(pi)) {
      r = r + Real(tau);
    } else if (r >= Real(pi)) {
      r = r - Real(tau);
    }
  }
  return inside(r) ? r : r - r;
}

float dot(quaternion const& a, quaternion const& b) {
  return ((a[0] * b[0] + a[1] * b[1]) + a[2] * b[2]) + a[3] * b[3];
}

}  // namespace

template <class Real>
Real linear(Real a, Real b, Real w) {
  Real const d = b - a;
  Real const rest = 1 - w;
  if (!std::isfinite(d)) {
    Real const left = rest * a;
    Real const right = w * b;
    return left + right;
  }
  Real const moved = w < Real(0.5) ? w * d : rest * d;
  return w < Real(0.5) ? a + moved : b - moved;
}

template <class Real>
Real curve(interpolation method, stretch<Real> const& s) {
  if (s.left == 0 && s.right == 0) { return linear(s.value[2], s.value[3], s.weight); }
  Real const value = curve_as<Real>(method, s);
  if constexpr (std::is_same_v<Real, float>) {
    if (!had_room(method, s, value)) { return static_cast<float>(curve_as<double>(method, s)); }
  }
  return value;
}

/// How far the rises at both ends of the bracket may be off.
static std::array<long double, 2> akima_doubts(stretch<long double> const& s) {
  if (s.left == 0 && s.right == 0) { return {}; }
  auto const [x, size] = rises_around<long double>(s);
  auto const undecided = [size = size](long double ahead, long double behind) {
    long double const both = std::fabs(ahead) + std::fabs(behind);
    return both == 0 ? 1.0L : std::min(1.0L, 0x1p-17L * size / both);
  };
  long double const d0 = undecided(x[3] - x[2], x[1] - x[0]);
  long double const d1 = undecided(x[4] - x[3], x[2] - x[1]);
  return {d0 * std::fabs(x[2] - x[1]), d1 * std::fabs(x[3] - x[2])};
}

long double akima_slack(stretch<long double> const& s) {
  auto const [first, last] = akima_doubts(s);
  basis<long double> const at(s.weight);
  return (at.m0 * first) + (at.m1 * last);
}

long double derivative(interpolation method, stretch<long double> const& s, int order) {
  long double const by = 0x1p-6L;
  auto const at = [&](int steps) {
    stretch<long double> beside = s;
    beside.weight += steps * by;
    return curve(method, beside);
  };
  if (order == 2) { return (at(1) - 2 * at(0) + at(-1)) / (by * by); }
  return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * by);
}

long double akima_derivative_slack(stretch<long double> const& s, int order) {
  auto const [first, last] = akima_doubts(s);
  return (order == 2 ? 4 : 1) * (first + last);
}

template <class Real>
Real wrap(Real x) {
  return reduced(x, [](Real y) { return -Real(pi) <= y && y < Real(pi); });
}

template <class Real>
Real angle(Real a, Real b, Real w) {
  Real const turn = reduced(Real(b - a), [](Real y) { return -Real(pi) < y && y <= Real(pi); });
  return wrap(Real(a + (w * turn)));
}

arc_point slerp(quaternion const& a, quaternion const& b, float w) {
  float const aa = dot(a, a);
  float const bb = dot(b, b);
  float const inverse = 1 / std::sqrt(aa * bb);
  float const cosine = dot(a, b) * inverse;
  float const length = aa == bb && inverse > 0 && std::isfinite(inverse) ? 1.0f : aa * inverse;
  float const aligned = std::signbit(cosine) ? -length : length;
  float const z = 0.5f - (0.5f * std::fabs(cosine));
  float const rest = 1 - w;
  arc_point point{{}, 0};
  if (z <= 2.5e-5f) {
    quaternion sum;
    for (std::size_t c = 0; c < 4; ++c) {
      float const other = b[c] * aligned;
      sum[c] = a[c] + ((other - a[c]) * w);
    }
    float const unit = 1 / std::sqrt(dot(sum, sum));
    for (std::size_t c = 0; c < 4; ++c) { point.value[c] = double(sum[c] * unit); }
    return point;
  }
  double const theta = 2 * std::asin(std::sqrt(double(z)));
  double const x = std::sin(double(rest) * theta);
  double const y = std::sin(double(w) * theta) * double(aligned);
  double square = 0;
  for (std::size_t c = 0; c < 4; ++c) {
    point.value[c] = double(a[c]) * x + double(b[c]) * y;
    square += point.value[c] * point.value[c];
  }
  for (double& one : point.value) { one /= std::sqrt(square); }
  // Far along the arc the error of the angle is multiplied by the weight.
  bool const promised = std::fabs(double(w)) * theta < 8192 * 3.14;
  point.tolerance = promised ? 1e-6 * std::max(1.0, std::fabs(double(w))) : std::numeric_limits<double>::infinity();
  return point;
}

std::array<long double, 4> slerp_exact(quaternion const& a, quaternion const& b, long double w) {
  using real = long double;
  auto const norm = [](quaternion const& q) {
    real square = 0;
    for (float x : q) { square += real(x) * x; }
    return std::sqrt(square);
  };
  real cosine = 0;
  std::array<real, 4> from{}, to{};
  for (std::size_t c = 0; c < 4; ++c) {
    from[c] = a[c] / norm(a);
    to[c] = b[c] / norm(b);
    cosine += from[c] * to[c];
  }
  real apart = 0, together = 0;
  for (std::size_t c = 0; c < 4; ++c) {
    if (cosine < 0) { to[c] = -to[c]; }
    apart += (to[c] - from[c]) * (to[c] - from[c]);
    together += (to[c] + from[c]) * (to[c] + from[c]);
  }
  real const theta = 2 * std::atan2(std::sqrt(apart), std::sqrt(together));
  std::array<real, 4> point{};
  for (std::size_t c = 0; c < 4; ++c) {
    point[c] =
        theta == 0 ? from[c] : (std::sin((1 - w) * theta) * from[c] + std::sin(w * theta) * to[c]) / std::sin(theta);
  }
  return point;
}

template float linear(float, float, float);
template long double linear(long double, long double, long double);
template float curve(interpolation, stretch<float> const&);
template long double curve(interpolation, stretch<long double> const&);
template float wrap(float);
template long double wrap(long double);
template float angle(float, float, float);
template long double angle(long double, long double, long double);

}  // namespace test::oracle
