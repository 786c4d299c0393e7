// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "support/summarize/summarize.hpp"

/// Summaries computed another way, from the specification: by recursion over rows, and by sorting.
namespace test::oracle {

/// What each group and channel of the parts has, `[G, D]` and `[G, D, Q]`.
struct summaries {
  std::vector<channel_summary> of{};
  std::vector<double> quantiles{};
};

/// @param parts  each what one call was given; all have the groups and channels of the first one
summaries summarize(std::vector<rows_data> const& parts);

/// The rows that a group owns, whatever the offsets hold, masked ones among them.
std::vector<std::int64_t> rows_of_group(rows_data const& rows, std::int64_t group);

/// An element as a number. Integers of 64 bits are rounded.
double number_at(rows_data const& rows, std::int64_t row, std::int64_t channel);

}  // namespace test::oracle
