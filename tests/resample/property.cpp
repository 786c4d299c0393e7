// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/guarded.hpp"
#include "support/scenario.hpp"

using namespace test;

namespace {

/// Draws one problem of each stamp type and compares it with the oracle; on failure says how to repeat it.
std::string draw_and_verify(std::uint64_t seed, draw_limits const& limits) {
  generator random(seed);
  auto const source = random.one_of(source_shapes);
  auto const target = random.one_of(target_shapes);
  std::string trouble;
  with_drawn_stamp(random, [&](auto zero) {
    auto p = draw_problem<decltype(zero)>(random, source, target, limits);
    if (is_hold(p.options.method) && !p.options.causal && random.chance(0.3)) {
      p.options.tolerance = decltype(zero)(random.one_of({1, 3, 40}));
    }
    trouble = repeatable(verify(p), p, seed, std::string("test_") + backend_name() + " '[property]'");
  });
  return trouble;
}

}  // namespace

TEST_CASE("Property: what is drawn agrees with the oracle", "[property]") {
  std::uint64_t const first = seed_or(20'000);
  int const count = count_draws(300);
  for (int i = 0; i < count; ++i) {
    std::uint64_t const seed = first + std::uint64_t(i);  // a draw depends on nothing else
    draw_limits limits;
    if (seed % 50 == 49) { limits = {20, 300, 300, 0.05}; }  // few large ones: many tiles, more than one block of each
    if (seed % 50 == 48) { limits = {300, 4, 9, 0.05}; }
    REQUIRE(draw_and_verify(seed, limits) == "");
  }
}

TEST_CASE("Sanitize: every kind and method in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  for (auto source : source_shapes) {
    for (auto target : target_shapes) {
      generator random(500 + 16 * std::uint64_t(source) + std::uint64_t(target));
      draw_limits limits;
      limits.batch = 3;
      limits.length = 20;
      auto const f = draw_problem<float>(random, source, target, limits);
      CHECK(verify(f) == "");
      auto const i = draw_problem<std::int64_t>(random, source, target, limits);
      CHECK(verify(i) == "");
    }
  }
}
