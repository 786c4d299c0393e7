// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <robocache/scratch.hpp>
#include <robocache/summary.hpp>

#include "support/guarded.hpp"
#include "support/typed.hpp"

/// `summarize`, `add_to_summary` and `end_summary_pass` under test.
namespace test {

using robocache::channel_summary;
using robocache::quantile_rank;
using robocache::scratch;
using robocache::summary_state;
using robocache::value_rows;

/// Rows in a test's memory. Values are kept as bits of `type`, `stride` apart from row to row.
struct rows_data {
  dtype type = dtype::float32;
  std::int64_t channels = 1;
  std::int64_t stride = 1;
  std::vector<std::byte> values{};
  std::int64_t rows = 0;
  std::vector<std::uint8_t> mask{};     ///< empty: none
  std::vector<std::int64_t> offsets{};  ///< empty: one group
  std::int64_t misaligned = 0;          ///< elements
  std::vector<double> fractions{};

  std::int64_t groups() const { return offsets.empty() ? 1 : std::int64_t(offsets.size()) - 1; }

  /// Rows whose elements are `number(i)`, counted over whole strides.
  template <class Number>
  void fill(std::int64_t n, Number const& number) {
    rows = n;
    values.assign(std::size_t(n * stride) * robocache::size_of(type), std::byte{});
    for (std::int64_t i = 0; i < n * stride; ++i) { put(i, number(i)); }
  }
  /// Integers unchanged; else the nearest float.
  void put(std::int64_t element, double x) {
    store_bits(type, values.data(), element, is_integer(type) ? std::uint64_t(std::int64_t(x)) : encode(type, x));
  }
};

/// The results of calls.
struct summarized {
  status state{};
  std::vector<channel_summary> summaries{};  ///< `[G, D]`
  std::vector<double> quantiles{};           ///< `[G, D, Q]`
  std::string trouble{};                     ///< what was written that should not have been
};

/// One call for all rows, on the side under test.
summarized summarize(rows_data const& rows);

/// The same in one call for each part: `parts` have the groups and channels of the first one.
summarized summarize_in_parts(std::vector<rows_data> const& parts);

/// The calls alone, with views that a test made by hand: for calls that are refused.
status summarize_views(value_rows<float> const& rows, summary_state<float> const& state, scratch const& memory);
status add_to_summary_views(value_rows<float> const& rows, summary_state<float> const& state, int pass,
                            scratch const& memory);
status end_summary_pass_views(summary_state<float> const& state, int pass);

/// The rows of one call, in guarded memory of `Space`.
template <class Space>
class rows_memory {
 public:
  explicit rows_memory(rows_data const& rows)
      : rows_(rows),
        values_(given(rows.values), rows.values.size(), std::size_t(rows.misaligned) * robocache::size_of(rows.type)),
        mask_(given(rows.mask), rows.mask.size()),
        offsets_(given(rows.offsets), rows.offsets.size() * 8) {}

  template <class Value>
  value_rows<Value> view() const {
    value_rows<Value> view{static_cast<Value const*>(values_.data()), rows_.rows, rows_.channels, rows_.stride};
    view.mask = rows_.mask.empty() ? nullptr : static_cast<std::uint8_t const*>(mask_.data());
    view.offsets = rows_.offsets.empty() ? nullptr : static_cast<std::int64_t const*>(offsets_.data());
    view.groups = rows_.groups();
    return view;
  }
  void check(std::string& trouble) const {
    values_.read("values", trouble);
    mask_.read("mask", trouble);
    offsets_.read("offsets", trouble);
  }

 private:
  template <class T>
  static void const* given(std::vector<T> const& data) {
    static std::byte const nothing{};
    return data.empty() ? static_cast<void const*>(&nothing) : data.data();
  }

  rows_data const& rows_;
  guarded<Space> values_;
  guarded<Space> mask_;
  guarded<Space> offsets_;
};

/// A state in guarded memory of `Space`, which begins as poison, or as zeros.
template <class Space>
class state_memory {
 public:
  state_memory(rows_data const& rows, bool cleared)
      : rows_(rows),
        pairs_(std::size_t(rows.groups() * rows.channels)),
        summaries_(nullptr, pairs_ * sizeof(channel_summary)),
        ranks_(nullptr, pairs_ * 2 * rows.fractions.size() * sizeof(quantile_rank)),
        counters_(nullptr, pairs_ * 2 * rows.fractions.size() * robocache::summary_digits * 8),
        values_(nullptr, pairs_ * rows.fractions.size() * 8) {
    if (!cleared) { return; }
    clear(summaries_, pairs_ * sizeof(channel_summary));
    clear(ranks_, pairs_ * 2 * rows.fractions.size() * sizeof(quantile_rank));
    clear(counters_, pairs_ * 2 * rows.fractions.size() * robocache::summary_digits * 8);
  }

  template <class Value>
  summary_state<Value> view() const {
    summary_state<Value> view{static_cast<channel_summary*>(summaries_.data()), rows_.groups(), rows_.channels};
    view.quantiles = std::int64_t(rows_.fractions.size());
    std::copy(rows_.fractions.begin(), rows_.fractions.end(), view.fractions);
    view.ranks = static_cast<quantile_rank*>(ranks_.data());
    view.counters = static_cast<std::int64_t*>(counters_.data());
    view.values = static_cast<double*>(values_.data());
    return view;
  }
  void read(summarized& to) const {
    copy(summaries_.read("summaries", to.trouble), to.summaries);
    copy(values_.read("quantiles", to.trouble), to.quantiles);
    ranks_.read("ranks", to.trouble);
    counters_.read("counters", to.trouble);
  }

 private:
  static void clear(guarded<Space> const& memory, std::size_t bytes) {
    if (bytes == 0) { return; }
    std::vector<std::byte> const zeros(bytes);
    Space::write(memory.data(), zeros.data(), bytes);
  }
  template <class T>
  static void copy(std::vector<std::byte> const& bytes, std::vector<T>& to) {
    to.resize(bytes.size() / sizeof(T));
    if (!bytes.empty()) { std::memcpy(to.data(), bytes.data(), bytes.size()); }
  }

  rows_data const& rows_;
  std::size_t pairs_;
  guarded<Space> summaries_;
  guarded<Space> ranks_;
  guarded<Space> counters_;
  guarded<Space> values_;
};

/// Makes one call with all rows, in guarded memory.
/// @param side  has the calls of the library, with scratch and without a stream
template <class Space, class Side>
summarized run_summarize(rows_data const& rows, Side const& side) {
  rows_memory<Space> const memory(rows);
  state_memory<Space> const state(rows, false);
  summarized o;
  o.state = with_types(rows.type, rows.type, [&](auto value, auto) {
    using Value = typename decltype(value)::type;
    auto const view = memory.template view<Value>();
    auto const bytes = side.scratch_bytes(view);
    guarded<Space> const extra(nullptr, std::size_t(bytes));
    status const s = side.summarize(view, state.template view<Value>(), scratch{extra.data(), bytes});
    extra.read("scratch", o.trouble);
    return s;
  });
  state.read(o);
  memory.check(o.trouble);
  return o;
}

/// Makes one call for each part in each pass.
template <class Space, class Side>
summarized run_in_parts(std::vector<rows_data> const& parts, Side const& side) {
  rows_data const& first = parts.at(0);
  state_memory<Space> const state(first, true);
  summarized o;
  o.state = with_types(first.type, first.type, [&](auto value, auto) {
    using Value = typename decltype(value)::type;
    auto const to = state.template view<Value>();
    for (int pass = 0; pass < robocache::summary_passes(first.type, to.quantiles); ++pass) {
      for (rows_data const& part : parts) {
        rows_memory<Space> const memory(part);
        auto const view = memory.template view<Value>();
        auto const bytes = side.scratch_bytes(view);
        guarded<Space> const extra(nullptr, std::size_t(bytes));
        status const s = side.add(view, to, pass, scratch{extra.data(), bytes});
        if (!s.ok()) { return s; }
        extra.read("scratch", o.trouble);
        memory.check(o.trouble);
      }
      status const s = side.end(to, pass);
      if (!s.ok()) { return s; }
    }
    return status{};
  });
  state.read(o);
  return o;
}

}  // namespace test
