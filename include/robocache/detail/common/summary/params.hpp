// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/device/summary.cuh>
#include <robocache/summary.hpp>

namespace robocache::detail {

/// Which rows each group has.
struct summary_groups {
  std::int64_t rows;
  std::int64_t groups;
  std::int64_t const* offsets;  ///< as given, may be null
  std::int64_t* begins;         ///< `[groups + 1]`, in scratch: the same, clamped and ascending; null without offsets
};

/// Channels that a block has: neighbours, `summary_channels` of them at most.
struct summary_slice {
  std::int64_t first;
  unsigned width;
};

/// What one pass over rows takes.
/// @tparam Source  where the rows come from, as kernel.cuh says
template <class Source>
struct summarize_params {
  Source source;
  summary_groups of;
  std::int64_t channels;
  unsigned slices;         ///< blocks that share the channels of a node
  channel_summary* nodes;  ///< `[nodes, channels]`
  device::summary_digit digit;
  std::int64_t ranks_each;
  quantile_rank const* ranks;
  unsigned long long* counters;  ///< null: no quantiles are wanted
};

/// What follows a pass: merging its nodes, or finding digits.
struct summary_end_params {
  summary_groups of;
  std::int64_t channels;
  channel_summary* nodes;
  channel_summary* summaries;
  device::summary_digit digit;
  bool first;  ///< pass
  bool last;
  std::int64_t quantiles;
  double fractions[most_quantiles];
  quantile_rank* ranks;
  std::int64_t* counters;
  double* values;
};

}  // namespace robocache::detail
