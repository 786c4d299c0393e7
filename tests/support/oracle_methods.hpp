// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include <robocache/options.hpp>

/// The methods that are more than a line, by the formulas of the semantics. `Real` is `float` for the exact bits,
/// each operation rounded by itself, or `long double` for the real numbers.
namespace test::oracle {

using robocache::interpolation;

/// The samples around a target, from two before its bracket to two after it, in one channel.
template <class Real>
struct stretch {
  std::array<Real, 6> value{};  ///< the bracket is 2 and 3; what is missing is not read
  std::array<Real, 5> width{};  ///< from each to the next; the bracket's is 2
  int left = 0;                 ///< samples before the bracket that count, at most 2
  int right = 0;                ///< and after it
  Real weight = 0;
};

template <class Real>
Real linear(Real a, Real b, Real w);

/// `catmull_rom`, `pchip` or `akima`, inside the bracket.
template <class Real>
Real curve(interpolation method, stretch<Real> const& s);

/// How much roundings of the rises may move Akima's result besides the usual: the promise's terms with D.
long double akima_slack(stretch<long double> const& s);

/// The first or second derivative of the curve by its weight, as quotients of differences that are exact for cubics.
long double derivative(interpolation method, stretch<long double> const& s, int order);

/// How much it may differ for Akima, besides the usual.
long double akima_derivative_slack(stretch<long double> const& s, int order);

/// An angle brought into [-pi, pi).
template <class Real>
Real wrap(Real x);

template <class Real>
Real angle(Real a, Real b, Real w);

using quaternion = std::array<float, 4>;

/// Slerp with all operations in float but sine and its inverse, which are the library's own and here in double.
struct arc_point {
  std::array<double, 4> value;
  double tolerance;  ///< of each channel; 0: the exact bits; infinite: extrapolated beyond what is promised
};
arc_point slerp(quaternion const& a, quaternion const& b, float w);

/// The same in real numbers.
std::array<long double, 4> slerp_exact(quaternion const& a, quaternion const& b, long double w);

}  // namespace test::oracle
