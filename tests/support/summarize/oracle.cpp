// SPDX-License-Identifier: Apache-2.0
#include "support/summarize/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/owners.hpp"

namespace test::oracle {

namespace {

/// Exact, also for integers of 64 bits.
long double exact_at(rows_data const& rows, std::int64_t row, std::int64_t channel) {
  auto const bits = load_bits(rows.type, rows.values.data(), row * rows.stride + channel);
  switch (rows.type) {
    case dtype::uint8: return static_cast<long double>(bits);
    case dtype::int32: return std::int32_t(bits);
    case dtype::int64: return std::int64_t(bits);
    default: return decode(rows.type, bits);
  }
}

bool below(double a, double b) { return a < b || (a == b && std::signbit(a) && !std::signbit(b)); }

/// The right one is of later rows.
channel_summary together(channel_summary a, channel_summary const& b) {
  std::int64_t const n = a.count - a.infinite;
  std::int64_t const m = b.count - b.infinite;
  if (b.count > 0) {
    a.min = a.count == 0 || below(b.min, a.min) ? b.min : a.min;
    a.max = a.count == 0 || below(a.max, b.max) ? b.max : a.max;
  }
  if (n == 0 && m > 0) {
    a.mean = b.mean;
    a.m2 = b.m2;
  } else if (m > 0) {
    double const difference = b.mean - a.mean;
    double const share = double(m) / double(n + m);
    a.m2 = (a.m2 + b.m2) + (difference * difference) * (double(n) * share);
    a.mean = a.mean + difference * share;
  }
  a.count += b.count;
  a.nan += b.nan;
  a.infinite += b.infinite;
  return a;
}

/// One channel of a group's rows, masked ones in their places.
class channel_of {
 public:
  channel_of(rows_data const& rows, std::int64_t channel, std::vector<std::int64_t> const& of_group)
      : rows_(rows), channel_(channel), of_group_(of_group) {}

  channel_summary summary() const { return node(0, of_group_.size()); }

 private:
  channel_summary node(std::size_t begin, std::size_t count) const {
    if (count <= 64) { return leaf(begin, count); }
    std::size_t part = 64;
    while (part * 64 < count) { part *= 64; }
    channel_summary all = node(begin, part);
    for (std::size_t done = part; done < count; done += part) {
      all = together(all, node(begin + done, std::min(part, count - done)));
    }
    return all;
  }

  channel_summary leaf(std::size_t begin, std::size_t count) const {
    channel_summary one{};
    std::vector<double> finite;
    for (std::size_t i = begin; i < begin + count; ++i) {
      std::int64_t const row = of_group_[i];
      if (!rows_.mask.empty() && rows_.mask[std::size_t(row)] == 0) { continue; }
      double const x = number_at(rows_, row, channel_);
      if (std::isnan(x)) {
        ++one.nan;
        continue;
      }
      one.min = one.count == 0 || below(x, one.min) ? x : one.min;
      one.max = one.count == 0 || below(one.max, x) ? x : one.max;
      ++one.count;
      if (std::isinf(x)) {
        ++one.infinite;
      } else {
        finite.push_back(x);
      }
    }
    if (finite.empty()) { return one; }
    double sum = 0;
    for (double x : finite) { sum += x; }
    one.mean = sum / double(finite.size());
    for (double x : finite) { one.m2 += (x - one.mean) * (x - one.mean); }
    return one;
  }

  rows_data const& rows_;
  std::int64_t channel_;
  std::vector<std::int64_t> const& of_group_;
};

double quantile_of(std::vector<long double> const& sorted, double fraction) {
  if (sorted.empty()) { return std::numeric_limits<double>::quiet_NaN(); }
  double const place = double(sorted.size() - 1) * fraction;
  auto const low = std::min(std::size_t(place), sorted.size() - 1);
  auto const high = std::min(low + 1, sorted.size() - 1);
  double const weight = place - std::floor(place);
  auto const a = double(sorted[low]);
  auto const b = double(sorted[high]);
  if (weight == 0 || a == b) { return a; }
  return weight < 0.5 ? a + (b - a) * weight : b - (b - a) * (1 - weight);
}

}  // namespace

double number_at(rows_data const& rows, std::int64_t row, std::int64_t channel) {
  return double(exact_at(rows, row, channel));
}

std::vector<std::int64_t> rows_of_group(rows_data const& rows, std::int64_t group) {
  std::vector<std::int64_t> found;
  if (rows.offsets.empty()) {
    for (std::int64_t row = 0; row < rows.rows; ++row) { found.push_back(row); }
    return found;
  }
  auto const [begin, end] = rows_owned(rows.offsets, rows.rows, group);
  for (std::int64_t row = begin; row < end; ++row) { found.push_back(row); }
  return found;
}

summaries summarize(std::vector<rows_data> const& parts) {
  rows_data const& first = parts.at(0);
  summaries all;
  for (std::int64_t g = 0; g < first.groups(); ++g) {
    for (std::int64_t c = 0; c < first.channels; ++c) {
      channel_summary one{};
      std::vector<long double> values;
      for (rows_data const& part : parts) {
        auto const rows = rows_of_group(part, g);
        one = together(one, channel_of(part, c, rows).summary());
        for (std::int64_t row : rows) {
          bool const masked = !part.mask.empty() && part.mask[std::size_t(row)] == 0;
          long double const x = exact_at(part, row, c);
          if (!masked && !std::isnan(x)) { values.push_back(x); }
        }
      }
      all.of.push_back(one);
      std::sort(values.begin(), values.end(),
                [](long double a, long double b) { return a < b || (a == b && std::signbit(a) && !std::signbit(b)); });
      for (double fraction : first.fractions) { all.quantiles.push_back(quantile_of(values, fraction)); }
    }
  }
  return all;
}

}  // namespace test::oracle
