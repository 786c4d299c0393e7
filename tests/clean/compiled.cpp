// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"
#include "support/typed_array.hpp"

// Cleaning through the compiled API on host memory.
using namespace test;
using robocache::compiled::any_clean_output;
using robocache::compiled::any_series;
using robocache::compiled::place;

TEST_CASE("Compiled API: cleaning of every float type", "[compiled]") {
  double const stamps[] = {1, 0, 2, 2};
  for (dtype type : {dtype::float32, dtype::float16, dtype::bfloat16}) {
    typed_array values(type, {1, 2, 3, 4}), left(type, {0, 0, 0, 0});
    double times[4] = {};
    std::int64_t offsets[2] = {};
    any_series const source{values.data(), type, robocache::timeline<double>::dense(stamps, 1, 4), 1};
    any_clean_output const out{left.data(), times, offsets};
    CHECK(robocache::compiled::clean_scratch(place::host, source, {}) == 0);
    robocache::compiled::clean(place::host, source, out, {});
    CHECK(offsets[1] == 2);
    CHECK(left.numbers() == std::vector<double>{1, 3, 0, 0});
    CHECK(times[1] == 2);
  }
}

TEST_CASE("Compiled API: refusals of cleaning are thrown", "[compiled]") {
  float const stamps[] = {0};
  any_series const source{nullptr, dtype::float32, robocache::timeline<float>::dense(stamps, 1, 1), 1};
  any_clean_output const out{nullptr, nullptr, nullptr};
  CHECK(std::string(error_of([&] { robocache::compiled::clean(place::host, source, out, {}); }).what()) ==
        "source.values: found a null pointer, want 1 elements");
}
