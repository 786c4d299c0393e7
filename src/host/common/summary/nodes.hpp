// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <robocache/detail/common/summary/check.hpp>
#include <robocache/device/packed.cuh>
#include <robocache/device/summary.cuh>
#include <robocache/summary.hpp>

/// Nodes of 64 leaves of rows in memory: what is made of each, and how they are merged.
namespace robocache::host::detail {

using robocache::detail::summary_node_rows;
inline constexpr int leaf_rows = device::summary_leaf;

/// Up to 4,096 rows of one group.
struct node {
  std::int64_t group;
  std::int64_t first;
  std::int64_t end;
};

/// The nodes of all groups, and where those of each group begin.
template <class Value>
struct node_list {
  explicit node_list(value_rows<Value> const& rows) {
    begins.reserve(static_cast<std::size_t>(rows.groups) + 1);
    for (std::int64_t g = 0; g < rows.groups; ++g) {
      begins.push_back(static_cast<std::int64_t>(nodes.size()));
      std::int64_t const end = first_row(rows, g + 1);
      for (std::int64_t row = first_row(rows, g); row < end; row += summary_node_rows) {
        nodes.push_back({g, row, std::min(end, row + summary_node_rows)});
      }
    }
    begins.push_back(static_cast<std::int64_t>(nodes.size()));
  }

  std::vector<node> nodes;
  std::vector<std::int64_t> begins;

 private:
  static std::int64_t first_row(value_rows<Value> const& rows, std::int64_t group) {
    if (rows.offsets == nullptr) { return group == 0 ? 0 : rows.rows; }
    return device::rows_before_owner(rows.offsets, rows.groups, rows.rows, group);
  }
};

/// One channel of a node.
template <class Value>
class column {
 public:
  using number = device::summed_number<Value>;

  column(value_rows<Value> const& rows, node const& one, std::int64_t channel)
      : values_(rows.values + channel),
        mask_(rows.mask),
        stride_(robocache::detail::row_stride_of(rows)),
        first_(one.first),
        end_(one.end) {}

  int leaves() const { return static_cast<int>((end_ - first_ + leaf_rows - 1) / leaf_rows); }

  /// Bit i: row i of the leaf is there.
  std::uint64_t rows_of(int leaf) const {
    std::uint64_t here = 0;
    for (int i = 0; i < leaf_rows; ++i) {
      std::int64_t const row = row_of(leaf, i);
      if (row < end_ && (mask_ == nullptr || mask_[row] != 0)) { here |= std::uint64_t{1} << i; }
    }
    return here;
  }
  number at(int leaf, int i) const { return device::to_summed(values_[row_of(leaf, i) * stride_]); }

  /// Calls `use(number)` for each row that is there and not NaN.
  template <class Use>
  void for_each(Use const& use) const {
    for (int leaf = 0; leaf < leaves(); ++leaf) {
      std::uint64_t const here = rows_of(leaf);
      for (int i = 0; i < leaf_rows; ++i) {
        if ((here >> i & 1) == 0) { continue; }
        if (number const x = at(leaf, i); !device::is_nan(x)) { use(x); }
      }
    }
  }

 private:
  std::int64_t row_of(int leaf, int i) const { return first_ + std::int64_t{leaf} * leaf_rows + i; }

  Value const* values_;
  std::uint8_t const* mask_;
  std::int64_t stride_;
  std::int64_t first_;
  std::int64_t end_;
};

/// Counts of one digit; each node has its own before they are added up.
class digit_counts {
 public:
  void add(unsigned digit) { ++counts_[digit]; }
  /// Adds them to `to`, which other threads add to as well, and begins anew.
  void move_to(std::int64_t* to) {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] != 0) { __atomic_fetch_add(to + i, counts_[i], __ATOMIC_RELAXED); }
    }
    std::fill(counts_.begin(), counts_.end(), 0);
  }

 private:
  std::vector<std::int64_t> counts_ = std::vector<std::int64_t>(summary_digits);
};

/// What one thread does with a node in pass 0.
/// @param place  of the rows' first channel among those of the state
/// @param to     a summary for each of the rows' channels
template <class Value>
void summarize_node(value_rows<Value> const& rows, summary_state<Value> const& state, node const& one,
                    std::int64_t place, channel_summary* to, digit_counts& counts) {
  using number = device::summed_number<Value>;
  auto const digit = device::digit_of_pass(sizeof(number), 0);
  for (std::int64_t c = 0; c < rows.channels; ++c) {
    column<Value> const values(rows, one, c);
    channel_summary all{};
    for (int leaf = 0; leaf < values.leaves(); ++leaf) {
      auto const part = device::summarize_leaf<number>([&](int i) { return values.at(leaf, i); }, values.rows_of(leaf));
      all = device::merge_summaries(all, part.summary());
    }
    to[c] = all;
    if (state.quantiles == 0) { continue; }
    values.for_each([&](number x) { counts.add(digit.digit(device::order_of(x))); });
    counts.move_to(state.counters + (one.group * state.channels + place + c) * state.ranks_each() * summary_digits);
  }
}

/// The same in a later pass.
template <class Value>
void count_node(value_rows<Value> const& rows, summary_state<Value> const& state, node const& one, std::int64_t place,
                device::summary_digit const& digit, digit_counts& counts) {
  using number = device::summed_number<Value>;
  std::int64_t const ranks_each = state.ranks_each();
  for (std::int64_t c = 0; c < rows.channels; ++c) {
    column<Value> const values(rows, one, c);
    std::int64_t const first = (one.group * state.channels + place + c) * ranks_each;
    for (std::int64_t r = 0; r < ranks_each; ++r) {
      quantile_rank const& rank = state.ranks[first + r];
      if (rank.slot != r) { continue; }
      values.for_each([&](number x) {
        auto const key = device::order_of(x);
        if (digit.prefix(key) == rank.prefix) { counts.add(digit.digit(key)); }
      });
      counts.move_to(state.counters + (first + r) * summary_digits);
    }
  }
}

/// Merges the nodes of one channel of a group, `step` apart, into the first one.
inline void merge_nodes(channel_summary* first, std::int64_t nodes, std::int64_t step) {
  for (std::int64_t apart = 1; apart < nodes; apart *= leaf_rows) {
    for (std::int64_t i = 0; i < nodes; i += apart * leaf_rows) {
      std::int64_t const end = std::min(nodes, i + apart * leaf_rows);
      for (std::int64_t k = i + apart; k < end; k += apart) {
        first[i * step] = device::merge_summaries(first[i * step], first[k * step]);
      }
    }
  }
}

/// Merges the nodes of all channels of all groups, and what they come to with the state.
/// @param merged  `[nodes, channels]`
template <class Value>
void merge_groups(node_list<Value> const& list, summary_state<Value> const& state, channel_summary* merged) {
  for (std::int64_t g = 0; g < state.groups; ++g) {
    std::int64_t const first = list.begins[static_cast<std::size_t>(g)];
    std::int64_t const nodes = list.begins[static_cast<std::size_t>(g) + 1] - first;
    for (std::int64_t c = 0; nodes > 0 && c < state.channels; ++c) {
      channel_summary* const part = merged + first * state.channels + c;
      merge_nodes(part, nodes, state.channels);
      channel_summary& to = state.summaries[g * state.channels + c];
      to = device::merge_summaries(to, *part);
    }
  }
}

/// A summary begins with all bits 0.
template <class Value>
void clear_state(summary_state<Value> const& state) {
  std::int64_t const pairs = state.groups * state.channels;
  std::fill_n(state.summaries, pairs, channel_summary{});
  if (state.quantiles == 0) { return; }
  std::fill_n(state.ranks, pairs * state.ranks_each(), quantile_rank{});
  std::fill_n(state.counters, pairs * state.ranks_each() * summary_digits, 0);
}

}  // namespace robocache::host::detail
