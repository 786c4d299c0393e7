// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include "simt/simt.hpp"
#include "support/address_space.hpp"
#include "support/catch.hpp"
#include "support/skip.hpp"

// After the words of CUDA that simt.hpp replaces.
#include <robocache/detail/common/timed/warp_locate.cuh>

// A warp's search of the longest trajectories that there may be, in address space of which a few pages are touched.
namespace test {

TEST_CASE("Warp's search: trajectories of up to 2^31 - 1 samples", "[warp]") {
  constexpr int slots = 256;
  constexpr std::int64_t most = INT32_MAX;
  address_space const memory(most * 4);
  if (!memory.usable()) {
    skip("long trajectories: the system gives no 8 GiB of address space");
    return;
  }
  // Zeros, and a rise at the end.
  auto* const stamps = memory.as<float>();
  for (int i = 1; i <= 4; ++i) { stamps[most - i] = float(5 - i); }
  robocache::resample_options<float> options;
  auto const rules = robocache::device::rules_of(options);
  for (std::int64_t shorter : {0, 1, 28, 29, 30, 31, 32, 33, 300}) {
    // Begins later, so that the end is the same.
    float const* const from = stamps + shorter;
    int const length = static_cast<int>(most - shorter);
    for (float first : {-1.0f, 0.5f, 2.0f, 3.25f, 4.0f, 5.0f}) {
      CAPTURE(length, first);
      std::vector<robocache::device::location> found(32);
      float stage[slots];
      simt::block::current().run(32, [&] {
        float const t = first + float(threadIdx.x) / 64;
        found[threadIdx.x] = robocache::detail::locate_in_part(
            from, length, true, robocache::device::seek(t, 0.0f, false, 0.0f), stage, slots, rules);
      });
      robocache::device::plain_trajectory<float> const whole{{}, from, length};
      for (int lane = 0; lane < 32; ++lane) {
        float const t = first + float(lane) / 64;
        auto const wanted = robocache::device::locate(whole, robocache::device::seek(t, 0.0f, false, 0.0f), rules);
        auto const& one = found[std::size_t(lane)];
        CAPTURE(lane);
        CHECK(one.row == wanted.row);
        CHECK(one.weight == wanted.weight);
        CHECK(one.blends == wanted.blends);
        CHECK(one.valid == wanted.valid);
      }
    }
  }
}

}  // namespace test
