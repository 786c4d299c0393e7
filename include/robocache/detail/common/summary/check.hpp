// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/device/summary.cuh>
#include <robocache/dtype.hpp>
#include <robocache/status.hpp>
#include <robocache/summary.hpp>

namespace robocache::detail {

/// Rows of one block, and of the nodes that scratch has room for: a group of leaves.
inline constexpr std::int64_t summary_node_rows = std::int64_t{device::summary_leaf} * device::summary_leaf;

/// The stride of rows with the default filled in.
template <class Value>
std::int64_t row_stride_of(value_rows<Value> const& rows) noexcept {
  return rows.row_stride == contiguous ? rows.channels : rows.row_stride;
}

/// Nodes that rows of any groups have at most.
template <class Value>
std::int64_t summary_nodes(value_rows<Value> const& rows) noexcept {
  return rows.rows / summary_node_rows + rows.groups;
}

template <class Value>
int passes_of(summary_state<Value> const& state) noexcept {
  return summary_passes(dtype_of<Value>::value, state.quantiles);
}

/// `a x b x c x d` elements of a state, or what is wrong with that.
inline status check_state_pointer(char const* field, void const* pointer, std::int64_t groups, std::int64_t channels,
                                  std::int64_t each, std::size_t alignment) {
  std::int64_t count = groups;
  if (!multiply(count, channels) || !multiply(count, each)) {
    return refuse(invalid, "state", field, "found %lld x %lld x %lld elements, want below 2^58",
                  static_cast<long long>(groups), static_cast<long long>(channels), static_cast<long long>(each));
  }
  return check_pointer("state", field, static_cast<char const*>(pointer), count, alignment);
}

/// What there is of rows but their values.
template <class Value>
status check_summary_shape(value_rows<Value> const& rows) {
  if (rows.rows < 0 || rows.channels < 0 || rows.groups < 0) {
    char const* const field = rows.rows < 0 ? "rows" : rows.channels < 0 ? "channels" : "groups";
    std::int64_t const found = rows.rows < 0 ? rows.rows : rows.channels < 0 ? rows.channels : rows.groups;
    return refuse(invalid, "rows", field, "found %lld, want 0 or more", static_cast<long long>(found));
  }
  if (rows.offsets == nullptr && rows.groups != 1) {
    return refuse(invalid, "rows", "groups", "found %lld without offsets, want 1", static_cast<long long>(rows.groups));
  }
  status s = check_strides("rows", {0, row_stride_of(rows)}, 1, rows.rows, rows.channels);
  if (!s.ok()) { return s; }
  std::int64_t nodes = summary_nodes(rows);
  if (rows.rows > most_elements || rows.groups > INT32_MAX || !multiply(nodes, rows.channels) || nodes > INT32_MAX) {
    return refuse(status_code::unsupported, "rows", "rows",
                  "found %lld of %lld groups and %lld channels, want nodes of 4,096 rows x channels below 2^31",
                  static_cast<long long>(rows.rows), static_cast<long long>(rows.groups),
                  static_cast<long long>(rows.channels));
  }
  return check_pointer("rows", "offsets", rows.offsets, 0, alignof(std::int64_t));
}

template <class Value>
status check_summary_rows(value_rows<Value> const& rows) {
  status const s = check_summary_shape(rows);
  return s.ok() ? check_pointer("rows", "values", rows.values, rows.rows * rows.channels, sizeof(Value)) : s;
}

template <class Value>
status check_summary_state(summary_state<Value> const& state, int pass) {
  if (state.groups < 0 || state.channels < 0) {
    bool const of_groups = state.groups < 0;
    return refuse(invalid, "state", of_groups ? "groups" : "channels", "found %lld, want 0 or more",
                  static_cast<long long>(of_groups ? state.groups : state.channels));
  }
  if (state.quantiles < 0 || state.quantiles > most_quantiles) {
    return refuse(invalid, "state", "quantiles", "found %lld, want 0 to %d", static_cast<long long>(state.quantiles),
                  most_quantiles);
  }
  for (std::int64_t i = 0; i < state.quantiles; ++i) {
    double const fraction = state.fractions[i];
    if (!(fraction >= 0.0 && fraction <= 1.0)) {
      return refuse(invalid, "state", "fractions", "found %g at %lld, want 0 to 1", fraction,
                    static_cast<long long>(i));
    }
  }
  int const passes = passes_of(state);
  if (pass < 0 || pass >= passes) { return refuse(invalid, "pass", "", "found %d, want 0 to %d", pass, passes - 1); }
  status s = check_state_pointer("summaries", state.summaries, state.groups, state.channels, 1, 8);
  if (!s.ok() || state.quantiles == 0) { return s; }
  std::int64_t const ranks = state.ranks_each();
  s = check_state_pointer("ranks", state.ranks, state.groups, state.channels, ranks, 8);
  if (s.ok()) {
    s = check_state_pointer("counters", state.counters, state.groups, state.channels, ranks * summary_digits, 8);
  }
  return s.ok() ? check_state_pointer("values", state.values, state.groups, state.channels, state.quantiles, 8) : s;
}

/// That the state is one for these rows.
template <class Value>
status check_state_for(value_rows<Value> const& rows, summary_state<Value> const& state, int pass) {
  if (state.groups != rows.groups || state.channels != rows.channels) {
    bool const of_groups = state.groups != rows.groups;
    return refuse(invalid, "state", of_groups ? "groups" : "channels", "found %lld, want %lld as the rows have",
                  static_cast<long long>(of_groups ? state.groups : state.channels),
                  static_cast<long long>(of_groups ? rows.groups : rows.channels));
  }
  return check_summary_state(state, pass);
}

/// Everything that `add_to_summary` checks, on the host and on the device alike.
template <class Value>
status check_summarize(value_rows<Value> const& rows, summary_state<Value> const& state, int pass) {
  status const s = check_summary_rows(rows);
  return s.ok() ? check_state_for(rows, state, pass) : s;
}

}  // namespace robocache::detail
