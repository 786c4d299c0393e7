// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/clean/clean.hpp"
#include "support/clean/oracle.hpp"
#include "support/draw.hpp"
#include "support/random.hpp"

// The semantics' cleaning: six steps, each on the rows that those before it left.
using namespace test;

namespace {

double const not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr dtype all_types[] = {dtype::float32, dtype::float16, dtype::bfloat16,
                               dtype::uint8,   dtype::int32,   dtype::int64};

template <class T>
bool same_bytes(T const& a, T const& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

/// What differs from the oracle.
template <class Stamp>
std::string verify(dirty_series<Stamp> const& p) {
  auto const found = clean(p);
  auto const wanted = oracle::clean(p);
  if (!found.state.ok()) { return text_of("status: ", found.state.message()); }
  if (!found.trouble.empty()) { return found.trouble; }
  if (found.offsets != wanted.offsets) { return "the offsets differ"; }
  for (std::size_t b = 0; p.reports && b < wanted.reports.size(); ++b) {
    auto const& x = found.reports.at(b);
    auto const& y = wanted.reports[b];
    if (!same_bytes(x, y)) {
      return text_of("trajectory ", b, ": ", x.non_finite, " ", x.invalid, " ", x.backward, " ", x.duplicated,
                     ", wanted ", y.non_finite, " ", y.invalid, " ", y.backward, " ", y.duplicated);
    }
  }
  if (p.source_rows && found.source_rows != wanted.source_rows) { return "the source rows differ"; }
  for (std::size_t i = 0; i < wanted.stamps.size(); ++i) {
    if (!same_bytes(found.stamps.at(i), wanted.stamps[i])) {
      return text_of("stamp ", i, ": ", found.stamps[i], ", wanted ", wanted.stamps[i]);
    }
  }
  for (std::size_t i = 0; i < wanted.values.size(); ++i) {
    if (found.values.at(i) != wanted.values[i]) {
      return text_of("value ", i, ": ", bits_text(p.type, found.values[i]), ", wanted ",
                     bits_text(p.type, wanted.values[i]));
    }
  }
  return {};
}

/// Rows numbered from 0 on, in one channel.
template <class Stamp>
dirty_series<Stamp> numbered(timeline_data<Stamp> when, dtype type = dtype::float32) {
  dirty_series<Stamp> p;
  p.when = std::move(when);
  p.type = type;
  p.fill([](std::int64_t i) { return double(i % 256); });
  return p;
}

template <class Stamp>
std::vector<std::int64_t> rows_left(dirty_series<Stamp> const& p) {
  CHECK(verify(p) == "");
  return clean(p).source_rows;
}

using rows = std::vector<std::int64_t>;

/// Stamps that mostly ascend.
template <class Stamp>
std::vector<Stamp> dirty_stamps(generator& random, std::int64_t count, double odd) {
  std::vector<Stamp> stamps;
  std::int64_t now = std::is_integral_v<Stamp> ? 1'700'000'000'000'000'000 : -20;  // nanoseconds since 1970
  for (std::int64_t i = 0; i < count; ++i) {
    now += random.chance(odd) ? random.between(-30, 0) : random.between(0, 3);
    stamps.push_back(Stamp(now));
    if constexpr (!std::is_integral_v<Stamp>) {
      if (random.chance(odd / 2)) { stamps.back() = Stamp(random.one_of({not_a_number, infinity, -infinity, -0.0})); }
    }
  }
  return stamps;
}

template <class Stamp>
timeline_data<Stamp> draw_when(generator& random, std::int64_t count, double odd) {
  auto stamps = dirty_stamps<Stamp>(random, count, odd);
  switch (random.between(0, 4)) {
    case 0: {
      std::int64_t const batch = random.between(1, 5);
      stamps.resize(std::size_t(count / batch * batch));
      std::vector<std::int64_t> lengths;
      for (std::int64_t b = 0; b < batch && count % 2 == 0; ++b) {
        lengths.push_back(random.between(-1, count / batch + 1));
      }
      return dense(stamps, batch, lengths);
    }
    case 1: {
      stamps.resize(std::min<std::size_t>(stamps.size(), 200));
      return shared(stamps, random.between(0, 4));
    }
    case 2: return uniform_ragged(Stamp(5), {}, Stamp(3), Stamp(2), {0, count / 3, count / 3, count}, count);
    default: {
      std::vector<std::int64_t> offsets{random.between(0, 2)};
      for (std::int64_t i = random.between(0, 40); i > 0; --i) {
        offsets.push_back(std::min(count, offsets.back() + random.between(0, count / 8 + 1)));
      }
      if (random.chance(0.2)) { std::swap(offsets.front(), offsets.back()); }
      return ragged(stamps, offsets);
    }
  }
}

template <class Stamp>
dirty_series<Stamp> draw_dirty(generator& random, std::int64_t count) {
  dirty_series<Stamp> p;
  double const odd = random.one_of({0.0, 0.02, 0.3});
  p.when = draw_when<Stamp>(random, count, odd);
  p.type = all_types[random.between(0, 5)];
  p.channels = random.chance(0.1) ? random.between(30, 70) : random.between(1, 11);
  p.row_stride = p.channels + random.between(0, 2);
  p.misaligned = random.between(0, 3);
  bool const floats = !is_integer(p.type);
  p.fill([&](std::int64_t) {
    if (!floats) { return double(random.between(0, 200)); }
    return random.chance(odd / 4) ? random.one_of({not_a_number, infinity, -0.0}) : 2 * random.unit() - 1;
  });
  p.options.nan = random.one_of({nan_rule::keep, nan_rule::any, nan_rule::all});
  p.options.backward = random.one_of({backward_rule::drop, backward_rule::sort});
  p.options.duplicates = random.one_of({duplicate_rule::first, duplicate_rule::last});
  for (std::int64_t i = 0; i < p.when.total() && random.chance(1) && odd > 0.1; ++i) {
    p.mask.push_back(random.chance(0.1) ? 0 : 1);
  }
  for (std::int64_t c = 0; c < p.channels && odd < 0.1; ++c) { p.nan_channels.push_back(random.chance(0.5) ? 1 : 0); }
  if (floats && p.channels >= 4 && random.chance(0.6)) {
    p.options.quaternions = p.channels >= 8 ? 2 : 1;
    p.options.quaternion_channels[0] = p.channels - 4;
    if (p.options.quaternions == 2) { p.options.quaternion_channels[1] = random.between(0, p.channels - 8); }
  }
  p.reports = random.chance(0.8);
  p.source_rows = random.chance(0.8);
  return p;
}

}  // namespace

TEST_CASE("Cleaning: sound rows are not changed", "[clean][sanitize]") {
  auto const p = numbered(dense<double>({0, 1, 2, 5, 6, 7}, 2));
  CHECK(rows_left(p) == rows{0, 1, 2, 3, 4, 5});
  CHECK(clean(p).offsets == rows{0, 3, 6});
  CHECK(rows_left(numbered(uniform<std::int64_t>(0, 1'000'000, 30, 2, 5))).size() == 10);
}

TEST_CASE("Cleaning: stamps that are not finite", "[clean]") {
  auto const p = numbered(dense<float>({1, float(not_a_number), 2, float(infinity), 3, float(-infinity)}, 1));
  CHECK(rows_left(p) == rows{0, 2, 4});
  CHECK(clean(p).reports.at(0).non_finite == 3);
}

TEST_CASE("Cleaning: rows that are NaN in any, all or none of the named channels", "[clean][sanitize]") {
  dirty_series<double> p;
  p.when = dense<double>({0, 1, 2, 3}, 1);
  p.channels = 3;
  p.row_stride = 4;
  p.fill([](std::int64_t i) {
    bool const nan = i == 1 || i == 4 || i == 6 || i == 12 || i == 13 || i == 14;
    return nan ? not_a_number : double(i);
  });  // rows 0 (the second), 1 (the first and third), 3 (all)
  CHECK(rows_left(p) == rows{2});
  p.options.nan = nan_rule::all;
  CHECK(rows_left(p) == rows{0, 1, 2});
  p.nan_channels = {1, 0, 1};
  CHECK(rows_left(p) == rows{0, 2});
  p.options.nan = nan_rule::any;
  CHECK(rows_left(p) == rows{0, 2});
  p.nan_channels = {0, 0, 0};
  CHECK(rows_left(p) == rows{0, 1, 2, 3});
  p.options.nan = nan_rule::all;
  CHECK(rows_left(p) == rows{0, 1, 2, 3});
  p.nan_channels.clear();
  p.options.nan = nan_rule::keep;
  CHECK(rows_left(p) == rows{0, 1, 2, 3});
}

TEST_CASE("Cleaning: masked rows", "[clean]") {
  auto p = numbered(ragged<std::int64_t>({4, 5, 6, 7, 8}, {1, 3, 5}), dtype::uint8);
  p.mask = {0, 1, 0, 255, 1};
  CHECK(rows_left(p) == rows{1, 3, 4});
  CHECK(clean(p).reports.at(0).invalid == 1);
  CHECK(clean(p).offsets == rows{0, 1, 3});
}

TEST_CASE("Cleaning: rows that step back in time are dropped, or sorted", "[clean][sanitize]") {
  auto p = numbered(dense<std::int64_t>({10, 30, 20, 29, 30, 31, 5, 40}, 1));
  CHECK(rows_left(p) == rows{0, 1, 5, 7});
  auto const report = clean(p).reports.at(0);
  CHECK(report.backward == 3);
  CHECK(report.duplicated == 1);
  p.options.backward = backward_rule::sort;
  CHECK(rows_left(p) == rows{6, 0, 2, 3, 1, 5, 7});
  CHECK(clean(p).reports.at(0).duplicated == 1);
  p.options.duplicates = duplicate_rule::last;
  CHECK(rows_left(p) == rows{6, 0, 2, 3, 4, 5, 7});
}

TEST_CASE("Cleaning: a row that was dropped before drops no other one", "[clean]") {
  auto p = numbered(dense<double>({1, 9, 2, 2, infinity, 3}, 1));
  p.mask = {1, 0, 1, 1, 1, 1};
  CHECK(rows_left(p) == rows{0, 2, 5});
}

TEST_CASE("Cleaning: duplicates keep the first or the last, whatever is between", "[clean]") {
  auto p = numbered(dense<double>({1, 1, 1, 2, 1, 2, 2, 3}, 1));
  CHECK(rows_left(p) == rows{0, 3, 7});
  p.options.duplicates = duplicate_rule::last;
  CHECK(rows_left(p) == rows{2, 6, 7});
  CHECK(clean(p).reports.at(0).backward == 1);
  CHECK(clean(p).reports.at(0).duplicated == 4);
}

TEST_CASE("Cleaning: -0 and +0 are one time", "[clean]") {
  auto p = numbered(dense<double>({-0.0, 0.0, -0.0, 1}, 1));
  CHECK(rows_left(p) == rows{0, 3});
  p.options.backward = backward_rule::sort;
  p.options.duplicates = duplicate_rule::last;
  CHECK(rows_left(p) == rows{2, 3});
}

TEST_CASE("Cleaning: each trajectory for itself, empty ones among them", "[clean][sanitize]") {
  auto p = numbered(ragged<double>({5, 6, 1, 2, 2, 9}, {0, 0, 2, 5, 5, 6, 6}));
  CHECK(rows_left(p) == rows{0, 1, 2, 3, 5});
  CHECK(clean(p).offsets == rows{0, 0, 2, 4, 4, 5, 5});
  p.options.backward = backward_rule::sort;
  CHECK(rows_left(p) == rows{0, 1, 2, 3, 5});
}

TEST_CASE("Cleaning: no row is left, or there was none", "[clean][sanitize]") {
  for (auto backward : {backward_rule::drop, backward_rule::sort}) {
    auto p = numbered(dense<double>({not_a_number, not_a_number}, 1));
    p.options.backward = backward;
    CHECK(rows_left(p).empty());
    CHECK(clean(p).offsets == rows{0, 0});
    p.when = dense<double>({}, 3);
    p.values.clear();
    CHECK(rows_left(p).empty());
    p.when = dense<double>({}, 0);
    CHECK(clean(p).offsets == rows{0});
    p = numbered(ragged<double>({1, 2}, {0}));
    p.options.backward = backward;
    CHECK(clean(p).offsets == rows{0});
    CHECK(clean(p).trouble == "");
  }
}

TEST_CASE("Cleaning: the sign of a quaternion is the one nearest to the row before", "[clean]") {
  dirty_series<double> p;
  p.when = dense<double>({0, 1, 2, 3, 4, 9, 6, 7}, 2);
  p.channels = p.row_stride = 5;
  p.options.quaternions = 1;
  p.options.quaternion_channels[0] = 1;
  std::vector<std::vector<double>> const q = {{1, 0, 0, 0},  {-1, 0, 0, 0.1}, {-1, 0.1, 0, 0}, {0, 0, 1, 0},
                                              {0, 0, -1, 0}, {9, 9, 9, 9},    {0, 0, 1, 0},    {0, 0.1, -1, 0}};
  p.fill([&](std::int64_t i) { return i % 5 == 0 ? -7 : q[std::size_t(i / 5)][std::size_t(i % 5 - 1)]; });
  CHECK(verify(p) == "");
  auto const found = clean(p).values;
  auto const at = [&](std::size_t row, std::size_t c) { return decode(dtype::float32, found[row * 5 + c]); };
  CHECK(at(1, 1) == 1);
  CHECK(at(2, 1) == 1);
  CHECK(at(3, 3) == 1);   // at a right angle: its own
  CHECK(at(4, 3) == -1);  // another trajectory
  CHECK(at(2, 0) == -7);
  for (dtype type : {dtype::float16, dtype::bfloat16}) {
    p.type = type;
    p.fill([&](std::int64_t i) { return i % 5 == 0 ? not_a_number : q[std::size_t(i / 5)][std::size_t(i % 5 - 1)]; });
    p.options.nan = nan_rule::keep;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Cleaning: every type, any alignment", "[clean]") {
  generator random(5300);
  for (dtype type : all_types) {
    auto p = numbered(dense<double>(dirty_stamps<double>(random, 300, 0.1), 3), type);
    for (std::int64_t channels : {1, 3, 40}) {
      p.channels = channels;
      p.row_stride = channels + 1;
      p.misaligned = 1;
      p.fill([](std::int64_t i) { return double(i % 100); });
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Cleaning: long trajectories, and counts around tiles", "[clean]") {
  generator random(5301);
  for (std::int64_t count : {1, 2, 63, 64, 65, 2047, 2048, 2049, 4097}) {
    for (auto backward : {backward_rule::drop, backward_rule::sort}) {
      auto p = numbered(dense<std::int64_t>(dirty_stamps<std::int64_t>(random, count, 0.05), 1), dtype::int32);
      p.options.backward = backward;
      p.options.duplicates = count % 2 == 0 ? duplicate_rule::first : duplicate_rule::last;
      CAPTURE(count);
      CHECK(verify(p) == "");
    }
  }
  // A row in the first tile that all others step back from.
  std::vector<double> stamps(7000, 3.0);
  stamps[1000] = 4;
  CHECK(rows_left(numbered(dense(stamps, 1))) == rows{0, 1000});
}

TEST_CASE("Cleaning: many trajectories, sorted", "[clean]") {
  generator random(5302);
  std::vector<std::int64_t> offsets{0};
  while (offsets.back() < 3000) { offsets.push_back(offsets.back() + random.between(0, 9)); }
  auto p = numbered(ragged(dirty_stamps<float>(random, offsets.back(), 0.3), offsets));
  CHECK(verify(p) == "");
  p.options.backward = backward_rule::sort;
  CHECK(verify(p) == "");
}

TEST_CASE("Cleaning: drawn series, rules and mistakes", "[clean]") {
  int const draws = count_draws(60);
  for (int seed = 0; seed < draws; ++seed) {
    generator random(5400 + std::uint64_t(seed));
    std::int64_t const count = random.chance(0.15) ? random.between(2000, 5000) : random.between(0, 200);
    CAPTURE(seed);
    with_drawn_stamp(random, [&](auto stamp) { CHECK(verify(draw_dirty<decltype(stamp)>(random, count)) == ""); });
  }
}
