// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <robocache/cleaning.hpp>
#include <robocache/scratch.hpp>

#include "support/guarded.hpp"
#include "support/runner.hpp"
#include "support/typed.hpp"

/// `clean` under test.
namespace test {

using robocache::backward_rule;
using robocache::clean_options;
using robocache::clean_output;
using robocache::clean_report;
using robocache::duplicate_rule;
using robocache::nan_rule;
using robocache::scratch;

/// A series that is to be cleaned, and the rules.
template <class Stamp>
struct dirty_series {
  timeline_data<Stamp> when{};
  dtype type = dtype::float32;
  std::int64_t channels = 1;
  std::int64_t row_stride = 1;
  std::int64_t batch_stride = contiguous;
  std::int64_t misaligned = 0;  ///< elements
  std::vector<std::byte> values{};
  std::vector<std::uint8_t> mask{};          ///< empty: none
  std::vector<std::uint8_t> nan_channels{};  ///< empty: all
  clean_options options{};
  bool reports = true;
  bool source_rows = true;

  row_layout layout() const { return {when, channels, 0, batch_stride, row_stride}; }
  /// Values whose elements are `number(i)`, with gaps between rows.
  template <class Number>
  void fill(Number const& number) {
    std::int64_t const count = layout().extent();
    values.assign(std::size_t(count) * robocache::size_of(type), std::byte{});
    for (std::int64_t i = 0; i < count; ++i) { put(i, number(i)); }
  }
  void put(std::int64_t element, double x) {
    store_bits(type, values.data(), element, is_integer(type) ? std::uint64_t(std::int64_t(x)) : encode(type, x));
  }
  std::uint64_t bits_at(std::int64_t row, std::int64_t channel) const {
    return load_bits(type, values.data(), layout().begin(row) + channel);
  }
};

/// The results of a call, up to `offsets[B]`: bits of values, of stamps.
template <class Stamp>
struct cleaned {
  status state{};
  std::vector<std::int64_t> offsets{};
  std::vector<std::uint64_t> values{};  ///< `[rows, D]`
  std::vector<Stamp> stamps{};
  std::vector<std::int64_t> source_rows{};
  std::vector<clean_report> reports{};
  std::string trouble{};  ///< what was written that should not have been
};

/// On the side under test.
template <class Stamp>
cleaned<Stamp> clean(dirty_series<Stamp> const& p);

/// The call alone, with views that a test made by hand: for calls that are refused.
status clean_views(robocache::series<float, double> const& source, clean_output<float, double> const& out,
                   clean_options const& options, scratch const& memory);

/// Makes the call in guarded memory of `Space`.
/// @param side  has the calls of the library, without a stream
template <class Space, class Stamp, class Side>
cleaned<Stamp> run_clean(dirty_series<Stamp> const& p, Side const& side) {
  auto const size = std::int64_t(robocache::size_of(p.type));
  auto const rows = std::size_t(std::max<std::int64_t>(0, p.when.total()));
  auto const batch = std::size_t(p.when.batch);
  static std::byte const nothing{};
  auto const given = [](auto const& data) {
    return data.empty() ? static_cast<void const*>(&nothing) : static_cast<void const*>(data.data());
  };
  timeline_memory<Space, Stamp> const when(p.when);
  guarded<Space> const values(given(p.values), p.values.size(), std::size_t(p.misaligned * size));
  guarded<Space> const mask(given(p.mask), p.mask.size());
  guarded<Space> const named(given(p.nan_channels), p.nan_channels.size());
  guarded<Space> const out_values(nullptr, rows * std::size_t(p.channels * size), std::size_t(p.misaligned * size));
  guarded<Space> const out_stamps(nullptr, rows * sizeof(Stamp));
  guarded<Space> const offsets(nullptr, (batch + 1) * 8);
  guarded<Space> const source_rows(nullptr, p.source_rows ? rows * 8 : 0);
  guarded<Space> const reports(nullptr, p.reports ? batch * sizeof(clean_report) : 0);
  clean_options options = p.options;
  options.mask = p.mask.empty() ? nullptr : static_cast<std::uint8_t const*>(mask.data());
  options.nan_channels = p.nan_channels.empty() ? nullptr : static_cast<std::uint8_t const*>(named.data());

  cleaned<Stamp> o;
  o.state = with_types(p.type, p.type, [&](auto value, auto) {
    using Value = typename decltype(value)::type;
    robocache::series<Value, Stamp> const source{static_cast<Value const*>(values.data()), when.view(), p.channels,
                                                 p.batch_stride, p.row_stride};
    clean_output<Value, Stamp> const out{static_cast<Value*>(out_values.data()), static_cast<Stamp*>(out_stamps.data()),
                                         static_cast<std::int64_t*>(offsets.data()),
                                         static_cast<std::int64_t*>(source_rows.data()),
                                         static_cast<clean_report*>(reports.data())};
    auto const bytes = side.scratch_bytes(source, options);
    guarded<Space> const extra(nullptr, std::size_t(bytes));
    status const s = side.clean(source, out, options, scratch{extra.data(), bytes});
    extra.read("scratch", o.trouble);
    return s;
  });
  auto const read = [&](guarded<Space> const& memory, char const* name, auto& to) {
    using element = typename std::decay_t<decltype(to)>::value_type;
    auto const bytes = memory.read(name, o.trouble);
    to.resize(bytes.size() / sizeof(element));
    if (!bytes.empty()) { std::memcpy(to.data(), bytes.data(), bytes.size()); }
  };
  read(offsets, "offsets", o.offsets);
  read(out_stamps, "stamps", o.stamps);
  read(source_rows, "source_rows", o.source_rows);
  read(reports, "reports", o.reports);
  auto const bytes = out_values.read("out.values", o.trouble);
  if (o.state.ok()) {
    auto const kept = std::size_t(o.offsets.back());
    for (std::size_t i = kept * std::size_t(p.channels * size); i < bytes.size(); ++i) {
      if (bytes[i] != std::byte(poison)) { o.trouble += "values behind the last row were written; "; }
    }
    for (std::size_t i = 0; i < kept * std::size_t(p.channels); ++i) {
      o.values.push_back(load_bits(p.type, bytes.data(), std::int64_t(i)));
    }
    o.stamps.resize(kept);
    if (p.source_rows) { o.source_rows.resize(kept); }
  }
  values.read("values", o.trouble);
  mask.read("mask", o.trouble);
  named.read("nan_channels", o.trouble);
  when.check("when", o.trouble);
  return o;
}

}  // namespace test
