// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/scenario.hpp"

// The angles of the semantics' chapter "Angles and rotations", line by line.
using namespace test;
using list = std::vector<double>;
using masks = std::vector<int>;

namespace {

double const nan_value = std::numeric_limits<double>::quiet_NaN();
double const inf = std::numeric_limits<double>::infinity();
float const pi = 3.14159265358979323846f;
double const tau = 2 * double(pi);

problem<double> angles(list stamps, list const& values, list targets) {
  return one_trajectory<double>(std::move(stamps), values, std::move(targets), interpolation::angle);
}

/// The one result between two angles.
double between(double a, double b, double w) {
  auto const p = angles({0, 1}, {a, b}, {w});
  CHECK(verify(p) == "");
  return results_of(p)[0];
}

/// How far two angles are apart, whole turns aside.
double apart(double a, double b) { return std::fabs(std::remainder(a - b, tau)); }

}  // namespace

TEST_CASE("Angle: along the shorter arc", "[rotation][angle]") {
  CHECK(between(0.5, 1.5, 0.25) == 0.75);
  CHECK(apart(between(3, -3, 0.25), 3 + 0.25 * (tau - 6)) < 5e-7);
  CHECK(apart(between(3, -3, 0.75), 3 + 0.75 * (tau - 6)) < 5e-7);
  CHECK(between(3, -3, 0.75) < 0);
  CHECK(apart(between(-3, 3, 0.75), -3 - 0.75 * (tau - 6)) < 5e-7);
  CHECK(between(-3, 3, 0.75) > 0);
  CHECK(apart(between(0.25, 0.25 + 20, 0.5), 0.25 + 0.5 * (20 - 3 * tau)) < 5e-6);
}

TEST_CASE("Angle: of two arcs of half a turn the positive one", "[rotation][angle]") {
  double const half = double(pi);
  CHECK(between(0, half, 0.5) == half / 2);
  CHECK(between(0, -half, 0.5) == half / 2);
  CHECK(between(0, -half, 0.25) == half / 4);
  CHECK(between(-half / 2, half / 2, 0.5) == 0);
  CHECK(between(half / 2, -half / 2, 0.5) == -half);
  double const less = double(std::nextafter(pi, 0.0f));
  CHECK(between(0, -less, 0.5) == -less / 2);
  CHECK(between(0, less, 0.5) == less / 2);
  CHECK(between(0, double(std::nextafter(pi, 4.0f)), 0.5) < 0);
}

TEST_CASE("Angle: in [-pi, pi), what is inside stays untouched", "[rotation][angle]") {
  double const half = double(pi);
  double const below = double(std::nextafter(pi, 0.0f));
  list const values{0, -0.0, 1e-40, below, -below, -half, half, double(std::nextafter(pi, 4.0f)), 2 * half, -3};
  list stamps(values.size());
  for (std::size_t i = 0; i < stamps.size(); ++i) { stamps[i] = double(i); }
  auto const p = angles(stamps, values, stamps);
  auto const results = results_of(p);
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK((-half <= results[i] && results[i] < half));
    if (-half <= values[i] && values[i] < half) {
      CHECK(results[i] == double(float(values[i])));
      CHECK(std::signbit(results[i]) == std::signbit(values[i]));
    }
  }
  CHECK(results[6] == -half);
  CHECK(results[7] == -below);
  CHECK(results[8] == 0);
  CHECK(verify(p) == "");
}

TEST_CASE("Angle: many turns, at samples and between them, always in range", "[rotation][angle]") {
  generator random(51);
  for (double size : {4.0, 100.0, 1e4, 1e6, 5e7}) {
    list values, stamps, targets;
    for (int i = 0; i < 60; ++i) {
      stamps.push_back(i);
      values.push_back(double(float((2 * random.unit() - 1) * size)));
    }
    for (int k = 0; k < 400; ++k) { targets.push_back(k < 60 ? k : 59 * random.unit()); }
    auto const p = angles(stamps, values, targets);
    auto const results = results_of(p);
    for (std::size_t k = 0; k < results.size(); ++k) {
      CHECK((-double(pi) <= results[k] && results[k] < double(pi)));
      if (k < 60) { CHECK(apart(results[k], values[k]) < 4e-7); }
    }
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Angle: whole vectors at every tie, and where one channel is turns away", "[rotation][angle]") {
  generator random(17);
  list const usual = {
      0, -0.0, 1, -1, 3, -3, pi, -pi, pi / 2, -pi / 2, std::nextafter(pi, 4.0f), -std::nextafter(pi, 4.0f)};
  list const far = {8.9, 9, -9, 3 * double(pi), -9.5, 20, 1e8, 1e30, inf, nan_value};
  for (int draw = 0; draw < 12; ++draw) {
    auto p = angles({0, 1, 2}, list(3), {0, 0.25, 0.5, 0.75, 1, 1.5, 2});
    p.channels = 24;
    list flat;
    for (int i = 0; i < 3 * 24; ++i) {
      list const& from = draw % 2 == 1 && random.chance(0.02) ? far : usual;
      flat.push_back(from[std::size_t(random.between(0, std::int64_t(from.size()) - 1))]);
    }
    p.set_values(flat);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Angle: beyond 2^24 turns 0, NaN of infinity and NaN", "[rotation][angle]") {
  auto const p = angles({0, 1, 2, 3, 4}, {1e30, -1e30, inf, -inf, nan_value}, {0, 1, 2, 3, 4, 0.5, 1.5});
  auto const results = results_of(p);
  CHECK(results[0] == 0);
  CHECK(results[1] == 0);
  for (std::size_t k : {2u, 3u, 4u, 6u}) { CHECK(std::isnan(results[k])); }
  CHECK(verify(p) == "");
}

TEST_CASE("Angle: at a sample that sample alone, wrapped, beside NaN and infinity", "[rotation][angle]") {
  for (double odd : {nan_value, inf, -inf}) {
    auto const p = angles({0, 1, 2, 3, 4}, {odd, 1.25, odd, 4, odd}, {1, 3});
    auto const results = results_of(p);
    CHECK(results[0] == 1.25);
    CHECK(results[1] == double(4.0f - 2 * pi));
    CHECK(valid_of(p) == masks{1, 1});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Angle, edges: clamp is wrapped, fill is not, extrapolation goes on along the arc", "[rotation][angle]") {
  auto p = angles({0, 1}, {3, -3}, {-1, 2, 12});
  CHECK(results_of(p) == list{3, -3, -3});
  CHECK(verify(p) == "");
  p.set_values({5, 7});
  CHECK(results_of(p)[0] == double(5.0f - 2 * pi));
  p.options.before = p.options.after = edge::fill;
  p.options.fill = 100;
  CHECK(results_of(p) == list{100, 100, 100});
  CHECK(verify(p) == "");
  p.options.before = p.options.after = edge::extrapolate;
  p.set_values({3, -3});
  double const arc = tau - 6;
  auto const results = results_of(p);
  CHECK(apart(results[0], 3 - arc) < 5e-7);
  CHECK(apart(results[1], 3 + 2 * arc) < 5e-7);
  CHECK(apart(results[2], 3 + 12 * arc) < 5e-6);
  CHECK(valid_of(p) == masks{0, 0, 0});
  CHECK(verify(p) == "");
}
