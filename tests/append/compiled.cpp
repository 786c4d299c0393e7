// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

// Appending through the compiled API on host memory.
using namespace test;
using robocache::append_stream;
using robocache::compiled::any_append_streams;
using robocache::compiled::place;

TEST_CASE("Compiled API: rows are appended to a ring, which is then a source", "[compiled]") {
  std::int64_t stamps[2] = {}, written[1] = {}, new_stamps[3] = {10, 20, 30};
  float values[2] = {}, new_values[3] = {1, 2, 3}, result = 0;
  append_stream<std::int64_t> one;
  one.stamps = stamps;
  one.values = values;
  one.written = written;
  one.capacity = 2;
  one.channels = 1;
  one.new_stamps = new_stamps;
  one.new_values = new_values;
  one.rows = 3;
  robocache::compiled::append(place::host, any_append_streams(&one, 1), 1);
  CHECK(written[0] == 3);
  CHECK(stamps[0] == 30);
  std::int64_t const target[1] = {25};
  robocache::compiled::resample(place::host, {values, robocache::dtype::float32, one.when(1), 1},
                                robocache::timeline<std::int64_t>::dense(target, 1, 1),
                                {&result, robocache::dtype::float32}, robocache::resample_options<std::int64_t>{});
  CHECK(result == 2.5f);
}

TEST_CASE("Compiled API: refusals of appending are thrown", "[compiled]") {
  append_stream<float> const one;
  CHECK(std::string(error_of([&] {
                      robocache::compiled::append(place::host, any_append_streams(&one, 1), 1);
                    }).what()) == "streams[0].capacity: found 0, want 1 or more, below 2^31");
}
