// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/policy_input/policy_input.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Policy input", derivatives of the cubics: by hand, and beside differences of values. What is
// drawn is compared with difference quotients of the oracle's curves in `policy_property`.
using namespace test;

namespace {

using numbers = std::vector<double>;
using robocache::derivative_order;

constexpr interpolation cubics[] = {interpolation::catmull_rom, interpolation::pchip, interpolation::akima};

policy_stream_data<double> series(numbers const& stamps, numbers const& values, interpolation method,
                                  derivative_order order = derivative_order::value) {
  policy_stream_data<double> s;
  s.series.source = dense(stamps, 1);
  s.series.channels = 1;
  s.series.options.method = method;
  s.series.set_values(values);
  s.derivative = order;
  return s;
}

/// The results for some targets, which the oracle has agreed to.
numbers results_of(policy_stream_data<double> const& s, numbers const& targets) {
  policy_fusion_data<double> f;
  f.streams = {s};
  f.target = windows<double>({0}, targets);
  CHECK(verify<double>({f}) == "");
  auto const o = policy_input<double>({f});
  REQUIRE(o.trouble + o.state.message() == "");
  numbers found;
  for (std::int64_t row = 0; row < std::int64_t(targets.size()); ++row) {
    found.push_back(result_at(f, o.fusions[0], row, 0));
  }
  return found;
}

std::vector<std::uint8_t> masks_of(policy_stream_data<double> const& s, numbers const& targets) {
  policy_fusion_data<double> f;
  f.streams = {s};
  f.target = windows<double>({0}, targets);
  return policy_input<double>({f}).fusions[0].valid;
}

}  // namespace

TEST_CASE("Policy input, derivatives: of a parabola, which catmull_rom goes through", "[policy_input]") {
  numbers const stamps{0, 1, 3, 4, 6}, squares{0, 1, 9, 16, 36};
  auto velocity = series(stamps, squares, interpolation::catmull_rom, derivative_order::velocity);
  velocity.ticks_per_second = 4;
  // Inside of brackets with both neighbours, and at their left samples.
  CHECK(results_of(velocity, {1, 1.5, 2.5, 3, 3.5}) == numbers{8, 12, 20, 24, 28});
  auto acceleration = series(stamps, squares, interpolation::catmull_rom, derivative_order::acceleration);
  acceleration.ticks_per_second = 4;
  for (double found : results_of(acceleration, {1, 1.5, 2.5, 3, 3.5})) { CHECK(std::fabs(found - 32) <= 1e-4); }
}

TEST_CASE("Policy input, derivatives: what differences of values come to, for each cubic", "[policy_input]") {
  numbers const stamps{0, 1, 2.5, 3, 4.5, 6}, values{1, 1.5, -0.25, 2, 2.5, 0.75};
  double const by = 0x1p-5;
  for (auto method : cubics) {
    CAPTURE(int(method));
    auto const curve = series(stamps, values, method);
    auto const velocity = series(stamps, values, method, derivative_order::velocity);
    auto const acceleration = series(stamps, values, method, derivative_order::acceleration);
    for (double t : {0.25, 1.25, 2.75, 3.5, 4.25, 5.75}) {
      auto const v = results_of(curve, {t - 2 * by, t - by, t, t + by, t + 2 * by});
      // Exact for cubics, but for roundings: of 2^-23 or so, divided by the step or by its square.
      double const slope = (8 * (v[3] - v[1]) - (v[4] - v[0])) / (12 * by);
      double const bend = (v[3] - 2 * v[2] + v[1]) / (by * by);
      CAPTURE(t, slope, bend);
      CHECK(std::fabs(results_of(velocity, {t})[0] - slope) <= 2e-5);
      CHECK(std::fabs(results_of(acceleration, {t})[0] - bend) <= 2e-3);
    }
  }
}

TEST_CASE("Policy input, derivatives: at a sample those of the bracket to its right, at the last to its left",
          "[policy_input]") {
  numbers const stamps{0, 1, 2, 3, 4}, values{0, 1, 1.5, 4, 4.25};
  double const by = 0x1p-12;
  double const most = 23 * by;  // no derivative of these curves changes faster than that: PCHIP's acceleration by 22.3
  for (auto method : cubics) {
    CAPTURE(int(method));
    for (auto order : {derivative_order::velocity, derivative_order::acceleration}) {
      auto const s = series(stamps, values, method, order);
      auto const at = results_of(s, {0, 1, 2, 3, 4});
      auto const beside = results_of(s, {by, 1 + by, 2 + by, 3 + by, 4 - by});
      for (std::size_t i = 0; i < 5; ++i) { CHECK(std::fabs(at[i] - beside[i]) <= most); }
    }
  }
  // To the left of sample 2 the curve bends another way.
  auto const bends = series(stamps, values, interpolation::pchip, derivative_order::acceleration);
  auto const around = results_of(bends, {2 - by, 2, 2 + by});
  CHECK(std::fabs(around[0] - around[1]) > 1);
  CHECK(std::fabs(around[2] - around[1]) <= most);
}

TEST_CASE("Policy input, derivatives: beyond the edges a line, held values, or nothing", "[policy_input]") {
  numbers const stamps{0, 1, 2, 3}, values{0, 2, 3, 7};
  for (auto method : {interpolation::linear, interpolation::pchip, interpolation::akima}) {
    CAPTURE(int(method));
    auto s = series(stamps, values, method, derivative_order::velocity);
    s.series.options.before = s.series.options.after = edge::extrapolate;
    CHECK(results_of(s, {-1, 4}) == numbers{2, 4});
    CHECK(masks_of(s, {-1, 4}) == std::vector<std::uint8_t>{0, 0});
    s.derivative = derivative_order::acceleration;
    CHECK(results_of(s, {-1, 4}) == numbers{0, 0});
    s.series.options.before = edge::clamp;
    s.series.options.after = edge::hold;
    CHECK(results_of(s, {-1, 4}) == numbers{0, 0});
    CHECK(masks_of(s, {-1, 4}) == std::vector<std::uint8_t>{0, 1});
    s.series.options.fill = -5;
    s.series.options.max_gap = 0.5;
    CHECK(results_of(s, {-1, 0, 0.5, 3, 4}) == numbers(5, -5));
  }
}

TEST_CASE("Policy input, derivatives: lines and arcs have no acceleration, nor has a curve without neighbours",
          "[policy_input]") {
  numbers const stamps{0, 1, 2}, values{3, -3, 1};
  for (auto method : {interpolation::linear, interpolation::angle}) {
    CHECK(results_of(series(stamps, values, method, derivative_order::acceleration), {0, 0.5, 1.5}) ==
          numbers{0, 0, 0});
  }
  CHECK(results_of(series({0, 2}, {1, 5}, interpolation::akima, derivative_order::velocity), {0, 1, 2}) ==
        numbers{2, 2, 2});
  CHECK(results_of(series({0, 2}, {1, 5}, interpolation::akima, derivative_order::acceleration), {1}) == numbers{0});
}

TEST_CASE("Policy input, derivatives: a rise whose weight is 0 does not count, and large values are in double",
          "[policy_input]") {
  numbers const stamps{0, 1, 2, 3, 4};
  double const none = std::nan("");
  auto const beside = series(stamps, {0, 1, 2, 3, none}, interpolation::catmull_rom, derivative_order::velocity);
  CHECK(results_of(beside, {2}) == numbers{1});  // the rise at sample 2 alone
  // Flat at both ends, with a rise of -4e38 between them, which no float holds.
  auto large =
      series(stamps, {-2e38, 2e38, -2e38, 2e38, -2e38}, interpolation::catmull_rom, derivative_order::velocity);
  large.ticks_per_second = 0x1p-10;
  double const found = results_of(large, {1.125})[0];
  double const wanted = -6 * 0.125 * 0.875 * 4e38 / 1024;
  CHECK(std::fabs(found - wanted) <= 1e-6 * std::fabs(wanted));
}
