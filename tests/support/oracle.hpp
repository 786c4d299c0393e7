// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "support/problem.hpp"

/// Results as the semantics define them, in plain loops and without the library's code.
namespace test::oracle {

/// Time between one sample and the next: as float, and in real numbers.
struct interval {
  float rounded = 0;
  long double exact = 0;
};

/// What a curved method reads outside of its bracket.
struct neighbours {
  int left = 0;                     ///< how many samples before the bracket count, at most 2
  int right = 0;                    ///< and after it
  std::array<interval, 5> width{};  ///< from two before the bracket to two after it; the bracket's is 2
};

/// What one target reads.
struct record {
  std::int64_t first = -1;   ///< rows of the source counted over all trajectories; -1: fill
  std::int64_t second = -1;  ///< the same row where only one contributes
  float weight = 0;          ///< of the second row
  long double exact = 0;     ///< the same in real numbers
  bool valid = false;
  neighbours around{};  ///< curved methods, inside a bracket
};

/// The stamps of trajectory `b`.
template <class Stamp>
std::vector<Stamp> stamps_of(timeline_data<Stamp> const& t, std::int64_t b);

/// The samples of those that a window with `as_of` knows; NaN knows none.
template <class Stamp>
std::vector<Stamp> known(std::vector<Stamp> samples, Stamp as_of) {
  std::vector<Stamp> left;
  for (Stamp s : samples) {
    if (s <= as_of) { left.push_back(s); }
  }
  return left;
}

/// The first row of trajectory `b`, rows counted over all trajectories.
template <class Stamp>
std::int64_t first_row(timeline_data<Stamp> const& t, std::int64_t b);

/// One record for each target row; rows that no trajectory owns are fill and not valid.
template <class Stamp>
std::vector<record> locate(problem<Stamp> const& p);

/// The bits of one result: the normative operations in float, one rounding at the end. Slerp's sine is the library's
/// own: its results lie between two numbers; between minus infinity and infinity anything does.
struct expectation {
  std::uint64_t low;
  std::uint64_t high;
};
template <class Stamp>
expectation blend(problem<Stamp> const& p, record const& r, std::int64_t channel);

/// The same in double, for floating-point values that are finite; not slerp.
struct real_result {
  double value;
  double largest;    ///< the largest magnitude among the values read; for a line times the weights' magnitudes
  double slack = 0;  ///< Akima: how far undecided slopes may move the value
};
template <class Stamp>
real_result blend_in_double(problem<Stamp> const& p, record const& r, std::int64_t channel);

}  // namespace test::oracle
