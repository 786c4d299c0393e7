// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/inspect/inspect.hpp"
#include "support/recording.hpp"
#include "support/scenario.hpp"
#include "support/skip.hpp"

// Real recordings, from the folder that ROBOCACHE_DATA names: a drone's flight with seven topics and a hand-held IMU.
using namespace test;

TEST_CASE("Real data: seven topics of one drone flight at 100 Hz, integer microseconds", "[.][real]") {
  char const* const folder = data_folder("px4_flight");
  if (folder == nullptr) { return; }
  for (char const* topic :
       {"angular_velocity", "attitude", "controls", "gps", "imu", "local_position", "magnetometer"}) {
    auto const r = read_csv<std::int64_t>(std::string(folder) + "/px4_flight/" + topic + ".csv");
    std::int64_t const span = r.stamps.back() - r.stamps.front();
    for (auto method : all_methods) {
      problem<std::int64_t> p;
      p.source = dense(r.stamps, 1);
      p.target = uniform<std::int64_t>(r.stamps.front() - 25'000, 10'000, 1, 1, span / 10'000 + 6);
      p.channels = r.channels;
      p.options.method = method;
      if (method == interpolation::slerp && p.channels != 4) { continue; }
      p.set_values(r.values);
      CAPTURE(topic, int(method));
      CHECK(verify(p) == "");
      // Every topic fell silent for 160 ms near the start; gps, at 5 Hz, always is.
      p.options.max_gap = 100'000;
      CHECK(verify(p) == "");
      auto const valid = valid_of(p);
      auto const inside = std::count(valid.begin(), valid.end(), 1);
      CHECK(inside < std::int64_t(valid.size()) - 4);
      if (std::string(topic) != "gps") { CHECK(inside > std::int64_t(valid.size()) * 9 / 10); }
    }
  }
}

TEST_CASE(
    "Real data: a drone's recorded attitude is a rotation in every row, and in text of four decimals most are counted",
    "[.][real]") {
  char const* const folder = data_folder("px4_flight");
  if (folder == nullptr) { return; }
  auto r = read_csv<std::int64_t>(std::string(folder) + "/px4_flight/attitude.csv");
  problem<std::int64_t> p;
  p.source = dense(r.stamps, 1);
  p.channels = 4;
  auto const check = [&](std::int64_t not_unit) {
    p.set_values(r.values);
    auto const o = inspect_rotations(p);
    CHECK(o.trouble == "");
    auto const found = o.reports.at(0);
    CHECK(found.not_unit == not_unit);
    CHECK(found.not_a_rotation == 0);
    CHECK(found.turned == 0);
  };
  for (auto value : float_types) {
    p.value_type = value;
    check(0);
  }
  p.value_type = dtype::float32;
  for (double& x : r.values) { x = std::round(x * 1e4) / 1e4; }
  check(1082);
}

TEST_CASE("Real data: an IMU with jitter at 50 Hz, seconds as double and as float", "[.][real]") {
  char const* const folder = data_folder("imu");
  if (folder == nullptr) { return; }
  auto const check = [&](auto tag) {
    using stamp = decltype(tag);
    auto const r = read_csv<stamp>(std::string(folder) + "/imu/xio_sensor_data.csv");
    for (auto value : float_types) {
      problem<stamp> p;
      p.source = dense(r.stamps, 1);
      p.target = uniform<stamp>(r.stamps.front(), stamp(1), stamp(50), 1,
                                std::int64_t((r.stamps.back() - r.stamps.front()) * 50) + 1);
      p.channels = r.channels;
      p.value_type = value;
      p.result_type = dtype::bfloat16;
      p.set_values(r.values);
      CHECK(verify(p) == "");
    }
  };
  check(double{});
  check(float{});
}
