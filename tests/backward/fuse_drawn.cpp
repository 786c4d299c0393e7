// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/backend.hpp"
#include "support/backward/fuse.hpp"
#include "support/catch.hpp"
#include "support/fuse/oracle.hpp"
#include "support/guarded.hpp"
#include "support/scenario.hpp"

// Gradients of drawn fusions, against the replay and against finite differences of the forward oracle in
// double.
using namespace test;

namespace {

/// The sum of all results times their gradients, in double.
double loss_of(fuse_backward_problem<double> const& p) {
  fuse_problem<double> const& f = p.forward;
  auto const places = f.places();
  auto const layout = f.result_layout();
  long double loss = 0;
  for (std::size_t i = 0; i < f.streams.size(); ++i) {
    auto const& s = f.streams[i];
    auto const alone = oracle::as_resample(s, f.target);
    auto const records = oracle::locate(s, f.target, alone);
    for (std::int64_t row = 0; row < layout.total; ++row) {
      auto const& r = records[std::size_t(row)];
      if (r.first < 0) { continue; }
      for (std::int64_t c = 0; c < s.series.channels; ++c) {
        double const g =
            decode(f.result_type, load_bits(f.result_type, p.results.data(), layout.begin(row) + places[i] + c));
        double x = oracle::blend_in_double(alone, r, c).value;
        if (!s.scale.empty()) { x *= double(s.scale[std::size_t(c)]); }
        if (!s.shift.empty()) { x += double(s.shift[std::size_t(c)]); }
        loss += static_cast<long double>(g) * x;
      }
    }
  }
  return double(loss);
}

/// Two streams of three channels, scaled and shifted, late and early.
fuse_backward_problem<double> smooth_problem(generator& random, interpolation method) {
  fuse_backward_problem<double> p;
  for (double latency : {0.3, -0.7}) {
    stream_data<double> s;
    s.series.source = dense(draw_stamps<double>(random, 14, 0, 1), 2);
    s.series.options.method = method;
    s.series.options.before = s.series.options.after = edge::extrapolate;
    s.series.channels = 3;
    s.series.draw_values(random);
    s.latency = latency;
    s.scale = {0.5f, -2, 1.25f};
    s.shift = {3, 0, -1};
    p.forward.streams.push_back(s);
  }
  p.forward.target = dense(draw_stamps<double>(random, 24, -1.5, 0.8), 2);
  p.out.assign(2, {true, true, true});
  p.draw_results(random);
  return p;
}

}  // namespace

TEST_CASE("Gradients of a fusion: finite differences of the double oracle, values", "[fuse_backward]") {
  generator random(81);
  for (auto method : methods_with_gradients) {
    auto p = smooth_problem(random, method);
    auto const o = fuse_backward(p);
    REQUIRE(o.trouble + o.state.message() == "");
    for (std::size_t i = 0; i < 2; ++i) {
      problem<double>& s = p.forward.streams[i].series;
      for (std::int64_t row = 0; row < s.source.total(); ++row) {
        for (std::int64_t c = 0; c < 3; ++c) {
          auto const at = s.value_layout().begin(row) + c;
          auto const kept = load_bits(dtype::float32, s.values.data(), at);
          // The loss is linear in each value: any step will do.
          auto const loss_at = [&](double x) {
            store_bits(dtype::float32, s.values.data(), at, encode(dtype::float32, x));
            return loss_of(p);
          };
          double const difference = (loss_at(64) - loss_at(-64)) / 128;
          store_bits(dtype::float32, s.values.data(), at, kept);
          CHECK(std::fabs(gradient_at(p, o, i, row, c) - difference) <= 5e-5);
        }
      }
    }
  }
}

TEST_CASE("Gradients of a fusion: finite differences of the double oracle, scale and shift", "[fuse_backward]") {
  generator random(82);
  for (auto method : methods_with_gradients) {
    auto p = smooth_problem(random, method);
    auto const o = fuse_backward(p);
    REQUIRE(o.trouble + o.state.message() == "");
    auto const slope = [&](float& x) {
      float const kept = x;
      x = kept + 1;
      double const above = loss_of(p);
      x = kept - 1;
      double const below = loss_of(p);
      x = kept;
      return (above - below) / 2;
    };
    for (std::size_t i = 0; i < 2; ++i) {
      auto& s = p.forward.streams[i];
      for (std::size_t c = 0; c < 3; ++c) {
        CHECK(std::fabs(double(o.streams[i].scale[c]) - slope(s.scale[c])) <= 1e-3);
        CHECK(std::fabs(double(o.streams[i].shift[c]) - slope(s.shift[c])) <= 1e-4);
      }
    }
  }
}

TEST_CASE("Gradients of a fusion: finite differences of the double oracle, target times", "[fuse_backward]") {
  generator random(83);
  for (auto rule : all_edges) {
    fuse_backward_problem<double> p;
    for (double latency : {0.0, 0.25, -1.0}) {
      stream_data<double> s;
      s.series.source = dense<double>({0, 1, 1.5, 3, 4, 4.75, 7, 8}, 1);
      s.series.options.before = s.series.options.after = rule;
      s.series.options.max_gap = 2;
      s.series.channels = 5;
      s.series.draw_values(random);
      s.latency = latency;
      if (latency != 0) { s.scale = {1, 2, -0.5f, 3, -1}; }
      p.forward.streams.push_back(s);
    }
    p.forward.target = dense<double>({-0.5, 0.375, 1.125, 2.25, 3.375, 5.25, 6.5, 7.375, 9.5, 11.5}, 1);
    p.out.assign(3, {});
    p.wants_targets = true;
    p.draw_results(random);
    auto const o = fuse_backward(p);
    REQUIRE(o.trouble + o.state.message() == "");
    for (std::size_t k = 0; k < o.targets.size(); ++k) {
      double& t = p.forward.target.stamps[k];
      double const kept = t;
      t = kept + 1.0 / 64;
      double const above = loss_of(p);
      t = kept - 1.0 / 64;
      double const below = loss_of(p);
      t = kept;
      CHECK(std::fabs(double(o.targets[k]) - (above - below) * 32) <= 1e-3);
    }
  }
}

TEST_CASE("Gradients of a fusion, property: what is drawn agrees with the replay", "[fuse_backward]") {
  std::uint64_t const first = seed_or(90'000);
  int const count = count_draws(150);
  for (int i = 0; i < count; ++i) {
    std::uint64_t const seed = first + std::uint64_t(i);  // a draw depends on nothing else
    draw_limits limits{5, 30, 24};
    if (seed % 40 == 39) { limits = {6, 300, 60}; }
    if (seed % 40 == 38) { limits = {200, 4, 9}; }
    generator random(seed);
    auto const target = random.one_of(backward_target_shapes);
    std::int64_t const streams = random.chance(0.05) ? random.between(14, 20) : random.between(1, 5);
    auto const check = [&](auto const& p) {
      REQUIRE(repeatable(verify(p), p.forward, seed, "the test called property of [fuse_backward]") == "");
    };
    with_drawn_stamp(random,
                     [&](auto zero) { check(draw_fuse_backward<decltype(zero)>(random, target, streams, limits)); });
  }
}

TEST_CASE("Gradients of a fusion, order: times that wrap around do not ascend though their targets do",
          "[fuse_backward]") {
  generator random(85);
  constexpr std::int64_t half = 700;
  std::vector<std::int64_t> samples;
  for (std::int64_t i = 0; i < half; ++i) { samples.push_back(INT64_MIN + 3 * i); }
  for (std::int64_t i = half; i > 0; --i) { samples.push_back(INT64_MAX - 3 * i); }
  for (auto method : methods_with_gradients) {
    stream_data<std::int64_t> s;
    s.series.source = dense(samples, 1);
    s.series.options.method = method;
    s.series.channels = 3;
    s.series.draw_values(random);
    s.latency = 4 * half / 2;  // half of the targets wrap
    fuse_backward_problem<std::int64_t> p;
    p.forward.streams = {s};
    p.out = {{true, true, true}};
    p.forward.target = uniform<std::int64_t>(INT64_MAX - 4 * half, 4, 1, 1, half);
    p.draw_results(random);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Gradients of a fusion, order: a broken promise reads and writes nothing out of bounds", "[fuse_backward]") {
  generator random(84);
  double const infinity = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 40; ++i) {
    auto p = draw_fuse_backward<double>(random, random.one_of(backward_target_shapes), 3, {3, 300, 9});
    p.order = target_order::ascending;
    p.forward.ascends = false;
    for (auto& s : p.forward.streams) {
      for (auto& t : s.series.source.stamps) {
        if (random.chance(0.3)) { t = random.one_of({std::nan(""), infinity, -infinity, 1e300, t - 4}); }
      }
    }
    CHECK(fuse_backward(p).trouble == "");
  }
}

TEST_CASE("Sanitize: gradients of fusions of every kind in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  for (auto target : backward_target_shapes) {
    generator random(1500 + std::uint64_t(target));
    for (int round = 0; round < 3; ++round) {
      CHECK(verify(draw_fuse_backward<float>(random, target, 3, {3, 20, 24})) == "");
      CHECK(verify(draw_fuse_backward<std::int64_t>(random, target, 3, {3, 70, 9})) == "");
    }
  }
}
