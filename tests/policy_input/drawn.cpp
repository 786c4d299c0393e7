// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "support/backend.hpp"
#include "support/catch.hpp"
#include "support/policy_input/policy_input.hpp"

using namespace test;

TEST_CASE("Policy input: drawn fusions, streams, rotations, references, scales and bounds", "[policy_property]") {
  int const draws = count_draws(60);
  for (int i = 0; i < draws; ++i) {
    std::uint64_t const seed = seed_or(3000) + std::uint64_t(i);
    generator random(seed);
    CAPTURE(seed, i);
    std::int64_t const fusions = random.between(1, 3);
    std::int64_t const streams = random.chance(0.1) ? 9 : random.between(1, 4);
    with_drawn_stamp(
        random, [&](auto zero) { CHECK(verify(draw_policy_input<decltype(zero)>(random, fusions, streams)) == ""); });
  }
}

TEST_CASE("Sanitize: policy inputs in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  generator random(3500);
  for (int round = 0; round < 3; ++round) {
    CHECK(verify(draw_policy_input<float>(random, 2, 4)) == "");
    CHECK(verify(draw_policy_input<std::int64_t>(random, 2, 4)) == "");
  }
}
