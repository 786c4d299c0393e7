// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include "simt/simt.hpp"
#include "support/catch.hpp"

// What the kernels' tests rely on: warps, votes and atomics on the CPU.
namespace test {
namespace {

/// Runs `body` for each thread of one block and gives what it returned.
template <class Body>
auto of_threads(int threads, Body body) {
  std::vector<decltype(body(0u))> results(static_cast<std::size_t>(threads));
  simt::block::current().run(threads, [&] { results[threadIdx.x] = body(threadIdx.x); });
  return results;
}

}  // namespace

TEST_CASE("Warps on the CPU: shuffles, of a part of the warp too", "[warp]") {
  auto const lane_of = [](unsigned thread) { return thread % 32; };
  auto const up = of_threads(64, [](unsigned thread) { return __shfl_up_sync(~0u, float(thread), 3); });
  auto const down = of_threads(64, [](unsigned thread) { return __shfl_down_sync(~0u, std::uint64_t(thread), 3); });
  auto const across = of_threads(64, [](unsigned thread) { return __shfl_xor_sync(~0u, int(thread), 5); });
  auto const half = of_threads(64, [&](unsigned thread) {  // both halves by themselves, in their own time
    return lane_of(thread) < 16 ? __shfl_sync(0xFFFFu, thread, 7) : __shfl_sync(0xFFFF0000u, thread, 16 + 9);
  });
  for (unsigned i = 0; i < 64; ++i) {
    CHECK(up[i] == float(lane_of(i) < 3 ? i : i - 3));
    CHECK(down[i] == (lane_of(i) > 28 ? i : i + 3));
    CHECK(across[i] == int(i ^ 5));
    CHECK(half[i] == i / 32 * 32 + (lane_of(i) < 16 ? 7 : 25));
  }
}

TEST_CASE("Warps on the CPU: votes, matches, reductions", "[warp]") {
  auto const votes = of_threads(32, [](unsigned lane) { return __ballot_sync(~0u, lane % 3 == 0); });
  auto const alike = of_threads(32, [](unsigned lane) { return __match_any_sync(~0u, -std::int64_t(lane % 5)); });
  auto const sums = of_threads(32, [](unsigned lane) {
    unsigned const lanes = lane < 8 ? 0xFFu : ~0xFFu;
    return __reduce_add_sync(lanes, lane) + 1000 * __reduce_max_sync(lanes, lane);
  });
  auto const counts = of_threads(100, [](unsigned thread) { return __syncthreads_count(thread < 7); });
  for (unsigned lane = 0; lane < 32; ++lane) {
    CHECK(votes[lane] == 0b01001001001001001001001001001001u);
    unsigned wanted = 0;
    for (unsigned other = lane % 5; other < 32; other += 5) { wanted |= 1u << other; }
    CHECK(alike[lane] == wanted);
    CHECK(sums[lane] == (lane < 8 ? 28 + 7000u : 496 - 28 + 31000u));
  }
  CHECK(counts == std::vector<int>(100, 7));
}

TEST_CASE("Warps on the CPU: atomics lose nothing, and have no fixed order", "[warp]") {
  unsigned sum = 0;
  float largest = 0;
  std::vector<unsigned> order(256);
  of_threads(256, [&](unsigned thread) {
    order[atomicAdd(&sum, 1u)] = thread;
    unsigned seen = __float_as_uint(largest);
    while (true) {  // fails where another thread came first
      unsigned const before = atomicCAS(reinterpret_cast<unsigned*>(&largest), seen, std::max(seen, thread));
      if (before == seen) { break; }
      seen = before;
    }
    return 0;
  });
  CHECK(sum == 256);
  CHECK(__float_as_uint(largest) == 255);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<unsigned> ascending;
  for (unsigned i = 0; i < 256; ++i) { ascending.push_back(i); }
  CHECK(sorted == ascending);
  CHECK(order != ascending);
  CHECK(std::vector<unsigned>(order.rbegin(), order.rend()) != ascending);
}

}  // namespace test
