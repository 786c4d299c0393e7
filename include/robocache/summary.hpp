// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/dtype.hpp>
#include <robocache/series.hpp>

namespace robocache {

/// Rows of values, as `summarize` takes them: a view, nothing is owned.
///
/// The channels of row i begin at `values + i * row_stride` and are adjacent. Chunks `[B, T, D]` are rows `[B, T * D]`
/// where each step has statistics of its own, and rows `[B * T, D]` where all steps share them.
///
/// @tparam Value  `float`, `__half`, `__nv_bfloat16`, `std::uint8_t`, `std::int32_t`, `std::int64_t`
template <class Value>
struct value_rows {
  static_assert(sizeof(detail::value_type<Value>) > 0);

  Value const* values = nullptr;          ///< `[N, D]`
  std::int64_t rows = 0;                  ///< N
  std::int64_t channels = 0;              ///< D
  std::int64_t row_stride = contiguous;   ///< elements; default D
  std::uint8_t const* mask = nullptr;     ///< optional `[N]`: rows with 0 are absent
  std::int64_t const* offsets = nullptr;  ///< optional `[G + 1]`, ascending; each is clamped into `[0, N]`
  std::int64_t groups = 1;                ///< G; 1 without offsets: all rows are one group
};

template <class Value, class... Rest>
value_rows(Value const*, Rest...) -> value_rows<Value>;

/// What is known of one channel of one group. All bits 0: nothing was added yet.
struct channel_summary {
  std::int64_t count;     ///< values that are not NaN; the infinite ones are among them
  std::int64_t nan;       ///< values that are NaN
  std::int64_t infinite;  ///< values that are infinite
  double min;             ///< the smallest of `count`, -0 below +0; 0 where there is none
  double max;             ///< the largest
  double mean;            ///< of the finite ones; 0 where there is none
  double m2;              ///< the sum of the squares of their differences from the mean
};

/// Quantiles that a summary has at most.
inline constexpr int most_quantiles = 16;

/// Counters of a histogram: one for each digit of 11 bits.
inline constexpr int summary_digits = 2048;

/// How many times all rows of a summary have to be added: once without quantiles, else a digit of 11 or 10 bits each
/// time.
ROBOCACHE_HOST_DEVICE constexpr int summary_passes(dtype type, std::int64_t quantiles) noexcept {
  return quantiles == 0 ? 1 : type == dtype::int64 ? 6 : 3;
}

/// How far the search for an order statistic has come. All bits 0 before the first pass.
struct quantile_rank {
  std::uint64_t prefix;  ///< the leading digits of its key
  std::int64_t rest;     ///< how many values with this prefix are below it
  std::int64_t slot;     ///< the histogram that the values with this prefix are counted in
};

/// A summary under way, in memory of the side that computes: a view, nothing is owned. It begins with all bits 0.
///
/// All of it is plain data that may be kept, sent and merged: `device::merge_summaries` merges two `summaries` of a
/// channel, the one of earlier rows on the left; counters of the same pass are added up.
///
/// @tparam Value  the type of the rows
template <class Value>
struct summary_state {
  static_assert(sizeof(detail::result_type<Value>) > 0);

  channel_summary* summaries = nullptr;   ///< `[G, D]`
  std::int64_t groups = 1;                ///< G
  std::int64_t channels = 0;              ///< D
  std::int64_t quantiles = 0;             ///< Q, at most `most_quantiles`; 0: the next four fields are not used
  double fractions[most_quantiles] = {};  ///< `[Q]`, each in [0, 1]: 0.5 is the median
  quantile_rank* ranks = nullptr;         ///< `[G, D, 2 Q]`
  std::int64_t* counters = nullptr;       ///< `[G, D, 2 Q, summary_digits]`
  double* values = nullptr;               ///< `[G, D, Q]`: the quantiles, written by the last `end_summary_pass`

  /// Histograms of a channel: each quantile lies between two order statistics.
  ROBOCACHE_HOST_DEVICE constexpr std::int64_t ranks_each() const noexcept { return 2 * quantiles; }
};

}  // namespace robocache
