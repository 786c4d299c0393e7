// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/oracle_methods.hpp"
#include "support/scenario.hpp"

// The quaternions of the semantics' chapter "Angles and rotations", line by line, and what angles share with them.
using namespace test;
using list = std::vector<double>;
using masks = std::vector<int>;
using quaternions = std::vector<std::array<double, 4>>;

namespace {

double const nan_value = std::numeric_limits<double>::quiet_NaN();
double const inf = std::numeric_limits<double>::infinity();

problem<double> rotations(list stamps, quaternions const& values, list targets) {
  auto p = one_trajectory<double>(stamps, list(stamps.size()), std::move(targets), interpolation::slerp);
  p.channels = 4;
  list flat;
  for (auto const& q : values) { flat.insert(flat.end(), q.begin(), q.end()); }
  p.set_values(flat);
  return p;
}

quaternions quaternions_of(problem<double> const& p) {
  outcome const o = resample(p);
  CHECK(verify(p) == "");
  quaternions all;
  for (std::int64_t row = 0; row < p.target.total(); ++row) {
    std::array<double, 4> q{};
    for (std::int64_t c = 0; c < 4; ++c) { q[std::size_t(c)] = result_at(p, o, row, c); }
    all.push_back(q);
  }
  return all;
}

/// A turn by `angle` about the z axis; components x, y, z, w.
std::array<double, 4> turned(double angle) { return {0, 0, std::sin(angle / 2), std::cos(angle / 2)}; }

/// A rotation that FP32 holds exactly.
std::array<double, 4> draw_float_rotation(generator& random) {
  auto q = draw_rotation(random);
  for (double& x : q) { x = double(float(x)); }
  return q;
}

std::array<double, 4> negated(std::array<double, 4> q) {
  for (double& x : q) { x = -x; }
  return q;
}

double furthest(std::array<double, 4> const& a, std::array<double, 4> const& b) {
  double most = 0;
  for (std::size_t c = 0; c < 4; ++c) { most = std::max(most, std::fabs(a[c] - b[c])); }
  return most;
}

}  // namespace

TEST_CASE("Angle and slerp: max_gap is the width of the bracket, as linear's", "[rotation]") {
  auto p = one_trajectory<double>({0, 10, 21}, {1, 2, 3}, {0, 5, 10, 15, 21, 30}, interpolation::angle);
  auto q = rotations({0, 10, 21}, {turned(0), turned(1), turned(2)}, {0, 5, 10, 15, 21, 30});
  p.options.max_gap = q.options.max_gap = 10;
  p.options.after = q.options.after = edge::extrapolate;
  CHECK(valid_of(p) == masks{1, 1, 1, 0, 1, 0});
  CHECK(valid_of(q) == masks{1, 1, 1, 0, 1, 0});
  CHECK(results_of(p)[3] == 0);
  CHECK(results_of(p)[5] != 0);
  CHECK(verify(p) + verify(q) == "");
}

TEST_CASE("Slerp: evenly along the arc", "[rotation][slerp]") {
  for (double angle : {0.001, 0.02, 0.5, 1.5, 3.0}) {
    auto const p = rotations({0, 4}, {turned(0), turned(angle)}, {1, 2, 3});
    auto const found = quaternions_of(p);
    for (std::size_t k = 0; k < 3; ++k) { CHECK(furthest(found[k], turned(angle * double(k + 1) / 4)) < 3e-7); }
  }
}

TEST_CASE("Slerp: the shorter arc, with the sign of the left sample", "[rotation][slerp]") {
  generator random(52);
  for (int round = 0; round < 200; ++round) {
    auto const a = draw_float_rotation(random);
    auto const b = draw_float_rotation(random);
    list const targets{0.125, 0.5, 0.875};
    auto const plain = quaternions_of(rotations({0, 1}, {a, b}, targets));
    auto const other = quaternions_of(rotations({0, 1}, {a, negated(b)}, targets));
    auto const left = quaternions_of(rotations({0, 1}, {negated(a), b}, targets));
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(plain[k] == other[k]);
      CHECK(left[k] == negated(plain[k]));
      double cosine = 0;
      for (std::size_t c = 0; c < 4; ++c) { cosine += a[c] * plain[k][c]; }
      CHECK(cosine > -1e-6);
    }
  }
}

TEST_CASE("Slerp: each channel within 1e-6 of the same formula in double, and of unit length",
          "[rotation][slerp][error]") {
  generator random(53);
  double worst = 0;
  for (int round = 0; round < 300; ++round) {
    auto const a = draw_float_rotation(random);
    auto b = draw_float_rotation(random);
    if (round % 3 != 0) {  // from nearly the same to nearly opposite
      double const step = std::ldexp(1.0, -int(random.between(1, 24)));
      for (std::size_t c = 0; c < 4; ++c) { b[c] = double(float((round % 3 == 1 ? a[c] : -a[c]) + step * b[c])); }
    }
    list targets;
    for (int k = 0; k < 50; ++k) { targets.push_back(double(float(random.unit()))); }
    auto const found = quaternions_of(rotations({0, 1}, {a, b}, targets));
    oracle::quaternion left{}, right{};
    long double cosine = 0;
    for (std::size_t c = 0; c < 4; ++c) {
      left[c] = float(a[c]);
      right[c] = float(b[c]);
      cosine += static_cast<long double>(a[c]) * b[c];
    }
    if (std::fabs(cosine) < 1e-6) { continue; }  // both arcs are as short
    for (std::size_t k = 0; k < found.size(); ++k) {
      auto const exact = oracle::slerp_exact(left, right, static_cast<long double>(targets[k]));
      double square = 0;
      for (std::size_t c = 0; c < 4; ++c) {
        if (targets[k] > 0) { worst = std::max(worst, std::fabs(found[k][c] - double(exact[c]))); }
        square += found[k][c] * found[k][c];
      }
      if (targets[k] > 0) { CHECK(std::fabs(square - 1) < 6e-7); }
    }
  }
  INFO("worst: " << worst);
  CHECK(worst <= 1e-6);
}

TEST_CASE("Slerp: nothing jumps where nearly parallel becomes linear", "[rotation][slerp]") {
  // The border is half an angle of 0.005.
  for (int step = -50; step <= 50; ++step) {
    double const angle = 0.02 * (1 + step * 1e-4);
    auto const p = rotations({0, 1}, {turned(0.3), turned(0.3 + angle)}, {0.25, 0.5, 0.9});
    auto const found = quaternions_of(p);
    CHECK(furthest(found[0], turned(0.3 + 0.25 * angle)) < 3e-7);
    CHECK(furthest(found[1], turned(0.3 + 0.5 * angle)) < 3e-7);
    CHECK(furthest(found[2], turned(0.3 + 0.9 * angle)) < 3e-7);
  }
}

TEST_CASE("Slerp: opposite quaternions are one rotation, half a turn has one arc", "[rotation][slerp]") {
  generator random(54);
  for (int round = 0; round < 20; ++round) {
    auto const a = draw_float_rotation(random);
    auto const found = quaternions_of(rotations({0, 1}, {a, negated(a)}, {0.25, 0.5}));
    CHECK(furthest(found[0], a) < 2e-7);
    CHECK(furthest(found[1], a) < 2e-7);
  }
  double const root = std::sqrt(0.5);
  auto const half = quaternions_of(rotations({0, 1}, {{1, 0, 0, 0}, {0, 0, -1, 0}}, {0.5}));
  CHECK(furthest(half[0], {root, 0, -root, 0}) < 3e-7);
}

TEST_CASE("Slerp: at a sample the sample, untouched, whatever it and its neighbours are", "[rotation][slerp]") {
  for (double odd : {nan_value, inf, 0.0}) {
    std::array<double, 4> const bad{odd, odd, odd, odd};
    auto const p = rotations({0, 1, 2, 3, 4}, {bad, {3, 0, -0.0, 4}, bad, {0, 0, 0, 0}, bad}, {1, 3, 0.5, 2.5, 3.5});
    auto const found = quaternions_of(p);
    CHECK(found[0] == std::array<double, 4>{3, 0, -0.0, 4});
    CHECK(std::signbit(found[0][2]));
    CHECK(found[1] == std::array<double, 4>{0, 0, 0, 0});
    for (std::size_t k : {2u, 3u, 4u}) {
      for (double x : found[k]) { CHECK(std::isnan(x)); }
    }
    CHECK(valid_of(p) == masks{1, 1, 1, 1, 1});
  }
}

TEST_CASE("Slerp: a quaternion with one component that is not finite gives NaN in all four", "[rotation][slerp]") {
  for (double odd : {nan_value, inf, -inf}) {
    for (std::size_t c = 0; c < 4; ++c) {
      for (std::size_t row = 0; row < 2; ++row) {
        quaternions values{turned(0.5), turned(1.5)};
        values[row][c] = odd;
        auto const found = quaternions_of(rotations({0, 1}, values, {0.25, 0.75}));
        for (auto const& q : found) {
          for (double x : q) { CHECK(std::isnan(x)); }
        }
      }
    }
  }
  // And two that are too long for FP32, a quarter turn apart.
  auto const too_long = quaternions_of(rotations({0, 1}, {{1e30, 0, 0, 0}, {0, 1e30, 0, 0}}, {0.25}));
  for (double x : too_long[0]) { CHECK(std::isnan(x)); }
  // Too short are those whose lengths multiply to less than FP32 has.
  auto const too_short = quaternions_of(rotations({0, 1}, {{1e-12, 0, 0, 0}, {5e-13, 5e-13, 5e-13, 5e-13}}, {0.25}));
  for (double x : too_short[0]) { CHECK(std::isnan(x)); }
}

TEST_CASE("Slerp: inputs are normalised between samples", "[rotation][slerp]") {
  quaternions const unit{turned(0.5), turned(1.5)};
  quaternions scaled = unit;
  for (double& x : scaled[0]) { x *= 8; }
  for (double& x : scaled[1]) { x *= 0.25; }
  CHECK(quaternions_of(rotations({0, 1}, unit, {0.25, 0.5})) == quaternions_of(rotations({0, 1}, scaled, {0.25, 0.5})));
}

TEST_CASE("Slerp, edges: clamp is the sample, extrapolation goes on along the arc", "[rotation][slerp]") {
  auto p = rotations({0, 1, 2}, {turned(0), turned(0.3), turned(0.9)}, {-2, -0.5, 2.5, 4, 30});
  auto const clamped = quaternions_of(p);
  CHECK(furthest(clamped[0], turned(0)) == 0);
  CHECK(furthest(clamped[3], turned(0.9)) < 4e-8);
  p.options.before = p.options.after = edge::extrapolate;
  auto const found = quaternions_of(p);
  CHECK(furthest(found[0], turned(-0.6)) < 1e-6);
  CHECK(furthest(found[1], turned(-0.15)) < 1e-6);
  CHECK(furthest(found[2], turned(1.2)) < 1e-6);
  CHECK(furthest(found[3], turned(2.1)) < 2e-6);
  CHECK(furthest(found[4], turned(0.3 + 0.6 * 29)) < 3e-5);  // several turns on
  CHECK(valid_of(p) == masks{0, 0, 0, 0, 0});
  auto parallel = rotations({0, 1}, {turned(0), turned(0.01)}, {-1, 2, 5});
  parallel.options.before = parallel.options.after = edge::extrapolate;
  auto const straight = quaternions_of(parallel);
  CHECK(furthest(straight[0], turned(-0.01)) < 1e-6);
  CHECK(furthest(straight[1], turned(0.02)) < 1e-6);
  CHECK(furthest(straight[2], turned(0.05)) < 5e-6);
}

TEST_CASE("Slerp: the order of components does not matter", "[rotation][slerp]") {
  generator random(55);
  for (int round = 0; round < 100; ++round) {
    auto a = draw_float_rotation(random);
    auto b = draw_float_rotation(random);
    list const targets{0.1, 0.5, 0.7};
    auto const first = quaternions_of(rotations({0, 1}, {a, b}, targets));
    std::rotate(a.begin(), a.begin() + 3, a.end());  // x, y, z, w as w, x, y, z
    std::rotate(b.begin(), b.begin() + 3, b.end());
    auto second = quaternions_of(rotations({0, 1}, {a, b}, targets));
    for (std::size_t k = 0; k < 3; ++k) {
      std::rotate(second[k].begin(), second[k].begin() + 1, second[k].end());
      double const other_arc = std::min(furthest(first[k], second[k]), furthest(first[k], negated(second[k])));
      CHECK(other_arc < 5e-7);
    }
  }
}

TEST_CASE("Angle and slerp: the unit of time does not matter", "[rotation]") {
  auto const at = [](double unit, interpolation method) {
    auto p = rotations({0, 3 * unit, 7 * unit}, {turned(0.1), turned(1.1), turned(3)}, {unit, 2 * unit, 6 * unit});
    p.options.method = method;
    return quaternions_of(p);
  };
  for (auto method : {interpolation::angle, interpolation::slerp}) {
    CHECK(at(1, method) == at(std::ldexp(1.0, -80), method));
    CHECK(at(1, method) == at(std::ldexp(1.0, 80), method));
  }
}
