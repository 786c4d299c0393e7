// SPDX-License-Identifier: Apache-2.0
#include "oracle_methods.hpp"

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

/// The rise from value k to the next, over a time as long as the bracket; `k` is 2 in the bracket.
template <class Real>
Real rise_of(stretch<Real> const& s, int k) {
  Real const difference = s.value[k + 1] - s.value[k];
  if (k == 2) { return difference; }
  Real const ratio = s.width[2] / s.width[k];
  return difference * ratio;
}

template <class Real>
Real catmull_rom(stretch<Real> const& s) {
  basis<Real> const at(s.weight);
  Real const h = s.width[2];
  Real q0 = 0, k0 = 1, q1 = 0, k1 = 1;
  if (s.left > 0) {
    Real const c0 = h / (s.width[1] + h);
    q0 = c0 * (h / s.width[1]);
    k0 = 1 - c0;
  }
  if (s.right > 0) {
    Real const c1 = h / (h + s.width[3]);
    q1 = c1 * (h / s.width[3]);
    k1 = 1 - c1;
  }
  Real const e = (at.m0 * k0) - (at.m1 * k1);
  Real const wp = -(at.m0 * q0);
  Real const wa = (at.b0 + (at.m0 * q0)) - e;
  Real const wb = (at.b1 + (at.m1 * q1)) + e;
  Real const wn = -(at.m1 * q1);
  auto const term = [](Real weight, Real value) { return weight == 0 ? Real(0) : weight * value; };
  Real const left = term(wp, s.value[1]) + term(wa, s.value[2]);
  Real const right = term(wb, s.value[3]) + term(wn, s.value[4]);
  return left + right;
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

template <class Real>
Real pchip(stretch<Real> const& s) {
  Real const h = s.width[2], h0 = s.width[1], h1 = s.width[3];
  bool const down = std::signbit(rise_of(s, 2));
  auto const upwards = [&](int k) { return down ? -rise_of(s, k) : rise_of(s, k); };
  Real const d = upwards(2);
  Real rise0, rise1;
  if (s.left > 0) {
    Real const share = ((2 * h) + h0) / (3 * (h + h0));
    rise0 = pchip_mean(share, upwards(1), d);
  } else {
    rise0 = pchip_end(h / (h + h1), d, upwards(3));
  }
  if (s.right > 0) {
    Real const share = ((2 * h) + h1) / (3 * (h + h1));
    rise1 = pchip_mean(share, upwards(3), d);
  } else {
    rise1 = pchip_end(h / (h + h0), d, upwards(1));
  }
  basis<Real> const at(s.weight);
  Real const of_rises = (at.m0 * rise0) - (at.m1 * rise1);
  return ((at.b0 * s.value[2]) + (at.b1 * s.value[3])) + (down ? -of_rises : of_rises);
}

template <class Real>
Real akima_rise(Real x, Real y, Real ahead, Real behind, Real least) {
  Real const sum = ahead + behind;
  Real const q = sum <= least ? Real(0.5) : ahead / sum;
  return y - (q * (y - x));
}

template <class Real>
Real akima(stretch<Real> const& s) {
  std::array<Real, 5> x{};
  for (int k = 2 - s.left; k <= 2 + s.right; ++k) { x[std::size_t(k)] = rise_of(s, k); }
  for (int k = 1 - s.left; k >= 0; --k) { x[std::size_t(k)] = (2 * x[std::size_t(k + 1)]) - x[std::size_t(k + 2)]; }
  for (int k = 3 + s.right; k < 5; ++k) { x[std::size_t(k)] = (2 * x[std::size_t(k - 1)]) - x[std::size_t(k - 2)]; }
  auto const size = ((std::fabs(x[0]) + std::fabs(x[1])) + std::fabs(x[2])) + (std::fabs(x[3]) + std::fabs(x[4]));
  Real const least = Real(0x1p-18) * size;
  Real const rise0 = akima_rise<Real>(x[1], x[2], std::fabs(x[3] - x[2]), std::fabs(x[1] - x[0]), least);
  Real const rise1 = akima_rise<Real>(x[2], x[3], std::fabs(x[4] - x[3]), std::fabs(x[2] - x[1]), least);
  basis<Real> const at(s.weight);
  return ((at.b0 * s.value[2]) + (at.b1 * s.value[3])) + ((at.m0 * rise0) - (at.m1 * rise1));
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
  Real const left = (1 - w) * a;
  Real const right = w * b;
  return left + right;
}

template <class Real>
Real curve(interpolation method, stretch<Real> const& s) {
  if (s.left == 0 && s.right == 0) { return linear(s.value[2], s.value[3], s.weight); }
  if (method == interpolation::catmull_rom) { return catmull_rom(s); }
  return method == interpolation::pchip ? pchip(s) : akima(s);
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
  float const inverse = 1 / std::sqrt(aa * dot(b, b));
  float const cosine = dot(a, b) * inverse;
  float const length = aa * inverse;
  float const aligned = std::signbit(cosine) ? -length : length;
  float const z = 0.5f - (0.5f * std::fabs(cosine));
  float const rest = 1 - w;
  arc_point point{{}, 0};
  if (z <= 2.5e-5f) {
    quaternion sum;
    float const y = w * aligned;
    for (std::size_t c = 0; c < 4; ++c) { sum[c] = (a[c] * rest) + (b[c] * y); }
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
  // Far along the arc the angle's last bits count as often as it is gone through.
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
