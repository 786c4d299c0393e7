// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <utility>
#include <vector>

#include "simt/simt.hpp"
#include "support/catch.hpp"
#include "support/draw.hpp"

// After the words of CUDA that simt.hpp replaces.
#include <robocache/detail/common/lookback.cuh>

// Blocks run one after the other on the CPU, so that the tile before always knows its whole sum: how a warp looks
// further back, and waits, is tested here by itself.
namespace test {
namespace {

constexpr std::uint64_t has_own = std::uint64_t{1} << 32;
constexpr std::uint64_t has_all = std::uint64_t{2} << 32;

/// What a warp found, and left for the tiles after it.
struct looked {
  std::vector<std::uint32_t> before;
  std::uint64_t left;
};

/// @param later  what a second warp puts into `states`, one after the other, while the first one looks
looked look_back(std::vector<std::uint64_t>& states, std::uint32_t tile, std::uint32_t mine,
                 std::vector<std::pair<std::size_t, std::uint64_t>> const& later = {}) {
  looked found{std::vector<std::uint32_t>(32), 0};
  simt::block::current().run(64, [&] {
    if (threadIdx.x < 32) {
      found.before[threadIdx.x] = robocache::detail::sum_of_tiles_before(states.data(), tile, mine);
      return;
    }
    for (auto const& [place, state] : later) {
      if (threadIdx.x == 32) { *const_cast<std::uint64_t volatile*>(&states[place]) = state; }
      __syncwarp();
    }
  });
  found.left = states[tile];
  return found;
}

TEST_CASE("Look-back: over any number of tiles, to the last one that knows all before it", "[warp]") {
  generator random(7100);
  for (std::uint32_t tile :
       {0, 1, 2, 31, 32, 33, 63, 64, 65, 97, 127, 128, 129, 200, 255, 256, 257, 383, 384, 385, 900}) {
    for (int round = 0; round < 40; ++round) {
      std::vector<std::uint64_t> states(tile + 1);
      std::uint32_t sum = 0;
      std::uint32_t last_complete = 0;
      for (std::uint32_t t = 0; t < tile; ++t) {
        auto const own = static_cast<std::uint32_t>(random.between(0, 1024));
        sum += own;
        bool const complete = t == 0 || random.between(0, 300) == 0;
        if (complete) { last_complete = t; }
        states[t] = complete ? has_all | sum : has_own | own;
      }
      // Tiles before a complete one need not have begun.
      for (std::uint32_t t = 0; t < last_complete; ++t) {
        if (random.between(0, 2) == 0) { states[t] = 0; }
      }
      // Others come while the warp looks.
      std::vector<std::pair<std::size_t, std::uint64_t>> later;
      for (std::uint32_t t = tile; round % 2 == 1 && t-- > last_complete;) {
        if (random.between(0, 3) != 0) { continue; }
        later.emplace_back(t, states[t]);
        states[t] = 0;
      }
      CAPTURE(tile, round, last_complete);
      auto const found = look_back(states, tile, 77, later);
      CHECK(found.before == std::vector<std::uint32_t>(32, sum));
      CHECK(found.left == (has_all | (sum + 77)));
    }
  }
}

}  // namespace
}  // namespace test
