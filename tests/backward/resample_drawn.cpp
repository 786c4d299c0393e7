// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/backward/resample.hpp"
#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/guarded.hpp"
#include "support/oracle.hpp"
#include "support/scenario.hpp"

// Gradients of drawn problems, against the replay and against finite differences of the forward oracle.
using namespace test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The sum of all results times their gradients, in double.
template <class Stamp>
double loss_of(backward_problem<Stamp> const& p) {
  problem<Stamp> const& f = p.forward;
  auto const records = oracle::locate(f);
  long double loss = 0;
  for (std::int64_t row = 0; row < f.target.total(); ++row) {
    for (std::int64_t c = 0; c < f.channels; ++c) {
      if (records[row].first < 0) { continue; }
      double const g =
          decode(f.result_type, load_bits(f.result_type, p.results.data(), f.result_layout().begin(row) + c));
      loss += static_cast<long double>(g) * oracle::blend_in_double(f, records[row], c).value;
    }
  }
  return double(loss);
}

}  // namespace

TEST_CASE("Gradients: finite differences of the double oracle, values", "[backward]") {
  generator random(65);
  for (auto method : methods_with_gradients) {
    backward_problem<double> p;
    problem<double>& f = p.forward;
    f.source = dense(draw_stamps<double>(random, 14, 0, 1), 2);
    f.target = dense(draw_stamps<double>(random, 24, -1.5, 0.8), 2);
    f.options.method = method;
    f.options.before = f.options.after = edge::extrapolate;
    f.channels = 3;
    f.draw_values(random);
    p.draw_results(random);
    gradients const o = resample_backward(p);
    REQUIRE(o.trouble + o.state.message() == "");
    for (std::int64_t row = 0; row < f.source.total(); ++row) {
      for (std::int64_t c = 0; c < f.channels; ++c) {
        auto const at = f.value_layout().begin(row) + c;
        auto const kept = load_bits(dtype::float32, f.values.data(), at);
        // The loss is linear in each value: any step will do.
        auto const loss_at = [&](double x) {
          store_bits(dtype::float32, f.values.data(), at, encode(dtype::float32, x));
          return loss_of(p);
        };
        double const difference = (loss_at(64) - loss_at(-64)) / 128;
        store_bits(dtype::float32, f.values.data(), at, kept);
        CHECK(std::fabs(gradient_at(p, o, row, c) - difference) <= 2e-5);
      }
    }
  }
}

TEST_CASE("Gradients: finite differences of the double oracle, target times", "[backward]") {
  generator random(66);
  for (auto rule : all_edges) {
    backward_problem<double> p;
    problem<double>& f = p.forward;
    std::vector<double> const samples{0, 1, 1.5, 3, 4, 4.75, 7, 8};
    f.source = dense(samples, 1);
    f.target = dense<double>({-0.5, 0.25, 1, 1.25, 2, 3.5, 5, 6, 7.5, 9}, 1);
    f.options.before = f.options.after = rule;
    f.options.max_gap = 2;
    f.channels = 5;
    f.draw_values(random);
    p.draw_results(random);
    p.wants_targets = true;
    gradients const o = resample_backward(p);
    REQUIRE(o.trouble + o.state.message() == "");
    for (std::size_t k = 0; k < o.targets.size(); ++k) {
      double const kept = f.target.stamps[k];
      bool const at_sample = std::find(samples.begin(), samples.end(), kept) != samples.end();
      double const back = at_sample ? 0 : 1.0 / 64;  // at a sample the bracket is that to its right
      f.target.stamps[k] = kept + 1.0 / 64;
      double const above = loss_of(p);
      f.target.stamps[k] = kept - back;
      double const below = loss_of(p);
      f.target.stamps[k] = kept;
      CHECK(std::fabs(double(o.targets[k]) - (above - below) / (1.0 / 64 + back)) <= 1e-4);
    }
  }
}

TEST_CASE("Gradients, order: a broken promise reads and writes nothing out of bounds", "[backward]") {
  generator random(64);
  for (int i = 0; i < 40; ++i) {
    auto p = draw_backward<double>(random, random.one_of(backward_source_shapes), random.one_of(backward_target_shapes),
                                   {3, 600, 9});
    p.order = target_order::ascending;
    p.forward.ascends = false;
    for (auto& s : p.forward.source.stamps) {
      if (random.chance(0.3)) { s = random.one_of({not_a_number, infinity, -infinity, 1e300, s - 4}); }
    }
    CHECK(resample_backward(p).trouble == "");
  }
}

TEST_CASE("Gradients, property: what is drawn agrees with the replay", "[backward]") {
  std::uint64_t const first = seed_or(60'000);
  int const count = count_draws(150);
  for (int i = 0; i < count; ++i) {
    std::uint64_t const seed = first + std::uint64_t(i);  // a draw depends on nothing else
    draw_limits limits;
    if (seed % 40 == 39) { limits = {12, 300, 100, 0.05}; }
    if (seed % 40 == 38) { limits = {300, 4, 9, 0.05}; }
    if (seed % 40 == 37) { limits = {2, 2000, 5, 0.05}; }
    generator random(seed);
    auto const source = random.one_of(backward_source_shapes);
    auto const target = random.one_of(backward_target_shapes);
    auto const check = [&](auto const& p) {
      REQUIRE(repeatable(verify(p), p.forward, seed, "the test called property of [backward]") == "");
    };
    with_drawn_stamp(random, [&](auto zero) { check(draw_backward<decltype(zero)>(random, source, target, limits)); });
  }
}

TEST_CASE("Sanitize: gradients of every kind in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  for (auto source : backward_source_shapes) {
    for (auto target : backward_target_shapes) {
      generator random(900 + 16 * std::uint64_t(source) + std::uint64_t(target));
      draw_limits limits;
      limits.batch = 3;
      limits.length = 20;
      auto p = draw_backward<float>(random, source, target, limits);
      p.wants_targets = p.forward.options.method == interpolation::linear;
      CHECK(verify(p) == "");
    }
  }
}
