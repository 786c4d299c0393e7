// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/fuse/fuse.hpp"

// Windows into trajectories that are too long to be staged whole: a kernel stages the stamps that lie where a window
// would be if stamps were evenly spaced, and looks further where they do not.
using namespace test;

namespace {

/// How the stamps of a trajectory lie.
enum class spacing { even, drawn, hole, bursts, same };

template <class Stamp>
std::vector<Stamp> make_stamps(generator& random, spacing how, std::int64_t count, Stamp step) {
  std::vector<Stamp> stamps;
  Stamp at = Stamp(1000);
  std::int64_t const hole = random.between(0, count - 1);
  for (std::int64_t i = 0; i < count; ++i) {
    switch (how) {
      case spacing::even: at += step; break;
      case spacing::drawn: at += Stamp(2 * double(step) * random.unit()); break;
      case spacing::hole: at += i == hole ? Stamp(double(step) * double(count)) : step; break;
      case spacing::bursts: at += i % 200 < 180 ? Stamp(double(step) / 50) : Stamp(10 * double(step)); break;
      case spacing::same: break;
    }
    stamps.push_back(at);
  }
  return stamps;
}

struct window_shape {
  std::int64_t batch, targets;
  std::vector<std::int64_t> lengths;   ///< samples per trajectory, about; one per stream
  std::vector<std::int64_t> channels;  ///< one per stream
  bool ascending = true;
};

template <class Stamp>
fuse_problem<Stamp> make(window_shape const& shape, spacing how, std::uint64_t seed) {
  generator random(seed);
  Stamp const step = std::is_integral_v<Stamp> ? Stamp(1000) : Stamp(0.5);
  constexpr std::int64_t trajectories = 3;
  fuse_problem<Stamp> p;
  for (std::size_t i = 0; i < shape.lengths.size(); ++i) {
    stream_data<Stamp> s;
    std::vector<std::int64_t> offsets{0};
    std::vector<Stamp> stamps;
    double const stretch = double(shape.lengths[0]) / double(std::max<std::int64_t>(shape.lengths[i], 1));
    for (std::int64_t b = 0; b < trajectories; ++b) {
      auto const one = make_stamps<Stamp>(random, how, shape.lengths[i] + random.between(0, 3),
                                          Stamp(std::max(1.0 / 64, double(step) * stretch)));
      stamps.insert(stamps.end(), one.begin(), one.end());
      offsets.push_back(std::int64_t(stamps.size()));
    }
    s.series.source = ragged(stamps, offsets);
    s.series.value_type = random.one_of({dtype::float32, dtype::float16, dtype::bfloat16});
    auto& options = s.series.options;
    options.method =
        random.one_of({interpolation::linear, interpolation::nearest, interpolation::previous, interpolation::next});
    options.causal = options.method == interpolation::previous && random.chance(0.5);
    options.before = options.causal ? edge::fill : random.one_of({edge::clamp, edge::fill, edge::extrapolate});
    options.after = random.one_of({edge::clamp, edge::fill, edge::extrapolate});
    if (options.method != interpolation::linear && !options.causal && random.chance(0.5)) {
      options.tolerance = step / 2;
    }
    options.fill = 7;
    s.latency = random.chance(0.3) ? Stamp((random.unit() - 0.5) * 8 * double(step)) : Stamp(0);
    s.series.channels = shape.channels[i];
    if (random.chance(0.3)) { s.series.row_stride = shape.channels[i] + 1; }  // odd, for an even number of channels
    s.series.draw_values(random, 0.001);
    p.streams.push_back(s);
  }
  p.result_type = random.one_of({dtype::float32, dtype::float16, dtype::bfloat16});

  std::vector<Stamp> anchors, deltas;
  std::vector<std::int64_t> trajectory;
  auto const& first = p.streams[0].series.source;
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    std::int64_t const e = random.between(0, trajectories - 1);
    trajectory.push_back(random.chance(0.05) ? trajectories : e);
    // At a sample, or beyond an end.
    anchors.push_back(
        first
            .stamps[std::size_t(random.between(first.offsets[std::size_t(e)], first.offsets[std::size_t(e) + 1] - 1))]);
    if (random.chance(0.1)) { anchors.back() += Stamp((random.chance(0.5) ? 60 : -60) * double(step)); }
  }
  for (std::int64_t k = 0; k < shape.targets; ++k) {
    deltas.push_back(Stamp((double(k) - double(shape.targets) / 2) * double(step) * 1.5));
  }
  if (!shape.ascending) { std::swap(deltas.front(), deltas[deltas.size() / 2]); }
  p.target = windows(anchors, deltas, trajectory);
  return p;
}

void check_windows(window_shape const& shape) {
  std::uint64_t seed = 7000;
  for (spacing how : {spacing::even, spacing::drawn, spacing::hole, spacing::bursts, spacing::same}) {
    CAPTURE(int(how), shape.batch, shape.targets, shape.lengths, shape.channels, shape.ascending);
    CHECK(verify(make<float>(shape, how, ++seed)) == "");
    CHECK(verify(make<double>(shape, how, ++seed)) == "");
    CHECK(verify(make<std::int64_t>(shape, how, ++seed)) == "");
    CHECK(verify(make<float>(shape, how, ++seed)) == "");  // on a chip of another size, where kernels run on the CPU
  }
}

}  // namespace

TEST_CASE("Fusion, windows: into trajectories longer than what is staged of them", "[fuse]") {
  check_windows({24, 32, {700, 600, 200}, {14, 7, 6}});
  check_windows({3, 250, {900, 128, 300}, {35, 6, 3}});
  check_windows({24, 20, {500, 127, 1}, {3, 70, 5}, false});
}

TEST_CASE("Fusion, windows: more streams than are staged or located at a time", "[fuse]") {
  window_shape shape{30, 16, {}, {}};
  for (std::int64_t i = 0; i < 16; ++i) {
    shape.lengths.push_back(40 + 37 * i);
    shape.channels.push_back(1 + i % 5);
  }
  check_windows(shape);
}
