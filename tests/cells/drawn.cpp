// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "support/backend.hpp"
#include "support/catch.hpp"
#include "support/cells/cells.hpp"
#include "support/cells/draw.hpp"
#include "support/guarded.hpp"

// Clouds, grids and options of whatever is drawn, against the oracle.
using namespace test;

TEST_CASE("Voxelize, property: whatever is drawn is what the oracle says", "[voxelize_property]") {
  std::uint64_t const first = seed_or(90'000);
  int const count = count_draws(300);
  for (int i = 0; i < count; ++i) {
    std::uint64_t const seed = first + std::uint64_t(i);  // all that a draw depends on
    voxel_limits limits;
    if (seed % 50 == 49) { limits = {3, 12'000, 6}; }  // few large ones: crowds, more than one block
    if (seed % 50 == 48) { limits = {200, 900, 3}; }
    generator random(seed);
    auto const p = draw_voxels(random, limits);
    std::string const program = std::string("test_") + backend_name() + " '[voxelize_property]'";
    REQUIRE(repeatable(verify(p), p, seed, program) == "");
  }
}

TEST_CASE("Sanitize: drawn clouds in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  for (std::uint64_t seed = 91'000; seed < 91'040; ++seed) {
    generator random(seed);
    CHECK(verify(draw_voxels(random)) == "");
  }
}
