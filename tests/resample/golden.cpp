// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/oracle.hpp"
#include "support/scenario.hpp"

// The results of SciPy and NumPy, written by golden/make_golden.py.
using namespace test;

namespace {

/// The largest ratio of widths of neighbouring intervals.
double most_uneven(std::vector<double> const& stamps) {
  double most = 1;
  for (std::size_t i = 2; i < stamps.size(); ++i) {
    double const ratio = (stamps[i] - stamps[i - 1]) / (stamps[i - 1] - stamps[i - 2]);
    most = std::max({most, ratio, 1 / ratio});
  }
  return most;
}

/// The largest error in units of 2^-24 of the largest value read, besides half an ulp; NaN must be NaN.
double worst(problem<double> const& p, std::vector<double> const& wanted) {
  outcome const o = resample(p);
  REQUIRE(o.state.ok());
  auto const records = oracle::locate(p);
  double k = 0;
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    double const found = result_at(p, o, std::int64_t(row));
    if (std::isnan(wanted[row]) || std::isnan(found)) {
      REQUIRE(std::isnan(wanted[row]) == std::isnan(found));
      continue;
    }
    double const error = std::fabs(found - wanted[row]) - ulp(dtype::float32, wanted[row]) / 2;
    double const largest = oracle::blend_in_double(p, records[row], 0).largest;
    k = std::max(k, error <= 0 ? 0 : error / std::ldexp(largest, -24));
  }
  return k;
}

}  // namespace

TEST_CASE("Golden: linear, nearest, previous and next are SciPy's, clamp is numpy.interp's", "[golden]") {
  auto const cases = read_golden("linear");
  REQUIRE(cases.size() == 8);
  for (auto const& [name, c] : cases) {
    CAPTURE(name);
    auto p = one_trajectory<double>(c.at("stamps"), c.at("values"), c.at("targets"));
    CHECK(worst(p, c.at("clamped")) <= 4);
    p.options.before = p.options.after = edge::extrapolate;
    CHECK(worst(p, c.at("linear")) <= 4);
    p.options.method = interpolation::nearest;
    CHECK(worst(p, c.at("nearest")) == 0);
    // Where SciPy has no earlier, or no later, sample it gives NaN.
    p.options.before = p.options.after = edge::fill;
    p.options.fill = std::numeric_limits<double>::quiet_NaN();
    p.options.method = interpolation::previous;
    CHECK(worst(p, c.at("previous")) == 0);
    p.options.method = interpolation::next;
    CHECK(worst(p, c.at("next")) == 0);
  }
}

TEST_CASE("Golden: PCHIP and Akima are SciPy's, Catmull-Rom the Hermite cubic of parabolas' slopes", "[golden]") {
  auto const cases = read_golden("pchip");
  REQUIRE(cases.size() == 9);
  for (auto const& [name, c] : cases) {
    double const ratio = most_uneven(c.at("stamps"));
    CAPTURE(name, ratio);
    auto p = one_trajectory<double>(c.at("stamps"), c.at("values"), c.at("targets"), interpolation::catmull_rom);
    CHECK(worst(p, c.at("catmull_rom")) <= 6 + 4 * ratio);
    p.options.method = interpolation::pchip;
    CHECK(worst(p, c.at("pchip")) <= 6);
    p.options.method = interpolation::akima;
    CHECK(worst(p, c.at("akima")) <= 6 + 2 * ratio);
  }
}

TEST_CASE("Golden: angle is numpy.unwrap and interp1d", "[golden]") {
  auto const cases = read_golden("angle");
  REQUIRE(cases.size() == 2);
  for (auto const& [name, c] : cases) {
    CAPTURE(name);
    auto p = one_trajectory<double>(c.at("stamps"), c.at("values"), c.at("targets"), interpolation::angle);
    p.options.before = p.options.after = edge::extrapolate;
    auto const found = results_of(p);
    auto const records = oracle::locate(p);
    auto const& wanted = c.at("angle");
    REQUIRE(found.size() == wanted.size());
    for (std::size_t k = 0; k < found.size(); ++k) {
      // Here a turn is twice float(pi), which is 1.7e-7 more: half a unit of 2^-24 for each radian.
      double const largest = std::max(oracle::blend_in_double(p, records[k], 0).largest, 3.14);
      CHECK(std::fabs(std::remainder(found[k] - wanted[k], 6.283185307179586)) <= std::ldexp(5.5 * largest, -24));
    }
  }
}

TEST_CASE("Golden: slerp is SciPy's, up to the quaternion's sign", "[golden]") {
  auto const cases = read_golden("slerp");
  REQUIRE(cases.size() == 2);
  for (auto const& [name, c] : cases) {
    auto const& targets = c.at("targets");
    auto const& wanted = c.at("slerp");
    problem<double> p;
    p.source = dense(c.at("stamps"), 1);
    p.target = dense(targets, 1);
    p.channels = 4;
    p.options.method = interpolation::slerp;
    p.set_values(c.at("values"));
    outcome const o = resample(p);
    REQUIRE(o.state.ok());
    REQUIRE(wanted.size() == 4 * targets.size());
    for (std::size_t k = 0; k < targets.size(); ++k) {
      double same_sign = 0, other_sign = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        double const x = result_at(p, o, std::int64_t(k), std::int64_t(i));
        same_sign = std::max(same_sign, std::fabs(x - wanted[4 * k + i]));
        other_sign = std::max(other_sign, std::fabs(x + wanted[4 * k + i]));
      }
      CAPTURE(name, targets[k]);
      CHECK(std::min(same_sign, other_sign) <= 1e-6);
    }
  }
}
