// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/fuse/fuse.hpp"
#include "support/scenario.hpp"

// Rings in the shapes of fusions that have code of their own: rows of odd width put together as runs of bytes, and the
// few rows of one robot.
using namespace test;

namespace {

/// Rings whose trajectories turn at places of their own.
template <class Stamp>
fuse_problem<Stamp> make(generator& random, std::int64_t batch, std::int64_t targets, std::int64_t capacity,
                         std::vector<std::int64_t> const& channels, std::vector<interpolation> const& methods) {
  fuse_problem<Stamp> p;
  Stamp const step = std::is_integral_v<Stamp> ? Stamp(1000) : Stamp(0.5);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    stream_data<Stamp> s;
    std::vector<Stamp> stamps;
    std::vector<std::int64_t> written;
    for (std::int64_t b = 0; b < batch; ++b) {
      auto const row = draw_stamps<Stamp>(random, capacity, step, step);
      stamps.insert(stamps.end(), row.begin(), row.end());
      written.push_back(random.chance(0.2) ? random.between(0, capacity) : random.between(capacity, 3 * capacity));
    }
    s.series.source = ring(stamps, written);
    s.series.options.method = methods[i];
    s.series.options.before = s.series.options.after = edge::extrapolate;
    s.series.channels = channels[i];
    s.series.value_type = random.one_of({dtype::float32, dtype::float16, dtype::bfloat16});
    s.series.draw_values(random);
    p.streams.push_back(s);
  }
  std::vector<Stamp> anchors, deltas, as_of;
  for (std::int64_t b = 0; b < batch; ++b) {
    anchors.push_back(Stamp(double(step) * double(capacity) * random.unit()));
    as_of.push_back(anchors.back() + step);
  }
  for (std::int64_t k = 0; k < targets; ++k) { deltas.push_back(Stamp(double(step) * 0.37 * double(k - targets / 2))); }
  p.target = windows(anchors, deltas, {}, random.chance(0.5) ? as_of : std::vector<Stamp>{});
  for (auto& s : p.streams) { s.series.target = p.target; }
  p.result_type = dtype::float32;
  return p;
}

}  // namespace

TEST_CASE("Fusion of rings: rows of odd width, many targets", "[fuse]") {
  generator random(1500);
  for (int round = 0; round < 6; ++round) {
    std::vector<interpolation> const methods{interpolation::linear, interpolation::previous, interpolation::linear};
    CAPTURE(round);
    CHECK(verify(make<std::int64_t>(random, 30, 40, 24, {3, 5, 7}, methods)) == "");
    CHECK(verify(make<float>(random, 24, 64, 17, {14, 1, 33}, methods)) == "");
  }
}

TEST_CASE("Fusion of rings: one robot, few targets, by every method", "[fuse]") {
  generator random(1600);
  for (std::int64_t capacity : {0, 1, 2, 31, 32, 33, 200, 256, 257}) {
    for (auto method : all_methods) {
      for (std::int64_t targets : {1, 3}) {
        CAPTURE(capacity, int(method), targets);
        std::int64_t const channels = channels_for(method, 8);
        auto const p = make<std::int64_t>(random, 1, targets, capacity, {channels, 3}, {method, interpolation::linear});
        CHECK(verify(p) == "");
        CHECK(verify(make<double>(random, 2, targets, capacity, {channels}, {method})) == "");
      }
    }
  }
}
