// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include "support/backward/fuse.hpp"
#include "support/catch.hpp"
#include "support/fuse/fusion.hpp"
#include "support/scenario.hpp"

// Gradients of fusions at the sizes at which source rows are cut into tiles, and tiles into chunks of channels: each
// finds its own readers among the targets.
using namespace test;

namespace {

/// A stream over `length` samples, all of whose gradients are wanted.
template <class Stamp>
stream_data<Stamp> drawn_stream(generator& random, std::int64_t length, std::int64_t channels, interpolation method,
                                Stamp latency) {
  stream_data<Stamp> s;
  s.series.source = dense(draw_stamps<Stamp>(random, length, Stamp(0), Stamp(10)), 1);
  s.series.options.method = method;
  s.series.channels = channels;
  s.series.draw_values(random);
  s.latency = latency;
  for (std::int64_t c = 0; c < channels; ++c) {
    s.scale.push_back(float(random.between(-16, 16)) / 8);
    s.shift.push_back(float(random.between(-16, 16)) / 8);
  }
  return s;
}

template <class Stamp>
fuse_backward_problem<Stamp> all_of(generator& random, std::vector<stream_data<Stamp>> streams,
                                    std::vector<Stamp> targets) {
  fuse_backward_problem<Stamp> p;
  p.forward = fusion<Stamp>(std::move(streams), std::move(targets));
  p.out.assign(p.forward.streams.size(), {true, true, true});
  p.draw_results(random);
  return p;
}

/// Long series, each of whose tiles is read by few of the targets.
template <class Stamp>
void check_long(generator& random) {
  for (auto latency : {Stamp(35), Stamp(-35)}) {
    std::vector<stream_data<Stamp>> streams;
    for (auto method : methods_with_gradients) {
      streams.push_back(drawn_stream<Stamp>(random, 1500, 7, method, latency));
    }
    // As the sensor is late, its targets read samples of other tiles than their own time is in.
    streams.push_back(drawn_stream<Stamp>(random, 1500, 7, interpolation::previous, latency));
    streams.back().series.options.causal = true;
    streams.back().series.options.before = edge::fill;
    auto const targets = draw_stamps<Stamp>(random, 700, Stamp(-50), Stamp(22));
    CHECK(verify(all_of(random, streams, targets)) == "");
  }
}

}  // namespace

TEST_CASE("Gradients of a fusion, tiles: long series, late and early, causal or not", "[fuse_backward]") {
  generator random(1500);
  check_long<float>(random);
  check_long<double>(random);
  check_long<std::int64_t>(random);
}

TEST_CASE("Gradients of a fusion, tiles: rows so wide that they are cut, each scaled by its own", "[fuse_backward]") {
  generator random(1600);
  for (std::int64_t channels : {1025, 2051}) {
    auto const targets = draw_stamps<float>(random, 90, -10, 2);
    auto p = all_of<float>(random,
                           {drawn_stream<float>(random, 12, 3, interpolation::linear, 2),
                            drawn_stream<float>(random, 12, channels, interpolation::linear, -3)},
                           targets);
    p.wants_targets = true;
    CHECK(verify(p) == "");
  }
}
