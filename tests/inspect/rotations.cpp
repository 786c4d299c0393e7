// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/inspect/inspect.hpp"
#include "support/oracle.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Data check": quaternions.
using namespace test;

namespace {

/// not_unit, not_a_rotation, turned.
using counts = std::array<std::int64_t, 3>;
using quaternion = std::array<double, 4>;

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

template <class Stamp>
problem<Stamp> rotations(timeline_data<Stamp> when, std::vector<quaternion> const& rows, dtype type = dtype::float32) {
  problem<Stamp> p;
  p.source = std::move(when);
  p.channels = 4;
  p.value_type = type;
  std::vector<double> flat;
  for (auto const& q : rows) { flat.insert(flat.end(), q.begin(), q.end()); }
  p.set_values(flat);
  return p;
}

template <class Stamp>
std::vector<counts> counts_of(problem<Stamp> const& p) {
  auto const o = inspect_rotations(p);
  CHECK(o.trouble == "");
  REQUIRE(o.state.ok());
  std::vector<counts> all;
  for (auto const& r : o.reports) { all.push_back({r.not_unit, r.not_a_rotation, r.turned}); }
  return all;
}

/// Of one trajectory with these rows.
counts counts_of_rows(std::vector<quaternion> const& rows, dtype type = dtype::float32) {
  return counts_of(rotations(uniform<float>(0, 1, 1, 1, std::int64_t(rows.size())), rows, type)).at(0);
}

counts counts_of_length(double length, dtype type) { return counts_of_rows({{0, length, 0, 0}}, type); }

/// The chapter's table in plain loops and in double.
template <class Stamp>
std::vector<counts> expected(problem<Stamp> const& p) {
  double const tolerance = std::ldexp(1.0, p.value_type == dtype::float32   ? -16
                                           : p.value_type == dtype::float16 ? -8
                                                                            : -6);
  auto const layout = p.value_layout();
  auto const row_at = [&](std::int64_t row) {
    quaternion q;
    for (std::int64_t c = 0; c < 4; ++c) {
      q[std::size_t(c)] = decode(p.value_type, load_bits(p.value_type, p.values.data(), layout.begin(row) + c));
    }
    return q;
  };
  auto const dot = [](quaternion const& a, quaternion const& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
  };
  std::vector<counts> all;
  for (std::int64_t b = 0; b < p.source.batch; ++b) {
    counts c{};
    std::int64_t const first = oracle::first_row(p.source, b);
    auto const length = std::int64_t(oracle::stamps_of(p.source, b).size());
    for (std::int64_t i = 0; i < length; ++i) {
      auto const q = row_at(first + i);
      double const square = dot(q, q);
      bool const rotates = square >= std::ldexp(1.0, -149) && square <= FLT_MAX;
      c[0] += rotates && std::fabs(square - 1) > tolerance ? 1 : 0;
      c[1] += rotates ? 0 : 1;
      // What a float keeps of it: the products of two tiny rows are 0.
      c[2] += i > 0 && dot(row_at(first + i - 1), q) <= -std::ldexp(1.0, -149) ? 1 : 0;
    }
    all.push_back(c);
  }
  return all;
}

quaternion draw_quaternion(generator& random, double length) {
  quaternion q = draw_rotation(random);
  for (double& x : q) { x *= length; }
  return q;
}

/// Whatever the problem's timeline, strides and type: rows that are sound, and some that are not.
template <class Stamp>
void spoil(generator& random, problem<Stamp>& p) {
  std::vector<double> flat;
  for (std::int64_t row = 0; row < p.source.total(); ++row) {
    auto q =
        draw_quaternion(random, random.chance(0.8) ? 1 : random.one_of({1 + 1e-6, 1 - 1e-4, 1.02, 0.5, 1e25, 1e-30}));
    if (random.chance(0.1)) { q[std::size_t(random.between(0, 3))] = random.one_of({nan_value, inf, -inf, 0.0}); }
    if (random.chance(0.1)) { q = {}; }
    flat.insert(flat.end(), q.begin(), q.end());
  }
  p.set_values(flat);
}

template <class Stamp>
void check_drawn(std::uint64_t seed, std::initializer_list<shape> sources = backward_source_shapes) {
  generator random(seed);
  problem<Stamp> p;
  do {
    p = draw_problem<Stamp>(random, random.one_of(sources), shape::uniform, {5, 40, 4, 0});
  } while (p.channels != 4 || is_integer(p.value_type));
  spoil(random, p);
  CAPTURE(seed, describe(p));
  CHECK(counts_of(p) == expected(p));
}

}  // namespace

TEST_CASE("Data check: quaternions that are not of unit length", "[inspect][sanitize]") {
  auto const power = [](int exponent) { return std::ldexp(1.0, exponent); };
  counts const sound{}, counted{1, 0, 0};
  CHECK(counts_of_length(-1, dtype::float32) == sound);
  CHECK(counts_of_length(1 + power(-17), dtype::float32) == sound);
  CHECK(counts_of_length(1 + power(-17) + power(-23), dtype::float32) == counted);
  CHECK(counts_of_length(1 - power(-17), dtype::float32) == sound);
  CHECK(counts_of_length(1 - power(-17) - power(-24), dtype::float32) == counted);
  CHECK(counts_of_length(1 + power(-10), dtype::float16) == sound);
  CHECK(counts_of_length(1 + power(-9), dtype::float16) == counted);
  CHECK(counts_of_length(1 - power(-9), dtype::float16) == sound);
  CHECK(counts_of_length(1 - power(-9) - power(-11), dtype::float16) == counted);
  CHECK(counts_of_length(1 + power(-7), dtype::bfloat16) == counted);
  CHECK(counts_of_length(1 - power(-7), dtype::bfloat16) == sound);
  CHECK(counts_of_length(1 - power(-7) - power(-8), dtype::bfloat16) == counted);
}

TEST_CASE("Data check: unit quaternions are not counted, whatever type or text they were rounded to", "[inspect]") {
  generator random(60);
  std::vector<quaternion> exact, text;
  for (int i = 0; i < 2000; ++i) {
    auto q = draw_rotation(random);
    if (q[3] < 0) {
      for (double& x : q) { x = -x; }
    }
    exact.push_back(q);
    for (double& x : q) { x = std::round(x * 1e6) / 1e6; }
    text.push_back(q);
  }
  for (dtype type : float_types) { CHECK(counts_of_rows(exact, type)[0] == 0); }
  CHECK(counts_of_rows(text)[0] == 0);
}

TEST_CASE("Data check: quaternions that are zero or not finite", "[inspect]") {
  CHECK(counts_of_rows({{0, 0, 0, 0}, {0, -0.0, 0, 0}, {1, 0, 0, 0}}) == counts{0, 2, 0});
  CHECK(counts_of_rows({{nan_value, 0, 0, 1}, {0, 0, 0, 1}, {0, inf, 0, 0}}) == counts{0, 2, 0});
  // What has no square in FP32 has no direction there.
  CHECK(counts_of_rows({{1e-30, 0, 0, 0}, {1e25, 0, 0, 0}, {1e-20, 0, 0, 0}}) == counts{1, 2, 0});
}

TEST_CASE("Data check: quaternions whose sign turns, each trajectory for itself", "[inspect]") {
  quaternion const q = {0.6, 0, 0.8, 0}, turned = {-0.6, 0, -0.8, 0}, square = {0.8, 0, -0.6, 0};
  CHECK(counts_of_rows({q, turned, turned, q}) == counts{0, 0, 2});
  CHECK(counts_of_rows({q, square, q}) == counts{0, 0, 0});
  std::vector<quaternion> const rows = {q, q, turned, turned, q, {}};
  CHECK(counts_of(rotations(dense<float>(std::vector<float>(6), 3), rows)) ==
        std::vector<counts>{{0, 0, 0}, {0, 0, 0}, {0, 1, 0}});
  CHECK(counts_of(rotations(dense<double>(std::vector<double>(6), 2, {2, 7}), rows)) ==
        std::vector<counts>{{0, 0, 0}, {0, 1, 1}});
  CHECK(counts_of(rotations(ragged<std::int64_t>(std::vector<std::int64_t>(6), {1, 3, 3, 9}), rows)) ==
        std::vector<counts>{{0, 0, 1}, {0, 0, 0}, {0, 1, 1}});
}

TEST_CASE("Data check: without quaternions", "[inspect][sanitize]") {
  CHECK(counts_of(rotations(dense<float>({}, 0), {})) == std::vector<counts>{});
  CHECK(counts_of(rotations(shared<float>({}, 3), {})) == std::vector<counts>(3, counts{}));
  CHECK(counts_of(rotations(ragged<float>({}, {0, 0, 1}), {})) == std::vector<counts>(2, counts{}));
  CHECK(counts_of(rotations(ragged<float>({1}, {0}), {{}})) == std::vector<counts>{});
}

TEST_CASE("Data check: one long trajectory of quaternions, in which every row is looked at", "[inspect]") {
  std::vector<quaternion> rows(20'001, {1, 0, 0, 0});
  generator random(61);
  for (std::size_t row : {1, 31, 32, 255, 256, 1023, 1024, 20'000}) { rows[row] = {-2, 0, 0, 0}; }
  for (int i = 0; i < 20; ++i) { rows[std::size_t(random.between(2000, 19'000))] = {}; }
  auto const p = rotations(uniform<double>(0, 1, 1, 1, std::int64_t(rows.size())), rows, dtype::bfloat16);
  CHECK(counts_of(p) == expected(p));
}

TEST_CASE("Data check: drawn quaternions with drawn mistakes", "[inspect]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    check_drawn<float>(3 * seed);
    check_drawn<double>(3 * seed + 1);
    check_drawn<std::int64_t>(3 * seed + 2);
  }
}

TEST_CASE("Data check: refused quaternions are named, and nothing is written", "[inspect]") {
  auto const refusal = [](problem<float> const& p) {
    auto const o = inspect_rotations(p);
    CHECK(o.trouble == "");
    for (auto const& report : o.reports) {
      unsigned char bytes[sizeof report];
      std::memcpy(bytes, &report, sizeof report);
      for (unsigned char byte : bytes) { CHECK(byte == poison); }
    }
    CHECK(o.state.code() == status_code::invalid_argument);
    return std::string(o.state.message());
  };
  auto p = rotations(dense<float>({0, 1}, 1), {{}, {}});
  p.channels = 3;
  CHECK(refusal(p) == "source.channels: found 3, want the 4 of a quaternion");
  p.channels = 4;
  p.row_stride = -1;
  CHECK(refusal(p) == "source.row_stride: found -1, want 0 or more");
  p.row_stride = 4;
  p.source = windows<float>({0}, {0, 1});
  CHECK(refusal(p) == "source.when.kind: found windows, want a timeline that has samples of its own");
}
