// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/policy_input/policy_input.hpp"

// Windows of one anchor in long trajectories: fusions with the same anchors, streams, clocks and targets, or nearly,
// which a kernel of their own locates and makes together.
using namespace test;

namespace {

using robocache::rotation_format;

/// How the stamps of a trajectory lie.
enum class spacing { even, drawn, hole };

template <class Stamp>
timeline_data<Stamp> make_source(generator& random, spacing how, std::int64_t length, double step) {
  std::vector<Stamp> stamps;
  std::vector<std::int64_t> offsets{0};
  for (int b = 0; b < 3; ++b) {
    std::int64_t const count = length + random.between(0, 5);
    std::int64_t const hole = random.between(0, count - 1);
    double at = 1000;
    for (std::int64_t i = 0; i < count; ++i) {
      at += how == spacing::drawn ? 2 * step * random.unit() : step;
      if (how == spacing::hole && i == hole) { at += step * double(count); }
      stamps.push_back(Stamp(at));
    }
    offsets.push_back(std::int64_t(stamps.size()));
  }
  return ragged(stamps, offsets);
}

template <class Stamp>
policy_stream_data<Stamp> make_stream(generator& random, timeline_data<Stamp> const& source, std::int64_t channels) {
  policy_stream_data<Stamp> s;
  s.series.source = source;
  s.series.channels = channels;
  s.series.value_type = channels == 4 ? dtype::float32 : random.one_of({dtype::float32, dtype::float16});
  s.series.draw_values(random, channels == 14 ? 0.0005 : 0);
  if (channels == 4) {
    s.series.options.method = interpolation::slerp;
    s.rotation = {{rotation_format::xyzw, {}}, {rotation_format::columns, {}}};
    s.relative.wanted = true;
    auto const layout = s.series.value_layout();
    for (std::int64_t row = 0; row < layout.total; ++row) {
      double const half = 0.002 * double(row);
      double const numbers[] = {0, std::sin(half), 0, std::cos(half)};
      for (int c = 0; c < 4; ++c) {
        store_bits(dtype::float32, s.series.values.data(), layout.begin(row) + c, encode(dtype::float32, numbers[c]));
      }
    }
  }
  s.series.options.before = random.one_of({edge::clamp, edge::fill, edge::extrapolate});
  s.series.options.after = random.one_of({edge::clamp, edge::fill, edge::hold});
  for (std::int64_t c = 0; c < s.result_channels(); ++c) {
    s.scale.push_back(float(c + 1) / 4);
    s.shift.push_back(float(c) / 8);
    s.low.push_back(-2);
    s.high.push_back(2);
  }
  return s;
}

/// Joints, a position, a rotation and a force, the pose relative to that at the anchor.
template <class Stamp>
policy_problem<Stamp> make(generator& random, spacing how, std::vector<std::vector<Stamp>> const& deltas, double step) {
  auto const fast = make_source<Stamp>(random, how, 700, step);
  auto const slow = make_source<Stamp>(random, how, 230, 3 * step);
  policy_fusion_data<Stamp> f;
  f.ages = false;
  for (std::int64_t channels : {14, 3, 4, 6}) {
    f.streams.push_back(make_stream(random, channels == 6 ? slow : fast, channels));
  }
  f.streams[1].relative.wanted = true;
  f.streams[1].relative.frame = {2};
  if (random.chance(0.5)) { f.streams[3].relative.wanted = true; }
  if (random.chance(0.5)) { f.streams[3].relative.at = Stamp(2.5 * step); }
  std::vector<Stamp> anchors;
  std::vector<std::int64_t> trajectory;
  for (int b = 0; b < 9; ++b) {
    anchors.push_back(Stamp(1000 + step * double(random.between(-20, 760))));
    trajectory.push_back(random.between(0, random.chance(0.1) ? 3 : 2));  // there is no 3
  }
  policy_problem<Stamp> p;
  for (auto const& each : deltas) {
    f.target = windows<Stamp>(anchors, each, trajectory);
    p.push_back(f);
  }
  return p;
}

/// As many deltas from `first` on, in steps.
template <class Stamp>
std::vector<Stamp> deltas_from(int first, int count, double step) {
  std::vector<Stamp> deltas;
  for (int k = 0; k < count; ++k) { deltas.push_back(Stamp(2 * step * (first + k))); }
  return deltas;
}

template <class Stamp>
void check_all(double step) {
  generator random(71);
  for (spacing how : {spacing::even, spacing::drawn, spacing::hole}) {
    // A history and a chunk, of which a target is common, or none; more rows than a warp has lanes; one long reach.
    for (int first : {-1, -40}) {
      for (int count : {3, 16, 30, 50}) {
        auto const p =
            make<Stamp>(random, how, {deltas_from<Stamp>(first, 2, step), deltas_from<Stamp>(0, count, step)}, step);
        CAPTURE(int(how), first, count);
        CHECK(verify(p) == "");
      }
    }
  }
}

}  // namespace

TEST_CASE("Policy input, windows: a history and a chunk of the same streams", "[policy_input]") {
  check_all<std::int64_t>(1000);
  check_all<double>(0.25);
}

TEST_CASE("Policy input, windows: fusions of other results, rules or references share what is the same",
          "[policy_input]") {
  generator random(72);
  for (int change = 0; change < 14; ++change) {
    CAPTURE(change);
    auto p = make<std::int64_t>(random, spacing::even,
                                {deltas_from<std::int64_t>(-2, 3, 1000), deltas_from<std::int64_t>(0, 12, 1000),
                                 deltas_from<std::int64_t>(0, 12, 1000)},
                                1000);
    auto& f = p[1];
    switch (change) {
      case 0: f.result_type = dtype::bfloat16; break;
      case 1: f.streams[0].series.options.max_gap = 1500; break;
      case 2: f.streams[0].scale[3] = 9; break;
      case 3: f.streams[2].relative.at = 3000; break;
      case 4: f.streams[1].relative.frame = {2, 0}; break;
      case 5: f.target.as_of = f.target.starts; break;
      case 6: f.streams[0].latency = 700; break;
      case 7:
        for (auto& one : p) { one.streams[0].series.options.before = one.streams[0].series.options.after = edge::fill; }
        f.streams[0].series.options.fill = 5;
        break;
      case 8:
        f.streams[0].first_channel = 1;
        f.streams[1].first_channel = 15;
        f.channels = 40;
        break;
      case 9: f.ages = true; break;
      case 10:
        f.streams[2].rotation.result = {rotation_format::vector, {}};
        f.streams[2].scale.clear();
        break;
      case 11: f.own_anchors = true; break;
      case 12:  // the last of its streams goes another way: then so do all
        f.streams[3].relative.wanted = false;
        f.streams[3].derivative = robocache::derivative_order::velocity;
        p[0].streams[0].series.options.after = f.streams[0].series.options.after = edge::clamp;
        p[2].streams[0].series.options.after = edge::hold;
        break;
      case 13: f.streams[0].series.options.method = interpolation::nearest; break;
      default: break;
    }
    CHECK(verify(p) == "");
  }
}
