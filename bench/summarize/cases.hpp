// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <robocache/dtype.hpp>

#include "support/requirement.hpp"

namespace robocache::bench {

/// What the values of a channel look like.
enum class signal : std::uint8_t {
  uniform,  ///< U(0, 1), each drawn by itself
  smooth,   ///< a slow sine with a little noise: what a joint does
  held,     ///< one number for a thousand rows at a time: what a gripper does
};

/// One line of the table.
struct summarize_case {
  std::int64_t rows = 0;
  std::int64_t channels = 0;
  signal of = signal::uniform;
  std::int64_t quantiles = 0;
  requirement required{};

  dtype value = dtype::float32;
  std::int64_t groups = 1;  ///< of about one size
  std::int64_t steps =
      0;  ///< rows are chunks of so many actions, relative to the state at the first; 0: rows in memory
  bool hot = false;
};

/// "summarize/fp32/N:4M/D:14/uniform/Q:2/cold".
std::string name_of(summarize_case const& one);

/// The values of a case, drawn from the number of their row and channel.
std::vector<float> draw_values(summarize_case const& one);

std::vector<summarize_case> all_summarize_cases();

/// A small one, on which the host time of one call is measured.
summarize_case small_summary();

}  // namespace robocache::bench
