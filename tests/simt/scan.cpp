// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include <cuda_runtime_api.h>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"

#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/tile_scan.cuh>

// Scans in order, of what may not change places: through tiles, and through more tiles than one block has threads.
namespace {

using robocache::detail::scan_tile;

/// The last number that is not 0, and how many numbers there are. Not commutative.
struct last_number {
  std::uint32_t last;
  std::uint32_t count;
};

struct last_job {
  using value = last_number;
  std::uint32_t const* numbers;
  std::int64_t length;
  last_number* before;

  std::int64_t count() const { return length; }
  value nothing() const { return {0, 0}; }
  value combine(value const& a, value const& b) const { return {b.last != 0 ? b.last : a.last, a.count + b.count}; }
  value at(std::int64_t i) const { return {numbers[i], 1}; }
  void put(std::int64_t i, value const& all, value const& own) const {
    before[i] = {all.last, all.count};
    if (own.last != numbers[i]) { before[i].count = 0; }
  }
};

}  // namespace

TEST_CASE("Scan: what comes before each element, in order", "[warp]") {
  test::generator random(90);
  for (std::int64_t length : {1, 7, scan_tile - 1, scan_tile, scan_tile + 1, 70 * scan_tile + 5}) {
    std::vector<std::uint32_t> numbers;
    for (std::int64_t i = 0; i < length; ++i) {
      numbers.push_back(random.chance(0.0003) ? std::uint32_t(random.between(1, 1000)) : 0);
    }
    std::vector<last_number> before(numbers.size());
    std::vector<last_number> tiles(std::size_t(robocache::detail::scan_tiles(length)));
    robocache::device_properties device;
    REQUIRE(robocache::detail::read_device(device).ok());
    robocache::detail::launch_chain chain(device, nullptr);
    REQUIRE(robocache::detail::scan_in_order<32>(last_job{numbers.data(), length, before.data()}, length, tiles.data(),
                                                 chain)
                .ok());
    std::uint32_t last = 0;
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < length; ++i) {
      last_number const& found = before[std::size_t(i)];
      wrong += found.last != last || found.count != i ? 1 : 0;
      last = numbers[std::size_t(i)] != 0 ? numbers[std::size_t(i)] : last;
    }
    CAPTURE(length);
    CHECK(wrong == 0);
  }
}
