// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <robocache/detail/summarize/check.hpp>
#include <robocache/device/packed.cuh>
#include <robocache/device/summary.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {

namespace {

using robocache::detail::summary_node_rows;
constexpr int leaf_rows = device::summary_leaf;

/// Up to 4,096 rows of one group.
struct node {
  std::int64_t group;
  std::int64_t first;
  std::int64_t end;
};

/// The nodes of all groups, and where the nodes of each group begin.
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
  /// Adds them to `to`, to which other threads may add as well, and clears them.
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
template <class Value>
void summarize_node(value_rows<Value> const& rows, summary_state<Value> const& state, node const& one,
                    channel_summary* to, digit_counts& counts) {
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
    counts.move_to(state.counters + (one.group * rows.channels + c) * state.ranks_each() * summary_digits);
  }
}

/// The same in a later pass.
template <class Value>
void count_node(value_rows<Value> const& rows, summary_state<Value> const& state, node const& one,
                device::summary_digit const& digit, digit_counts& counts) {
  using number = device::summed_number<Value>;
  std::int64_t const ranks_each = state.ranks_each();
  for (std::int64_t c = 0; c < rows.channels; ++c) {
    column<Value> const values(rows, one, c);
    std::int64_t const first = (one.group * rows.channels + c) * ranks_each;
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
void merge_nodes(channel_summary* first, std::int64_t nodes, std::int64_t step) {
  for (std::int64_t apart = 1; apart < nodes; apart *= leaf_rows) {
    for (std::int64_t i = 0; i < nodes; i += apart * leaf_rows) {
      std::int64_t const end = std::min(nodes, i + apart * leaf_rows);
      for (std::int64_t k = i + apart; k < end; k += apart) {
        first[i * step] = device::merge_summaries(first[i * step], first[k * step]);
      }
    }
  }
}

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
  detail::for_each_piece(count, bytes, [&](std::int64_t begin, std::int64_t end) {
    digit_counts counts;
    for (std::int64_t i = begin; i < end; ++i) {
      node const& one = list.nodes[static_cast<std::size_t>(i)];
      if (pass == 0) {
        summarize_node(rows, state, one, merged.data() + i * rows.channels, counts);
      } else {
        count_node(rows, state, one, device::digit_of_pass(sizeof(device::summed_number<Value>), pass), counts);
      }
    }
  });
  if (pass > 0) { return; }
  for (std::int64_t g = 0; g < rows.groups; ++g) {
    std::int64_t const first = list.begins[static_cast<std::size_t>(g)];
    std::int64_t const nodes = list.begins[static_cast<std::size_t>(g) + 1] - first;
    for (std::int64_t c = 0; nodes > 0 && c < rows.channels; ++c) {
      channel_summary* const part = merged.data() + first * rows.channels + c;
      merge_nodes(part, nodes, rows.channels);
      channel_summary& to = state.summaries[g * rows.channels + c];
      to = device::merge_summaries(to, *part);
    }
  }
}

template <class Value>
void end_pass(summary_state<Value> const& state, int pass) {
  if (state.quantiles == 0) { return; }
  std::int64_t const bytes = state.ranks_each() * summary_digits * std::int64_t(sizeof *state.counters);
  detail::for_each_piece(state.groups * state.channels, bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t pair = begin; pair < end; ++pair) { search(state, pass, pair); }
  });
}

}  // namespace

template <class Value>
status exact::add_to_summary(value_rows<Value> const& rows, summary_state<Value> const& state, int pass) {
  status const checked = robocache::detail::check_summarize(rows, state, pass);
  if (checked.ok()) { add_rows(rows, state, pass); }
  return checked;
}

template <class Value>
status exact::end_summary_pass(summary_state<Value> const& state, int pass) {
  status const checked = robocache::detail::check_summary_state(state, pass);
  if (checked.ok()) { end_pass(state, pass); }
  return checked;
}

template <class Value>
status exact::summarize(value_rows<Value> const& rows, summary_state<Value> const& state) {
  status const checked = robocache::detail::check_summarize(rows, state, 0);
  if (!checked.ok()) { return checked; }
  std::int64_t const pairs = state.groups * state.channels;
  std::fill_n(state.summaries, pairs, channel_summary{});
  if (state.quantiles > 0) {
    std::fill_n(state.ranks, pairs * state.ranks_each(), quantile_rank{});
    std::fill_n(state.counters, pairs * state.ranks_each() * summary_digits, 0);
  }
  for (int pass = 0; pass < robocache::detail::passes_of(state); ++pass) {
    add_rows(rows, state, pass);
    end_pass(state, pass);
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
