// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <robocache/cleaning.hpp>
#include <robocache/dtype.hpp>

#include "support/requirement.hpp"

namespace robocache::bench {

/// One line of the table: packed trajectories of one size, `int64` stamps, of which some rows in a hundred are dropped:
/// NaN, a step back, a duplicate.
struct clean_case {
  std::int64_t rows = 0;
  std::int64_t channels = 0;
  std::int64_t batch = 1;
  requirement required{};

  dtype value = dtype::float32;
  backward_rule backward = backward_rule::drop;
  std::int64_t quaternions = 0;  ///< in the last channels
  bool hot = false;
};

/// "clean/fp32/N:4M/D:14/B:400/cold"; what differs from the plain case is named before the last part.
std::string name_of(clean_case const& one);

std::vector<clean_case> all_clean_cases();

/// A small one, on which the host time of one call is measured.
clean_case small_clean();

}  // namespace robocache::bench
