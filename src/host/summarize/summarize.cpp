// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <robocache/detail/common/summary/check.hpp>
#include <robocache/device/summary.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/common/summary/nodes.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// Finds the digit of one order statistic.
void find_digit(quantile_rank& rank, std::int64_t const* counters, int bits) {
  for (unsigned digit = 0; digit < summary_digits; ++digit) {
    if (rank.rest < counters[digit]) {
      rank.prefix = rank.prefix << bits | digit;
      return;
    }
    rank.rest -= counters[digit];
  }
}

/// One channel of one group at the end of a pass.
template <class Value>
void search(summary_state<Value> const& state, int pass, std::int64_t pair) {
  using number = device::summed_number<Value>;
  std::int64_t const ranks_each = state.ranks_each();
  quantile_rank* const ranks = state.ranks + pair * ranks_each;
  std::int64_t* const counters = state.counters + pair * ranks_each * summary_digits;
  std::int64_t const count = state.summaries[pair].count;
  for (std::int64_t r = 0; r < ranks_each; ++r) {
    if (pass == 0) {
      ranks[r] = {};
      if (count == 0) { continue; }
      auto const place = device::place_of_quantile(state.fractions[r / 2], count);
      ranks[r].rest = r % 2 == 0 ? place.low : place.high;
    }
    if (count == 0) { continue; }
    find_digit(ranks[r], counters + ranks[r].slot * summary_digits, device::digit_of_pass(sizeof(number), pass).bits);
  }
  std::fill_n(counters, ranks_each * summary_digits, 0);
  for (std::int64_t r = 0; r < ranks_each; ++r) {
    ranks[r].slot = 0;
    while (ranks[ranks[r].slot].prefix != ranks[r].prefix) { ++ranks[r].slot; }
  }
  if (pass + 1 < robocache::detail::passes_of(state)) { return; }
  auto const number_at = [&](std::int64_t r) {
    using order = decltype(device::order_of(number{}));
    return static_cast<double>(device::number_of_order<number>(static_cast<order>(ranks[r].prefix)));
  };
  for (std::int64_t q = 0; q < state.quantiles; ++q) {
    state.values[pair * state.quantiles + q] =
        count == 0 ? std::numeric_limits<double>::quiet_NaN()
                   : device::quantile_between(number_at(2 * q), number_at(2 * q + 1),
                                              device::place_of_quantile(state.fractions[q], count).weight);
  }
}

/// Adds rows that have been checked.
template <class Value>
void add_rows(value_rows<Value> const& rows, summary_state<Value> const& state, int pass) {
  node_list<Value> const list(rows);
  auto const count = static_cast<std::int64_t>(list.nodes.size());
  std::int64_t const bytes = summary_node_rows * rows.channels * std::int64_t(sizeof(Value));
  std::vector<channel_summary> merged(pass == 0 ? static_cast<std::size_t>(count * rows.channels) : 0);
  for_each_piece(count, bytes, [&](std::int64_t begin, std::int64_t end) {
    digit_counts counts;
    for (std::int64_t i = begin; i < end; ++i) {
      node const& one = list.nodes[static_cast<std::size_t>(i)];
      if (pass == 0) {
        summarize_node(rows, state, one, 0, merged.data() + i * rows.channels, counts);
      } else {
        count_node(rows, state, one, 0, device::digit_of_pass(sizeof(device::summed_number<Value>), pass), counts);
      }
    }
  });
  if (pass > 0) { return; }
  merge_groups(list, state, merged.data());
}

template <class Value>
void end_pass(summary_state<Value> const& state, int pass) {
  if (state.quantiles == 0) { return; }
  std::int64_t const bytes = state.ranks_each() * summary_digits * std::int64_t(sizeof *state.counters);
  for_each_piece(state.groups * state.channels, bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t pair = begin; pair < end; ++pair) { search(state, pass, pair); }
  });
}

}  // namespace
}  // namespace detail

template <class Value>
status exact::add_to_summary(value_rows<Value> const& rows, summary_state<Value> const& state, int pass) {
  status const checked = robocache::detail::check_summarize(rows, state, pass);
  if (checked.ok()) { detail::add_rows(rows, state, pass); }
  return checked;
}

template <class Value>
status exact::end_summary_pass(summary_state<Value> const& state, int pass) {
  status const checked = robocache::detail::check_summary_state(state, pass);
  if (checked.ok()) { detail::end_pass(state, pass); }
  return checked;
}

template <class Value>
status exact::summarize(value_rows<Value> const& rows, summary_state<Value> const& state) {
  status const checked = robocache::detail::check_summarize(rows, state, 0);
  if (!checked.ok()) { return checked; }
  detail::clear_state(state);
  for (int pass = 0; pass < robocache::detail::passes_of(state); ++pass) {
    detail::add_rows(rows, state, pass);
    detail::end_pass(state, pass);
  }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value)                                                                 \
  template status exact::summarize(value_rows<Value> const&, summary_state<Value> const&);           \
  template status exact::add_to_summary(value_rows<Value> const&, summary_state<Value> const&, int); \
  template status exact::end_summary_pass(summary_state<Value> const&, int)
ROBOCACHE_FOR_VALUES(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
