// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/oracle.hpp"
#include "support/scenario.hpp"

// Errors of the curved methods and of angle against real numbers, as docs/semantics.md states them beside each method.
using namespace test;

namespace {

/// The error of a result, besides half an ulp of its type, in units of 2^-24 of the largest value read.
/// Of angles the largest is pi at least, and whole turns are no error.
template <class Stamp>
double units_of_error(problem<Stamp> const& p, outcome const& o, oracle::record const& r, std::int64_t row,
                      std::int64_t c) {
  auto const exact = oracle::blend_in_double(p, r, c);
  double error = result_at(p, o, row, c) - exact.value;
  double largest = exact.largest;
  if (p.options.method == interpolation::angle) {
    double const pi = double(3.14159265358979323846f);
    error = std::remainder(error, 2 * pi);
    largest = std::max(largest, pi);
  }
  return (std::fabs(error) - exact.slack - ulp(p.result_type, exact.value) / 2) / std::ldexp(largest, -24);
}

/// Where rounding does not decide: angles half a turn apart are left out.
template <class Stamp>
bool well_posed(problem<Stamp> const& p, oracle::record const& r, std::int64_t c) {
  if (p.options.method != interpolation::angle || r.first < 0 || r.first == r.second) { return true; }
  auto const value = [&](std::int64_t row) {
    return decode(p.value_type, load_bits(p.value_type, p.values.data(), p.value_layout().begin(row) + c));
  };
  double const pi = double(3.14159265358979323846f);
  return std::fabs(std::fabs(std::remainder(value(r.second) - value(r.first), 2 * pi)) - pi) > 1e-4;
}

/// Values that fill (-4, 4); in some rounds near its ends, for steep rises, in others as a coarse converter gives them;
/// of angles also many turns.
template <class Stamp>
void fill_values(generator& random, problem<Stamp>& p, int round) {
  std::vector<double> values;
  double const size = p.options.method == interpolation::angle && round % 3 == 2 ? 1000 : 4;
  for (std::int64_t i = 0; i < p.source.total() * p.channels; ++i) {
    double const x = round % 3 == 1 ? random.one_of({-1.0, 1.0}) * (1 - 0.1 * random.unit()) : 2 * random.unit() - 1;
    values.push_back(round % 4 == 3 ? std::round(size * x * 8) / 8 : size * x);
  }
  p.set_values(values);
}

/// The largest error over random series whose neighbouring intervals differ in width by up to `ratio`.
template <class Stamp, class Place>
double worst(interpolation method, double ratio, Place stamp_of, std::uint64_t seed) {
  generator random(seed);
  double most = 0;
  for (int round = 0; round < 9; ++round) {
    std::vector<Stamp> samples, targets;
    double at = 0;
    for (int i = 0; i < 50; ++i) {
      double const extreme = random.one_of({1.0, ratio});
      at += 5 * (random.chance(0.5) ? extreme : 1 + (ratio - 1) * random.unit());
      samples.push_back(stamp_of(at));
    }
    for (int k = 0; k < 200; ++k) { targets.push_back(stamp_of(random.unit() * at)); }
    auto p = one_trajectory<Stamp>(samples, std::vector<double>(50), targets, method);
    p.channels = 8;
    p.result_type = random.one_of(float_types);
    fill_values(random, p, round);
    outcome const o = resample(p);
    auto const records = oracle::locate(p);
    for (std::int64_t row = 0; row < 200; ++row) {
      auto const& r = records[std::size_t(row)];
      for (std::int64_t c = 0; c < 8; ++c) {
        if (well_posed(p, r, c)) { most = std::max(most, units_of_error(p, o, r, row, c)); }
      }
    }
  }
  return most;
}

/// `k = constant + growth * ratio`, about twice what random series show.
struct bound {
  interpolation method;
  double constant;
  double growth;
};

}  // namespace

TEST_CASE("Methods, curved and angle: the error against double is within k * 2^-24 * max|values read| + half an ulp",
          "[numbers][error]") {
  constexpr bound bounds[] = {{interpolation::angle, 5, 0},
                              {interpolation::catmull_rom, 6, 4},
                              {interpolation::pchip, 6, 0},
                              {interpolation::akima, 6, 2}};
  for (auto const& [method, constant, growth] : bounds) {
    for (double ratio : {1.0, 2.0, 8.0, 32.0}) {
      double const k = constant + growth * ratio;
      double const whole = worst<std::int64_t>(
          method, ratio, [](double x) { return std::int64_t(x * 1000); }, 61);
      double const seconds = worst<double>(
          method, ratio, [](double x) { return 1.7e9 + x / 1000; }, 62);
      double const epoch = worst<std::int64_t>(
          method, ratio, [](double x) { return 1'700'000'000'000'000'000 + std::int64_t(x * 1e6 + 0.5); }, 63);
      double const single = worst<float>(
          method, ratio, [](double x) { return float(x); }, 64);
      CAPTURE(int(method), ratio, k, whole, seconds, epoch, single);
      CHECK(std::max({whole, seconds, epoch, single}) <= k);
    }
  }
}
