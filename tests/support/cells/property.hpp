// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "support/backend.hpp"
#include "support/catch.hpp"
#include "support/cells/draw.hpp"
#include "support/guarded.hpp"

/// Properties of voxelizing: `verify` finds nothing wrong with drawn cases.
namespace test {

/// @param usual  how many cases, as `count_draws` takes it; their seeds are those from `first` on
/// @param tag    of the test case, in brackets
/// @param draw   `problem(generator&, voxel_limits const&)`
template <class Draw>
void check_drawn(std::uint64_t first, int usual, char const* tag, Draw draw) {
  int const count = count_draws(usual);
  std::uint64_t const begin = seed_or(first);
  for (int i = 0; i < count; ++i) {
    std::uint64_t const seed = begin + std::uint64_t(i);  // a draw depends on nothing else
    voxel_limits limits;
    if (seed % 50 == 49) { limits = {3, 12'000, 6}; }  // few large ones: crowds, more than one block
    if (seed % 50 == 48) { limits = {200, 900, 3}; }
    generator random(seed);
    auto const p = draw(random, limits);
    std::string const program = std::string("test_") + backend_name() + " '" + tag + "'";
    REQUIRE(repeatable(verify(p), p, seed, program) == "");
  }
}

/// The same of `count` small cases in memory allocated to the byte.
template <class Draw>
void check_drawn_to_the_byte(std::uint64_t first, int count, Draw draw) {
  exact_memory const exact;
  for (int i = 0; i < count; ++i) {
    generator random(first + std::uint64_t(i));
    CHECK(verify(draw(random, voxel_limits{})) == "");
  }
}

}  // namespace test
