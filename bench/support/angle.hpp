// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// Angles of drawn points, with the same bits on every machine and in every language.
namespace robocache::bench {

inline constexpr double half_pi = 1.5707963267948966;

/// The sine of an angle of at most 90 degrees, by its series: products and differences only, so that peers in any
/// language get the same bits.
inline double sine_of(double x) {
  double const square = x * x;
  double rest = 1.0;
  for (int k = 17; k >= 3; k -= 2) { rest = 1.0 - square * (1.0 / (k * (k - 1))) * rest; }
  return x * rest;
}

/// The sine of `quarters` right angles and a `part` of one.
inline double sine_of(std::int64_t quarters, double part) {
  double const sine = sine_of((quarters % 2 == 0 ? part : 1.0 - part) * half_pi);
  return quarters % 4 < 2 ? sine : -sine;
}

/// An angle: `numerator / denominator` turns, without a rounding before the sine.
struct angle {
  std::int64_t quarters;
  double part;

  angle(std::int64_t numerator, std::int64_t denominator)
      : quarters(4 * numerator / denominator),
        part(static_cast<double>(4 * numerator % denominator) / static_cast<double>(denominator)) {}
  double sine() const { return sine_of(quarters, part); }
  double cosine() const { return sine_of(quarters + 1, part); }
};

}  // namespace robocache::bench
