// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/random.hpp"
#include "support/summarize/oracle.hpp"
#include "support/summarize/summarize.hpp"

// The semantics' summaries: leaves of 64 rows merged in groups of 64, and exact quantiles, to the bit.
using namespace test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
double const not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr dtype all_types[] = {dtype::float32, dtype::float16, dtype::bfloat16,
                               dtype::uint8,   dtype::int32,   dtype::int64};

bool same_double(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }

bool same_summary(channel_summary const& a, channel_summary const& b) {
  return a.count == b.count && a.nan == b.nan && a.infinite == b.infinite && same_double(a.min, b.min) &&
         same_double(a.max, b.max) && same_double(a.mean, b.mean) && same_double(a.m2, b.m2);
}

std::string text_of_summary(channel_summary const& a) {
  return text_of(a.count, " values, ", a.nan, " NaN, ", a.infinite, " infinite, ", a.min, " to ", a.max, ", mean ",
                 a.mean, ", m2 ", a.m2);
}

/// What differs from the oracle.
std::string unlike(summarized const& found, oracle::summaries const& wanted) {
  if (!found.state.ok()) { return text_of("status: ", found.state.message()); }
  if (!found.trouble.empty()) { return found.trouble; }
  for (std::size_t i = 0; i < wanted.of.size(); ++i) {
    if (!same_summary(found.summaries.at(i), wanted.of[i])) {
      return text_of("pair ", i, ": ", text_of_summary(found.summaries[i]), "; wanted ", text_of_summary(wanted.of[i]));
    }
  }
  for (std::size_t i = 0; i < wanted.quantiles.size(); ++i) {
    if (!same_double(found.quantiles.at(i), wanted.quantiles[i])) {
      return text_of("quantile ", i, ": ", found.quantiles[i], ", wanted ", wanted.quantiles[i]);
    }
  }
  return {};
}

std::string verify(rows_data const& rows) { return unlike(summarize(rows), oracle::summarize({rows})); }

/// Numbers of every size, some of them not finite, many of them alike.
double draw_number(generator& random, dtype type) {
  if (type == dtype::uint8) { return double(random.between(0, 255)); }
  if (type == dtype::int32) { return double(random.between(INT32_MIN, INT32_MAX)); }
  if (random.chance(0.03)) { return random.one_of({not_a_number, infinity, -infinity, -0.0, 0.0, 3e38, 1e-45}); }
  if (random.chance(0.2)) { return double(random.between(-3, 3)); }
  return 20 * random.unit() - 7;
}

rows_data draw_rows(generator& random, dtype type, std::int64_t rows, std::int64_t channels) {
  rows_data r;
  r.type = type;
  r.channels = channels;
  r.stride = channels + (random.chance(0.5) ? 0 : random.between(0, 3));
  r.fill(rows, [&](std::int64_t) { return draw_number(random, type); });
  if (type == dtype::int64) {
    for (std::int64_t i = 0; i < rows * r.stride; ++i) {
      store_bits(type, r.values.data(), i,
                 random.chance(0.3) ? random.next() : std::uint64_t(random.between(-1000, 1000)));
    }
  }
  return r;
}

void draw_mask(generator& random, rows_data& r) {
  for (std::int64_t i = 0; i < r.rows; ++i) { r.mask.push_back(random.chance(0.3) ? 0 : 1 + (i % 2) * 254); }
}

}  // namespace

TEST_CASE("Summaries: what is known of a few numbers", "[summarize][sanitize]") {
  rows_data r;
  r.channels = r.stride = 2;
  r.fractions = {0, 0.25, 0.5, 1};
  r.fill(5, [](std::int64_t i) { return std::vector<double>{1, -2, 5, 7, 3, 7, 9, -2, 2, 0}[std::size_t(i)]; });
  CHECK(verify(r) == "");
  auto const o = summarize(r);
  CHECK(o.summaries.at(0).count == 5);
  CHECK(o.summaries[0].min == 1);
  CHECK(o.summaries[0].max == 9);
  CHECK(o.summaries[0].mean == 4);
  CHECK(o.summaries[0].m2 == 9 + 1 + 1 + 25 + 4);
  CHECK(o.quantiles == std::vector<double>{1, 2, 3, 9, -2, -2, 0, 7});
}

TEST_CASE("Summaries: no row, one row, and counts around leaves, nodes and levels", "[summarize]") {
  generator random(5100);
  for (std::int64_t rows : {0, 1, 2, 63, 64, 65, 4095, 4096, 4097, 8193}) {
    CAPTURE(rows);
    auto r = draw_rows(random, dtype::float32, rows, rows > 4000 ? 3 : 17);
    r.fractions = {0.5, 0.01, 0.99};
    CHECK(verify(r) == "");
    r.fractions.clear();
    CHECK(verify(r) == "");
  }
}

TEST_CASE("Summaries: three levels of groups of 64", "[summarize]") {
  generator random(5101);
  auto r = draw_rows(random, dtype::float32, 64 * 4096 + 130, 1);
  CHECK(verify(r) == "");
}

TEST_CASE("Summaries: every type", "[summarize]") {
  generator random(5102);
  for (dtype type : all_types) {
    for (std::int64_t channels : {1, 5, 9}) {
      CAPTURE(robocache::name_of(type), channels);
      auto r = draw_rows(random, type, 700, channels);
      r.fractions = {0.1, 0.5, 0.9};
      r.misaligned = 1;
      CHECK(verify(r) == "");
    }
  }
}

TEST_CASE("Summaries: integers of 64 bits that doubles cannot tell apart", "[summarize]") {
  rows_data r;
  r.type = dtype::int64;
  std::int64_t const huge = 1'700'000'000'000'000'000;  // nanoseconds since 1970
  r.fill(101, [](std::int64_t) { return 0; });
  for (std::int64_t i = 0; i < 101; ++i) {
    store_bits(r.type, r.values.data(), i, std::uint64_t(i % 2 == 0 ? huge + 7 * i : -huge - i));
  }
  store_bits(r.type, r.values.data(), 3, std::uint64_t(INT64_MIN));
  store_bits(r.type, r.values.data(), 4, std::uint64_t(INT64_MAX));
  r.fractions = {0, 0.3, 0.5, 0.51, 1};
  CHECK(verify(r) == "");
}

TEST_CASE("Summaries: NaN is counted apart, infinities are extremes and quantiles and in no mean", "[summarize]") {
  rows_data r;
  r.fractions = {0, 0.5, 1};
  r.fill(6, [](std::int64_t i) {
    return std::vector<double>{infinity, not_a_number, 2, -infinity, 4, not_a_number}[std::size_t(i)];
  });
  CHECK(verify(r) == "");
  auto const o = summarize(r).summaries.at(0);
  CHECK(o.count == 4);
  CHECK(o.nan == 2);
  CHECK(o.infinite == 2);
  CHECK(o.mean == 3);
  CHECK(o.m2 == 2);
  CHECK(summarize(r).quantiles == std::vector<double>{-infinity, 3, infinity});
  r.fill(3, [](std::int64_t) { return not_a_number; });
  CHECK(verify(r) == "");
  r.fill(70, [](std::int64_t) { return infinity; });
  CHECK(verify(r) == "");
  CHECK(summarize(r).quantiles == std::vector<double>{infinity, infinity, infinity});
}

TEST_CASE("Summaries: -0 is below +0", "[summarize]") {
  rows_data r;
  r.fractions = {0, 1};
  for (auto const& numbers : {std::vector<double>{0.0, -0.0}, {-0.0, 0.0}, {-0.0, -0.0}, {0.0, 0.0}}) {
    r.fill(2, [&](std::int64_t i) { return numbers[std::size_t(i)]; });
    CHECK(verify(r) == "");
    CHECK(std::signbit(summarize(r).quantiles.at(0)) == (std::signbit(numbers[0]) || std::signbit(numbers[1])));
  }
  // In leaves that are merged, too.
  r.fill(130, [](std::int64_t i) { return i == 100 ? -0.0 : 0.0; });
  CHECK(verify(r) == "");
}

TEST_CASE("Summaries: masked rows are absent, and keep their place", "[summarize][sanitize]") {
  generator random(5103);
  for (std::int64_t rows : {1, 64, 200, 5000}) {
    auto r = draw_rows(random, dtype::float16, rows, 2);
    r.fractions = {0.5};
    draw_mask(random, r);
    CHECK(verify(r) == "");
  }
  rows_data r;
  r.fill(3, [](std::int64_t i) { return double(i); });
  r.mask = {0, 0, 0};
  CHECK(verify(r) == "");
  CHECK(summarize(r).summaries.at(0).count == 0);
}

TEST_CASE("Summaries: groups, empty ones among them, and rows that no group owns", "[summarize][sanitize]") {
  generator random(5104);
  auto r = draw_rows(random, dtype::float32, 500, 3);
  r.fractions = {0.25, 1};
  for (auto const& offsets : std::vector<std::vector<std::int64_t>>{
           {0, 500}, {0, 0, 100, 100, 230, 500, 500}, {3, 64, 128, 480}, {-7, 20, 900}, {0}, {50, 20, 90, 10, 400}}) {
    r.offsets = offsets;
    CHECK(verify(r) == "");
  }
  std::vector<std::int64_t> many{0};
  while (many.back() < 500) { many.push_back(many.back() + random.between(0, 5)); }
  r.offsets = many;
  r.fractions.clear();
  CHECK(verify(r) == "");
}

TEST_CASE("Summaries: groups that begin anywhere in the nodes of others", "[summarize]") {
  generator random(5105);
  auto r = draw_rows(random, dtype::uint8, 30'000, 2);
  r.offsets = {0, 4095, 4096, 8192, 8193, 16'390, 16'390, 29'000};
  r.fractions = {0.5};
  CHECK(verify(r) == "");
}

TEST_CASE("Summaries: one channel after the other of wide rows", "[summarize]") {
  generator random(5106);
  auto r = draw_rows(random, dtype::bfloat16, 80, 131);
  r.fractions = {0.5};
  CHECK(verify(r) == "");
}

TEST_CASE("Summaries: rows in several calls are merged from left to right", "[summarize]") {
  generator random(5107);
  for (dtype type : {dtype::float32, dtype::int64}) {
    std::vector<rows_data> parts;
    for (std::int64_t rows : {100, 0, 4097, 1, 64}) {
      parts.push_back(draw_rows(random, type, rows, 3));
      parts.back().fractions = {0.5, 0.02};
    }
    draw_mask(random, parts[2]);
    CHECK(unlike(summarize_in_parts(parts), oracle::summarize(parts)) == "");
    for (auto& part : parts) { part.offsets = {0, part.rows / 3, part.rows}; }
    CHECK(unlike(summarize_in_parts(parts), oracle::summarize(parts)) == "");
  }
}

TEST_CASE("Summaries: quantiles do not depend on how rows are dealt out to calls", "[summarize]") {
  generator random(5108);
  auto all = draw_rows(random, dtype::float32, 1000, 1);
  all.stride = 1;
  all.fill(1000, [&](std::int64_t) { return draw_number(random, dtype::float32); });
  all.fractions = {0.01, 0.5, 0.75};
  std::vector<rows_data> parts;
  for (std::int64_t begin = 0; begin < 1000; begin += 250) {
    rows_data part = all;
    part.rows = 250;
    part.values.assign(all.values.begin() + begin * 4, all.values.begin() + (begin + 250) * 4);
    parts.push_back(part);
  }
  CHECK(summarize_in_parts(parts).quantiles == summarize(all).quantiles);
}

TEST_CASE("Summaries: as many quantiles as there may be, in any order", "[summarize]") {
  generator random(5109);
  auto r = draw_rows(random, dtype::float32, 300, 2);
  for (int i = 0; i < robocache::most_quantiles; ++i) { r.fractions.push_back(i % 3 == 0 ? 0.5 : random.unit()); }
  CHECK(verify(r) == "");
}

TEST_CASE("Summaries: a mean with less error than a plain sum", "[summarize]") {
  // 1e8 with a fraction: the squared differences of a plain sum of squares would be lost.
  rows_data r;
  r.type = dtype::int32;
  r.fill(20'000, [](std::int64_t i) { return 1e8 + double(i % 7); });
  auto const o = summarize(r).summaries.at(0);
  long double sum = 0, squares = 0;
  for (std::int64_t i = 0; i < 20'000; ++i) { sum += i % 7; }
  long double const mean = sum / 20'000;
  for (std::int64_t i = 0; i < 20'000; ++i) { squares += (i % 7 - mean) * (i % 7 - mean); }
  CHECK(std::fabs(o.mean - 1e8 - double(mean)) <= 1e-7);
  CHECK(std::fabs(o.m2 / double(squares) - 1) <= 1e-9);
}

TEST_CASE("Summaries: drawn rows, masks, groups and quantiles", "[summarize]") {
  int const draws = count_draws(40);
  for (int seed = 0; seed < draws; ++seed) {
    generator random(5200 + std::uint64_t(seed));
    auto const type = all_types[random.between(0, 5)];
    auto r = draw_rows(random, type, random.between(0, random.chance(0.2) ? 9000 : 300), random.between(1, 11));
    if (random.chance(0.4)) { draw_mask(random, r); }
    if (random.chance(0.5)) {
      r.offsets = {0};
      for (std::int64_t i = random.between(0, 4); i > 0; --i) { r.offsets.push_back(random.between(-3, r.rows + 3)); }
    }
    for (std::int64_t i = random.between(0, 3); i > 0; --i) { r.fractions.push_back(random.unit()); }
    r.misaligned = random.between(0, 3);
    CAPTURE(seed);
    CHECK(verify(r) == "");
  }
}
