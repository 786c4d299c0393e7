// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <robocache/device/curve.cuh>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/scenario.hpp"

// Each line of the semantics' chapter "Curved methods"; their errors are in errors.cpp.
using namespace test;
using list = std::vector<double>;
using masks = std::vector<int>;

namespace {

double const nan_value = std::numeric_limits<double>::quiet_NaN();

/// Near enough for a formula worked out by hand.
bool close(double found, double wanted) { return std::fabs(found - wanted) <= 4e-7 * std::max(1.0, std::fabs(wanted)); }

/// The one result of a series at `target`.
double at(list const& stamps, list const& values, double target, interpolation method) {
  auto const p = one_trajectory<double>(stamps, values, {target}, method);
  CHECK(verify(p) == "");
  return results_of(p)[0];
}

}  // namespace

TEST_CASE("Curved, Catmull-Rom: a parabola over uneven stamps is met where both neighbours are", "[curved]") {
  list const stamps{0, 1, 3, 4, 9, 10};
  list values;
  for (double t : stamps) { values.push_back(0.5 * t * t - 3 * t + 1); }
  for (double t : {1.5, 2.0, 3.25, 5.0, 8.5}) {
    CHECK(close(at(stamps, values, t, interpolation::catmull_rom), 0.5 * t * t - 3 * t + 1));
  }
  // At an end the rise is the bracket's own: 0.5, then the parabola's 1 at both sides of the middle.
  CHECK(close(at({0, 1, 2}, {0, 0.5, 2}, 0.5, interpolation::catmull_rom), 0.25 + 0.125 * (0.5 - 1)));
  CHECK(close(at({0, 1, 2}, {0, 0.5, 2}, 1.5, interpolation::catmull_rom), 1.25 + 0.125 * (1 - 1.5)));
}

TEST_CASE("Curved, PCHIP: the weighted harmonic mean, and 0 where rises differ in sign", "[curved]") {
  CHECK(close(at({0, 1, 2, 3}, {0, 0, 1, 1}, 1.25, interpolation::pchip), 0.15625));
  CHECK(close(at({0, 1, 2, 3}, {1, 0, 1, 0}, 1.25, interpolation::pchip), 0.15625));
  // Rises 1, 2, 4 of equal widths: 4/3 and 8/3. Of widths 2, 1, 1: slopes 0.5, 2 weigh 4 / 9 and 5 / 9.
  CHECK(close(at({0, 1, 2, 3}, {0, 1, 3, 7}, 1.5, interpolation::pchip), 2 + 0.125 * (4.0 / 3 - 8.0 / 3)));
  double const uneven = 1 / ((4.0 / 9) / 0.5 + (5.0 / 9) / 2);
  CHECK(close(at({0, 2, 3, 4}, {0, 1, 3, 7}, 2.5, interpolation::pchip), 2 + 0.125 * (uneven - 8.0 / 3)));
  CHECK(close(at({0, 1, 2, 4}, {-7, -3, -1, 0}, 1.5, interpolation::pchip), -2 + 0.125 * (8.0 / 3 - uneven)));
}

TEST_CASE("Curved, PCHIP: the three-point rule at ends, 0 against the sign, at most three rises", "[curved]") {
  auto const both_ends = [](list values, double rise) {
    double const begin = at({0, 1, 2}, values, 0.5, interpolation::pchip);
    std::reverse(values.begin(), values.end());
    CHECK(close(at({0, 1, 2}, values, 1.5, interpolation::pchip), begin));
    CHECK(close(begin, rise));
  };
  both_ends({0, 1, 1.5}, 0.5 + 0.125 * (1.25 - 2.0 / 3));
  both_ends({0, 1, 5}, 0.5 + 0.125 * (0 - 1.6));
  both_ends({0, 1, -9}, 0.5 + 0.125 * 3);
  both_ends({0, 1, 0}, 0.5 + 0.125 * 2);
  both_ends({0, -1, 9}, -0.5 - 0.125 * 3);
  both_ends({0, 0, 4}, 0 - 0.125 * 0);
}

TEST_CASE("Curved, PCHIP: monotone where the samples are, and never beyond a bracket", "[curved]") {
  generator random(41);
  for (int round = 0; round < 10; ++round) {
    list stamps{0}, values{0}, targets;
    bool const rising = round % 2 == 0;
    for (int i = 0; i < 20; ++i) {
      stamps.push_back(stamps.back() + std::ldexp(1.0 + random.unit(), int(random.between(-3, 3))));
      double const step = random.chance(0.2) ? 0 : std::ldexp(random.unit(), int(random.between(-6, 3)));
      values.push_back(rising || random.chance(0.5) ? values.back() + step : values.back() - step);
    }
    for (int k = 0; k <= 2000; ++k) { targets.push_back(stamps.back() * k / 2000); }
    auto const p = one_trajectory<double>(stamps, values, targets, interpolation::pchip);
    auto const results = results_of(p);
    double const most = *std::max_element(values.begin(), values.end());
    double const least = *std::min_element(values.begin(), values.end());
    double const rounding = 8 * std::ldexp(std::max(most, -least), -24);
    for (std::size_t k = 0; k < results.size(); ++k) {
      auto const after = std::size_t(std::upper_bound(stamps.begin(), stamps.end(), targets[k]) - stamps.begin());
      auto const right = std::min(after, stamps.size() - 1);
      auto const [low, high] = std::minmax(values[right - 1], values[right]);
      CHECK((low - rounding <= results[k] && results[k] <= high + rounding));
      if (rising && k > 0) { CHECK(results[k] >= results[k - 1] - rounding); }
    }
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Curved, Akima: the nearer slope weighs by the change at the other side", "[curved]") {
  // At sample 2 slopes 1, 1 | 3, 2: all the weight is the left one's. At sample 3 slopes 1, 3 | 2, 2 give the right's.
  CHECK(close(at({0, 1, 2, 3, 4, 5}, {0, 1, 2, 5, 7, 9}, 2.5, interpolation::akima), 3.5 + 0.125 * (1 - 2)));
  // Slopes 0, 1 | 3, 6 at sample 2, 1, 3 | 6, 4 at sample 3.
  double const m0 = (3.0 * 1 + 1.0 * 3) / 4, m1 = (2.0 * 3 + 2.0 * 6) / 4;
  CHECK(close(at({0, 1, 2, 3, 4, 5}, {0, 0, 1, 4, 10, 14}, 2.5, interpolation::akima), 2.5 + 0.125 * (m0 - m1)));
}

TEST_CASE("Curved, Akima: rises go on evenly beyond the ends", "[curved]") {
  // Slopes 1, 3: before them -1 and -3, after them 5 and 7.
  double const m1 = (2.0 * 1 + 2.0 * 3) / 4;
  CHECK(close(at({0, 1, 2}, {0, 1, 4}, 0.5, interpolation::akima), 0.5 + 0.125 * (0 - m1)));
  CHECK(close(at({0, 1, 2}, {0, 1, 4}, 1.5, interpolation::akima), 2.5 + 0.125 * (m1 - 4)));
  // One neighbour on a side, the second one missing: slopes 1, 3, 2; 1 goes on as -1, 2 as 1.
  double const left = (1.0 * 1 + 2.0 * 3) / 3, right = (1.0 * 3 + 2.0 * 2) / 3;
  CHECK(close(at({0, 1, 2, 3}, {0, 1, 4, 6}, 1.5, interpolation::akima), 2.5 + 0.125 * (left - right)));
}

TEST_CASE("Curved, Akima: the mean slope where the sum is at most 2^-18 of all", "[curved]") {
  CHECK(close(at({0, 1, 2, 3, 4}, {0, 1, 2, 5, 8}, 1.5, interpolation::akima), 1.5 + 0.125 * (1 - 2)));
  CHECK(at({0, 1, 2, 3, 4}, {2, 2, 2, 2, 2}, 1.5, interpolation::akima) == 2);
  // Slopes 1, 1, 1, 3, 3 + d: the limit is 2^-18 * (9 + d), just above d = 9 * 2^-18.
  double const limit = std::ldexp(9.0, -18);
  CHECK(at({0, 1, 2, 3, 4}, {0, 1, 2, 5, 8 + limit}, 1.5, interpolation::akima) == 1.375);
  CHECK(at({0, 1, 2, 3, 4}, {0, 1, 2, 5, 8 + limit + std::ldexp(1.0, -20)}, 1.5, interpolation::akima) == 1.5);
}

TEST_CASE("Curved: neighbours that are read reach the result, others do not", "[curved]") {
  for (auto method : curved_methods) {
    int const reach = method == interpolation::akima ? 2 : 1;
    for (int row = 0; row < 10; ++row) {
      for (double odd : {nan_value, 1000.0}) {
        list values{1, 3, 2, 5, 4, 7, 5, 8, 9, 7};
        double const before = at({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, values, 4.5, method);
        values[std::size_t(row)] = odd;
        double const after = at({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, values, 4.5, method);
        CAPTURE(int(method), row, odd);
        bool const read = row >= 4 - reach && row <= 5 + reach;
        if (odd == odd) {
          // An extremum beside it hides a neighbour's height from PCHIP.
          if (!read) { CHECK(after == before); }
          if (read && method == interpolation::catmull_rom) { CHECK(after != before); }
        } else {
          CHECK(std::isnan(after) == read);
        }
      }
    }
  }
}

TEST_CASE("Curved: at a sample that sample alone, beside NaN and infinity", "[curved]") {
  double const inf = std::numeric_limits<double>::infinity();
  for (auto method : curved_methods) {
    for (double odd : {nan_value, inf, -inf}) {
      auto p = one_trajectory<double>({0, 1, 2, 3, 4, 5}, {odd, odd, 5, odd, -0.0, odd}, {2, 4}, method);
      auto const results = results_of(p);
      CHECK(results[0] == 5);
      CHECK((results[1] == 0 && std::signbit(results[1])));
      CHECK(valid_of(p) == masks{1, 1});
      CHECK(verify(p) == "");
    }
    // Weights that round to 0 and to 1.
    std::int64_t const wide = std::int64_t(1) << 40;
    auto rounded = one_trajectory<std::int64_t>({0, 1, wide, 2 * wide}, {nan_value, nan_value, 7, nan_value},
                                                {wide - 1, wide}, method);
    CHECK(results_of(rounded) == list{7, 7});
    auto tiny = one_trajectory<double>({-1, 0, 1e30, 2e30}, {nan_value, 7, nan_value, nan_value}, {1e-30}, method);
    CHECK(results_of(tiny) == list{7});
  }
}

TEST_CASE("Curved: with both neighbours missing it is linear, by linear's formula", "[curved]") {
  generator random(42);
  for (auto method : curved_methods) {
    for (int round = 0; round < 20; ++round) {
      list const values{8 * random.unit() - 4, 8 * random.unit() - 4};
      auto p = one_trajectory<double>({0, 3}, values, {0, 0.1, 1, 1.7, 2.9, 3}, method);
      auto const curved = results_of(p);
      p.options.method = interpolation::linear;
      CHECK(results_of(p) == curved);
      auto q =
          one_trajectory<double>({-1, 0, 0, 3, 3, 5}, {9, 9, values[0], values[1], 9, 9}, {0.1, 1, 1.7, 2.9}, method);
      CHECK(results_of(q) == list(curved.begin() + 1, curved.end() - 1));
      CHECK(verify(q) == "");
    }
  }
}

TEST_CASE("Curved: the series ends beside a duplicate, on both sides, behind a neighbour too", "[curved]") {
  for (auto method : curved_methods) {
    CAPTURE(int(method));
    auto const check = [&](list const& stamps, list const& values, list const& short_stamps, list const& short_values,
                           list const& targets) {
      auto const p = one_trajectory<double>(stamps, values, targets, method);
      auto const q = one_trajectory<double>(short_stamps, short_values, targets, method);
      CHECK(results_of(p) == results_of(q));
      CHECK(verify(p) == "");
    };
    list const targets{2.125, 2.5, 2.75};
    check({0, 1, 2, 2, 3, 4, 5}, {nan_value, nan_value, nan_value, 4, 8, 9, 3}, {2, 3, 4, 5}, {4, 8, 9, 3}, targets);
    check({0, 1, 2, 3, 3, 4, 5}, {3, 9, 4, 8, nan_value, nan_value, nan_value}, {0, 1, 2, 3}, {3, 9, 4, 8}, targets);
    check({1, 1, 2, 3, 4, 4}, {nan_value, 5, 4, 8, 9, nan_value}, {1, 2, 3, 4}, {5, 4, 8, 9}, targets);
    check({1, 1, 1, 2, 3, 3}, {nan_value, nan_value, 5, 4, 8, nan_value}, {1, 2, 3}, {5, 4, 8}, targets);
    // A width that is 0 as float is 0.
    check({-1, 0, 1e-60, 1, 2}, {nan_value, nan_value, 4, 8, 9}, {1e-60, 1, 2}, {4, 8, 9}, {0.25, 0.5});
  }
}

TEST_CASE("Curved: neighbours across a gap are used, max_gap looks at the bracket alone", "[curved]") {
  for (auto method : curved_methods) {
    auto p = one_trajectory<std::int64_t>({0, 90, 100, 110, 220, 300}, {0, 9, 2, 7, 3, 5}, {45, 95, 100, 105, 110, 150},
                                          method);
    auto const unlimited = results_of(p);
    p.options.max_gap = 10;
    p.options.fill = -1;
    CHECK(results_of(p) == list{-1, unlimited[1], 2, unlimited[3], 7, -1});
    CHECK(valid_of(p) == masks{0, 1, 1, 1, 1, 0});
    CHECK(verify(p) == "");
    auto const alone = one_trajectory<std::int64_t>({90, 100, 110}, {9, 2, 7}, {105}, method);
    CHECK(results_of(alone)[0] != unlimited[3]);
    p.options.max_gap = 9;
    CHECK(valid_of(p) == masks{0, 0, 1, 0, 1, 0});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Curved, edges: clamp, fill, and the straight line of the outermost samples", "[curved][edges]") {
  generator random(43);
  for (auto method : curved_methods) {
    for (auto rule : all_edges) {
      auto p = one_trajectory<double>({0, 1, 2.5, 3, 5}, list(5), {-7, -1, -0.25, 5.5, 6, 100}, method);
      p.options.before = p.options.after = rule;
      p.options.fill = 8;
      p.draw_values(random);
      auto const curved = results_of(p);
      CHECK(valid_of(p) == masks{0, 0, 0, 0, 0, 0});
      CHECK(verify(p) == "");
      p.options.method = interpolation::linear;
      CHECK(results_of(p) == curved);
    }
  }
}

TEST_CASE("Curved: the unit of time does not matter", "[curved]") {
  generator random(44);
  for (auto method : curved_methods) {
    std::vector<float> stamps, targets;
    for (float t = 0; stamps.size() < 30; t += float(random.between(1, 60))) { stamps.push_back(t); }
    for (int k = 0; k < 200; ++k) { targets.push_back(float(random.unit()) * stamps.back()); }
    auto p = one_trajectory<float>(stamps, list(30), targets, method);
    p.draw_values(random);
    auto const wanted = results_of(p);
    for (int exponent : {-90, -20, 60, 110}) {
      for (std::size_t i = 0; i < stamps.size(); ++i) { p.source.stamps[i] = std::ldexp(stamps[i], exponent); }
      for (std::size_t k = 0; k < targets.size(); ++k) { p.target.stamps[k] = std::ldexp(targets[k], exponent); }
      CHECK(results_of(p) == wanted);
      CHECK(verify(p) == "");
    }
    std::vector<std::int64_t> whole_stamps, whole_targets;
    std::vector<double> seconds, second_targets;
    for (float s : stamps) {
      whole_stamps.push_back(1'700'000'000'000'000'000 + std::int64_t(s) * 1'953'125);
      seconds.push_back(1.7e9 + double(s) / 512);
    }
    for (float t : targets) {
      whole_targets.push_back(1'700'000'000'000'000'000 + std::int64_t(t) * 1'953'125);
      second_targets.push_back(1.7e9 + double(std::int64_t(t)) / 512);
    }
    auto nanoseconds = one_trajectory<std::int64_t>(whole_stamps, list(30), whole_targets, method);
    auto in_seconds = one_trajectory<double>(seconds, list(30), second_targets, method);
    nanoseconds.values = in_seconds.values = p.values;
    auto const x = results_of(nanoseconds);
    auto const y = results_of(in_seconds);
    // A rise of at most 8 over an interval 60 times narrower than the bracket, a rounding of it away.
    for (std::size_t k = 0; k < x.size(); ++k) { CHECK(std::fabs(x[k] - y[k]) <= 8e-6); }
  }
}

TEST_CASE("Curved: series of 0 to 7 samples of every stamp type, some of them duplicates", "[curved][sizes]") {
  generator random(45);
  for (auto method : all_methods) {
    for (std::int64_t count = 0; count <= 7; ++count) {
      for (int round = 0; round < 2; ++round) {
        auto const check = [&](auto tag) {
          using stamp = decltype(tag);
          problem<stamp> p;
          p.source = dense(draw_stamps<stamp>(random, count, stamp(-8), stamp(16)), 1);
          std::vector<stamp> targets;
          for (int k = 0; k < 60; ++k) { targets.push_back(stamp(-20 + 130 * random.unit())); }
          p.target = dense(targets, 1);
          p.channels = channels_for(method, 3);
          p.options.method = method;
          p.options.before = p.options.after = edge::extrapolate;
          p.draw_values(random);
          CAPTURE(int(method), count);
          CHECK(verify(p) == "");
        };
        check(float{});
        check(double{});
        check(std::int64_t{});
      }
    }
  }
}

TEST_CASE("Curved: every channel count, pair of types, alignment and slice", "[curved][types]") {
  generator random(46);
  for (auto method : all_methods) {
    for (std::int64_t channels : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100}) {
      if (channels_for(method, channels) != channels) { continue; }
      for (auto value : float_types) {
        for (auto result : float_types) {
          auto p = draw_problem<double>(random, shape::dense, shape::dense, {3, 30, 4, 0});
          p.options.causal = false;
          p.options.method = method;
          p.value_type = value;
          p.result_type = result;
          p.channels = channels;
          p.first_channel = random.between(0, 3);
          p.row_stride = channels + random.between(3, 6);
          p.batch_stride = p.result_batch_stride = p.result_row_stride = contiguous;
          p.misaligned = random.between(0, 15);
          p.draw_values(random, 0.02);
          CAPTURE(int(method), channels, robocache::name_of(value), robocache::name_of(result), p.misaligned);
          CHECK(verify(p) == "");
        }
      }
    }
  }
}

TEST_CASE("Curved methods, a curve of a method without one is NaN", "[curved]") {
  for (int method = 0; method < 256; ++method) {
    robocache::device::curve const c{interpolation(method), 2, 2, 0.5f, {0.5f, 0.1f, 0.1f, 1, 1, 0.5f, 0.5f}};
    float doubt = 0.0f;
    bool const found = !std::isnan(robocache::device::detail::value_on<float>(c, 1, 2, 3, 4, 5, 6, doubt));
    CHECK(found == robocache::device::is_curved(c.method));
  }
}
