// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/append/append.hpp"
#include "support/backend.hpp"
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/recording.hpp"
#include "support/scenario.hpp"
#include "support/skip.hpp"

// Real recordings replayed as if they were live: at each tick the result is that of the whole recording as of the tick.
using namespace test;

namespace {

/// @param period  from tick to tick, and from target to target
template <class Stamp>
void replay(recording<Stamp> const& r, Stamp period, interpolation method, std::int64_t capacity) {
  problem<Stamp> offline;
  offline.source = dense(r.stamps, 1);
  offline.channels = r.channels;
  offline.options.method = method;
  offline.options.after = edge::hold;
  offline.options.max_gap = 12 * period;
  offline.set_values(r.values);
  std::vector<Stamp> clocks;
  for (Stamp now = r.stamps.front(); now <= r.stamps.back(); now += period) { clocks.push_back(now); }
  std::vector<Stamp> const deltas{-2 * period, -period, Stamp(0)};
  offline.target = windows(clocks, deltas, std::vector<std::int64_t>(clocks.size(), 0), clocks);
  auto const wanted = resample(offline);
  REQUIRE(wanted.state.ok());

  append_problem<Stamp> p;
  p.streams = {empty_ring<Stamp>(1, capacity, r.channels)};
  auto& stream = p.streams[0];
  problem<Stamp> online = offline;
  std::size_t sent = 0;
  std::size_t valid = 0;
  auto const bytes = std::size_t(stream.row_bytes());
  for (std::size_t tick = 0; tick < clocks.size(); ++tick) {
    auto const begin = sent;
    while (sent < r.stamps.size() && r.stamps[sent] <= clocks[tick]) { ++sent; }
    stream.rows = std::int64_t(sent - begin);
    stream.new_stamps.assign(r.stamps.begin() + long(begin), r.stamps.begin() + long(sent));
    stream.new_values.assign(offline.values.begin() + long(begin * bytes), offline.values.begin() + long(sent * bytes));
    auto const o = append(p);
    REQUIRE(o.trouble == "");
    REQUIRE(o.streams[0].written[0] == std::int64_t(sent));
    p.streams = o.streams;
    read_ring(stream, online);
    online.target = windows<Stamp>({clocks[tick]}, deltas);
    auto const found = resample(online);
    CAPTURE(tick, int(method));
    std::size_t const size = found.results.size();
    std::vector<std::byte> const then(wanted.results.begin() + long(tick * size),
                                      wanted.results.begin() + long((tick + 1) * size));
    REQUIRE(unlike_results(dtype::float32, found.results, then) == "");
    REQUIRE(std::equal(found.valid.begin(), found.valid.end(), wanted.valid.begin() + long(tick * 3)));
    valid += std::size_t(std::count(found.valid.begin(), found.valid.end(), 1));
  }
  CHECK(valid > clocks.size());
}

}  // namespace

TEST_CASE("Real data, live: each tick of a drone's flight is that of the recording as of the tick", "[.][real]") {
  char const* const folder = data_folder("px4_flight");
  if (folder == nullptr) { return; }
  for (char const* topic : {"angular_velocity", "attitude", "gps", "local_position", "magnetometer"}) {
    auto const r = read_csv<std::int64_t>(std::string(folder) + "/px4_flight/" + topic + ".csv");
    CAPTURE(topic);
    replay<std::int64_t>(r, 20'000, interpolation::linear, 64);
    replay<std::int64_t>(r, 20'000, interpolation::akima, 64);
    if (r.channels == 4) { replay<std::int64_t>(r, 20'000, interpolation::slerp, 64); }
  }
}

TEST_CASE("Real data, live: an IMU with jitter, seconds as double and as float", "[.][real]") {
  char const* const folder = data_folder("imu");
  if (folder == nullptr) { return; }
  std::string const path = std::string(folder) + "/imu/xio_sensor_data.csv";
  replay<double>(read_csv<double>(path), 0.05, interpolation::linear, 32);
  replay<float>(read_csv<float>(path), 0.05f, interpolation::pchip, 32);
}
