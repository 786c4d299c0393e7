// SPDX-License-Identifier: Apache-2.0
#include "support/clean/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "support/owners.hpp"

namespace test::oracle {

namespace {

template <class Stamp>
struct one_row {
  Stamp stamp;
  std::int64_t row;
};

template <class Stamp>
Stamp uniform_stamp(timeline_data<Stamp> const& when, Stamp start, std::int64_t i) {
  if constexpr (std::is_integral_v<Stamp>) {
    __extension__ using wide = __int128;
    return Stamp(wide(start) + wide(i) * when.num / when.den);  // not below 0 here
  } else {
    Stamp const passed = Stamp(i) * (when.num / when.den);
    return start + passed;
  }
}

/// The rows of trajectory b, with their stamps.
template <class Stamp>
std::vector<one_row<Stamp>> rows_of(timeline_data<Stamp> const& when, std::int64_t b) {
  std::int64_t begin = b * when.length;
  std::int64_t count = when.length;
  if (!when.lengths.empty()) { count = std::clamp<std::int64_t>(when.lengths[std::size_t(b)], 0, when.length); }
  if (when.packed()) {
    auto const owned = rows_owned(when.offsets, when.rows, b);
    begin = owned.first;
    count = owned.second - owned.first;
  }
  std::vector<one_row<Stamp>> rows;
  for (std::int64_t i = 0; i < count; ++i) {
    Stamp stamp{};
    switch (when.kind) {
      case timeline_kind::dense: stamp = when.stamps[std::size_t(b * when.stride + i)]; break;
      case timeline_kind::shared: stamp = when.stamps[std::size_t(i)]; break;
      case timeline_kind::ragged: stamp = when.stamps[std::size_t(begin + i)]; break;
      default: stamp = uniform_stamp(when, when.starts.empty() ? when.start : when.starts[std::size_t(b)], i); break;
    }
    rows.push_back({stamp, begin + i});
  }
  return rows;
}

/// Removes the rows that a step takes, and counts them.
template <class Rows, class Takes>
std::int64_t remove(Rows& rows, Takes takes) {
  Rows left;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!takes(i)) { left.push_back(rows[i]); }
  }
  auto const taken = std::int64_t(rows.size() - left.size());
  rows = left;
  return taken;
}

template <class Stamp>
bool is_invalid(dirty_series<Stamp> const& p, std::int64_t row) {
  if (!p.mask.empty() && p.mask[std::size_t(row)] == 0) { return true; }
  std::int64_t named = 0;
  std::int64_t nan = 0;
  for (std::int64_t c = 0; c < p.channels; ++c) {
    if (!p.nan_channels.empty() && p.nan_channels[std::size_t(c)] == 0) { continue; }
    ++named;
    nan += is_nan(p.type, p.bits_at(row, c)) ? 1 : 0;
  }
  return p.options.nan == nan_rule::any ? nan > 0 : p.options.nan == nan_rule::all && nan > 0 && nan == named;
}

/// Adds the values of the rows of one trajectory, with the signs of their quaternions.
template <class Stamp>
void add_values(dirty_series<Stamp> const& p, std::vector<one_row<Stamp>> const& rows, std::vector<std::uint64_t>& to) {
  std::uint64_t const sign = std::uint64_t{1} << (8 * robocache::size_of(p.type) - 1);
  std::vector<std::uint64_t> before;
  for (auto const& one : rows) {
    std::vector<std::uint64_t> now;
    for (std::int64_t c = 0; c < p.channels; ++c) { now.push_back(p.bits_at(one.row, c)); }
    for (std::int64_t k = 0; k < p.options.quaternions && !before.empty(); ++k) {
      auto const c = std::size_t(p.options.quaternion_channels[k]);
      float dot = 0;
      for (std::size_t i = c; i < c + 4; ++i) {
        float const term = float(decode(p.type, before[i])) * float(decode(p.type, now[i]));
        dot = i == c ? term : dot + term;
      }
      for (std::size_t i = c; i < c + 4 && dot < 0; ++i) { now[i] ^= sign; }
    }
    to.insert(to.end(), now.begin(), now.end());
    before = now;
  }
}

}  // namespace

template <class Stamp>
cleaned<Stamp> clean(dirty_series<Stamp> const& p) {
  cleaned<Stamp> o;
  o.offsets.push_back(0);
  for (std::int64_t b = 0; b < p.when.batch; ++b) {
    auto rows = rows_of(p.when, b);
    clean_report report{};
    report.non_finite = remove(rows, [&](std::size_t i) { return !std::isfinite(double(rows[i].stamp)); });
    report.invalid = remove(rows, [&](std::size_t i) { return is_invalid(p, rows[i].row); });
    if (p.options.backward == backward_rule::sort) {
      std::stable_sort(rows.begin(), rows.end(), [](auto const& x, auto const& y) { return x.stamp < y.stamp; });
    }
    report.backward = remove(rows, [&](std::size_t i) {
      return std::any_of(rows.begin(), rows.begin() + std::ptrdiff_t(i),
                         [&](auto const& before) { return before.stamp > rows[i].stamp; });
    });
    bool const first = p.options.duplicates == duplicate_rule::first;
    report.duplicated = remove(rows, [&](std::size_t i) {
      return first ? i > 0 && rows[i - 1].stamp == rows[i].stamp
                   : i + 1 < rows.size() && rows[i + 1].stamp == rows[i].stamp;
    });
    o.reports.push_back(report);
    for (auto const& one : rows) {
      o.stamps.push_back(one.stamp);
      o.source_rows.push_back(one.row);
    }
    add_values(p, rows, o.values);
    o.offsets.push_back(std::int64_t(o.stamps.size()));
  }
  return o;
}

template cleaned<float> clean(dirty_series<float> const&);
template cleaned<double> clean(dirty_series<double> const&);
template cleaned<std::int64_t> clean(dirty_series<std::int64_t> const&);

}  // namespace test::oracle
