// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "support/problem.hpp"

/// Comparisons give an empty text where all is well, else a text that names the first place that is not.
namespace test {

/// Two sides' results of one problem: the same status, bits (all NaN are equal), masks, and bytes between the rows.
template <class Stamp>
std::string difference(problem<Stamp> const& p, outcome const& a, outcome const& b);
std::string difference(located_outcome const& a, located_outcome const& b);

/// The outcome against the oracle: bits of every result, mask, and poison wherever nothing belongs.
template <class Stamp>
std::string against_oracle(problem<Stamp> const& p, outcome const& o);
template <class Stamp>
std::string against_oracle(problem<Stamp> const& p, located_outcome const& o);

/// Runs `resample` and `locate` on the side under test and compares both with the oracle.
template <class Stamp>
std::string verify(problem<Stamp> const& p);

/// The call fails as it should: names `argument`, holds all of `words` in its message, and writes nothing.
template <class Stamp>
std::string refused(problem<Stamp> const& p, std::string const& argument, std::vector<std::string> const& words);

}  // namespace test
