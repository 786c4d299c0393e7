// SPDX-License-Identifier: Apache-2.0
#include "simt/device.hpp"

#include <robocache/arch.cuh>

#include "support/catch.hpp"

// What a launcher reads of the current device, which is another one at each call.
namespace test {

namespace {

void check_known(robocache::device_properties const& read) {
  CHECK(read.compute_capability == 90);
  // By these two the chips can be told apart.
  if (read.multiprocessors == 1 || (read.multiprocessors == 132 && read.l2_bytes == 62'914'560)) {
    CHECK(read.l2_bytes == 62'914'560);
    CHECK(read.memory_gbs == 4814);
    CHECK(read.memory_gbs >= robocache::memory_rate::hbm3e);
  } else {
    CHECK((read.multiprocessors == 8 || read.multiprocessors == 132));
    CHECK(read.l2_bytes == 52'428'800);
    CHECK(read.memory_gbs == 3352);
    CHECK(read.memory_gbs < robocache::memory_rate::hbm3e);
  }
}

}  // namespace

TEST_CASE("Device: each has its own properties, asked for and known", "[chips]") {
  int whole = 0;
  for (int call = 0; call < 12; ++call) {
    robocache::device_properties read;
    REQUIRE(robocache::read_device_properties(read) == cudaSuccess);
    check_known(read);
    whole += read.multiprocessors == 132 ? 1 : 0;
  }
  CHECK(whole == 6);
}

TEST_CASE("Device: the runtime is asked once", "[chips]") {
  for (int call = 0; call < 4; ++call) {
    robocache::device_properties read;
    REQUIRE(robocache::read_device_properties(read) == cudaSuccess);
  }
  int const asked = simt::attributes_asked().load();
  for (int call = 0; call < 8; ++call) {
    robocache::device_properties read;
    REQUIRE(robocache::read_device_properties(read) == cudaSuccess);
  }
  CHECK(simt::attributes_asked().load() == asked);
}

}  // namespace test
