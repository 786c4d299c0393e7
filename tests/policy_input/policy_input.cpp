// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/fuse/fuse.hpp"
#include "support/policy_input/policy_input.hpp"
#include "support/policy_input/rotations.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Policy input": each sentence by numbers that are worked out by hand.
using namespace test;

namespace {

using numbers = std::vector<double>;
using rows = std::vector<numbers>;
using robocache::rotation_format;

/// One trajectory, FP32, stamps 0, 1, 2 and so on.
template <class Stamp = float>
policy_stream_data<Stamp> series(std::int64_t channels, numbers const& values,
                                 interpolation method = interpolation::linear) {
  policy_stream_data<Stamp> s;
  std::vector<Stamp> stamps;
  for (std::size_t i = 0; i < values.size() / std::size_t(channels); ++i) { stamps.push_back(Stamp(i)); }
  s.series.source = dense(stamps, 1);
  s.series.channels = channels;
  s.series.options.method = method;
  s.series.set_values(values);
  return s;
}

template <class Stamp = float>
policy_fusion_data<Stamp> fusion(std::vector<policy_stream_data<Stamp>> streams, timeline_data<Stamp> target) {
  policy_fusion_data<Stamp> f;
  f.streams = std::move(streams);
  f.target = std::move(target);
  return f;
}

template <class Stamp>
policy_outcome well(policy_problem<Stamp> const& p) {
  auto const o = policy_input(p);
  REQUIRE(o.trouble + o.state.message() == "");
  return o;
}

/// All channels of each row of fusion `f`.
template <class Stamp>
rows rows_of(policy_problem<Stamp> const& p, std::size_t f = 0) {
  auto const o = well(p);
  rows found;
  for (std::int64_t row = 0; row < p[f].target.total(); ++row) {
    found.emplace_back();
    for (std::int64_t c = 0; c < p[f].width(); ++c) { found.back().push_back(result_at(p[f], o.fusions[f], row, c)); }
  }
  return found;
}

void check_near(rows const& found, rows const& wanted, double error = 1e-6) {
  REQUIRE(found.size() == wanted.size());
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    REQUIRE(found[row].size() == wanted[row].size());
    for (std::size_t c = 0; c < wanted[row].size(); ++c) {
      CAPTURE(row, c);
      CHECK(std::fabs(found[row][c] - wanted[row][c]) <= error);
    }
  }
}

double const h = std::sqrt(0.5);
double const pi = 3.14159265358979323846;

/// Quarter turns about z, one per second: quaternions x, y, z, w.
policy_stream_data<float> turning() {
  auto s = series(4, {0, 0, 0, 1, 0, 0, h, h, 0, 0, 1, 0}, interpolation::slerp);
  s.rotation = {{rotation_format::xyzw, {}}, {rotation_format::xyzw, {}}};
  return s;
}

}  // namespace

TEST_CASE("Policy input: without its own rules it is a fusion, bit for bit", "[policy_input]") {
  generator random(31);
  for (auto target : {shape::dense, shape::dense_lengths, shape::ragged, shape::uniform, shape::windows_as_of}) {
    for (int round = 0; round < 4; ++round) {
      fuse_problem<float> plain = draw_fuse<float>(random, target, random.between(1, 18), {3, 20, 40, 0.05});
      plain.result_first = 0;
      policy_fusion_data<float> f;
      for (auto const& s : plain.streams) {
        policy_stream_data<float> one;
        static_cast<stream_data<float>&>(one) = s;
        f.streams.push_back(one);
      }
      f.target = plain.target;
      f.result_type = plain.result_type;
      f.channels = plain.channels;
      f.fill = plain.fill;
      f.result_batch_stride = plain.result_batch_stride;
      f.result_row_stride = plain.result_row_stride;
      f.misaligned = plain.misaligned;
      f.mask = plain.mask;
      f.all_mask = plain.all_mask;
      auto const found = well<float>({f});
      fused const wanted = fuse(plain);
      REQUIRE(wanted.trouble + wanted.state.message() == "");
      CHECK(unlike_results(f.result_type, found.fusions[0].results, wanted.results) == "");
      CHECK(found.fusions[0].valid == wanted.valid);
      CHECK(found.fusions[0].all_valid == wanted.all_valid);
    }
  }
}

TEST_CASE("Policy input: several fusions in one call are calls of their own, bit for bit", "[policy_input]") {
  generator random(32);
  for (std::int64_t fusions : {2, 3, 10}) {
    policy_problem<double> all;
    while (std::int64_t(all.size()) < fusions) {
      for (auto f : draw_policy_input<double>(random, 1, random.between(1, 4))) {
        // Drawn in a call of its own, a fusion is number 0 there.
        for (auto& s : f.streams) { s.relative.to.fusion = s.relative.frame.fusion = stream_index::same_fusion; }
        all.push_back(f);
      }
    }
    auto const together = well(all);
    for (std::size_t f = 0; f < all.size(); ++f) {
      CAPTURE(fusions, f);
      auto const alone = well<double>({all[f]});
      CHECK(unlike_results(all[f].result_type, together.fusions[f].results, alone.fusions[0].results) == "");
      CHECK(together.fusions[f].valid == alone.fusions[0].valid);
      CHECK(together.fusions[f].all_valid == alone.fusions[0].all_valid);
    }
  }
}

TEST_CASE("Policy input: rows that are no whole vectors, where memory has room for them", "[policy_input]") {
  for (std::int64_t channels : {5, 6, 8}) {
    policy_stream_data<float> s;
    s.series.source = dense<float>({0, 1, 2}, 1);
    s.series.channels = channels;
    s.series.row_stride = 8;
    numbers values;
    for (std::int64_t i = 0; i < 3 * channels; ++i) { values.push_back(double(i * i % 17)); }
    s.series.set_values(values);
    auto f = fusion<float>({s}, dense<float>({0.5f, 1.25f, 2}, 1));
    f.channels = 8;
    CAPTURE(channels);
    CHECK(verify<float>({f}) == "");
  }
}

TEST_CASE("Policy input, relative: the difference to the value at the anchor, or at another time", "[policy_input]") {
  auto s = series(1, {0, 10, 30, 60});
  s.relative.wanted = true;
  auto f = fusion<float>({s}, windows<float>({1, 2}, {0, 0.5f, 1}, {0, 0}));
  CHECK(rows_of<float>({f}) == rows{{0}, {10}, {20}, {0}, {15}, {30}});
  f.streams[0].relative.at = -1;
  CHECK(rows_of<float>({f}) == rows{{10}, {20}, {30}, {20}, {35}, {50}});
  CHECK(verify<float>({f}) == "");
}

TEST_CASE("Policy input, relative: to another stream, of another fusion, by that one's rules", "[policy_input]") {
  auto state = series(1, {100, 200, 300}, interpolation::previous);
  state.scale = {0.5f};  // comes after, and is its own
  auto action = series(1, {0, 10, 30});
  action.relative.wanted = true;
  action.relative.to = {0, 0};
  policy_problem<float> p{fusion<float>({state}, windows<float>({1.5f}, {0})),
                          fusion<float>({action}, windows<float>({1.5f}, {0, 0.5f}))};
  CHECK(rows_of(p, 0) == rows{{100}});
  CHECK(rows_of(p, 1) == rows{{20 - 200}, {30 - 200}});
  CHECK(verify(p) == "");
}

TEST_CASE("Policy input, relative: a line to a stream on a curve", "[policy_input]") {
  for (auto method : {interpolation::catmull_rom, interpolation::pchip, interpolation::akima}) {
    auto state = series(2, {0, 5, 1, 4, 4, 2, 9, 7, 11, 1, 20, 0}, method);
    auto action = series(2, {0, 10, 30, 20, 10, 40, 5, 5, 1, 0, 2, 2});
    action.relative.wanted = true;
    action.relative.to = {0, 0};
    policy_problem<float> const p{fusion<float>({state}, windows<float>({2.25f}, {0})),
                                  fusion<float>({action}, windows<float>({2.25f}, {0, 0.5f, 1}))};
    CAPTURE(int(method));
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Policy input, relative: where the reference is not valid, fill, and valid 0", "[policy_input]") {
  auto s = series(1, {1, 2, 3});
  s.series.options.fill = -7;
  s.scale = {100};
  s.relative.wanted = true;
  auto f = fusion<float>({s}, windows<float>({5, 1}, {-4, -5}, {0, 0}));  // clamped at 5: a value, but not valid
  auto const o = well<float>({f});
  CHECK(rows_of<float>({f}) == rows{{-7}, {-7}, {-100}, {-100}});
  CHECK(o.fusions[0].valid == std::vector<std::uint8_t>{0, 0, 0, 0});
  f.streams[0].series.options.after = edge::hold;
  CHECK(rows_of<float>({f}) == rows{{-100}, {-200}, {-100}, {-100}});
  CHECK(well<float>({f}).fusions[0].valid == std::vector<std::uint8_t>{1, 1, 0, 0});
  CHECK(verify<float>({f}) == "");
}

TEST_CASE("Policy input, relative: of angles the difference is wrapped", "[policy_input]") {
  auto s = series(1, {3, -3, 3}, interpolation::angle);
  s.relative.wanted = true;
  auto const f = fusion<float>({s}, windows<float>({0}, {0, 1}));
  check_near(rows_of<float>({f}), {{0}, {2 * pi - 6}});
  CHECK(verify<float>({f}) == "");
}

TEST_CASE("Policy input, rotations: interpolated along the arc, in another format", "[policy_input]") {
  auto s = turning();
  auto f = fusion<float>({s}, windows<float>({0}, {0, 0.5f, 1.5f}));
  double const e = pi / 8;
  check_near(rows_of<float>({f}),
             {{0, 0, 0, 1}, {0, 0, std::sin(e), std::cos(e)}, {0, 0, std::sin(3 * e), std::cos(3 * e)}});
  f.streams[0].rotation.result = {rotation_format::vector, {}};
  check_near(rows_of<float>({f}), {{0, 0, 0}, {0, 0, pi / 4}, {0, 0, 3 * pi / 4}});
  f.streams[0].rotation.result = {rotation_format::columns, {}};
  check_near(rows_of<float>({f}), {{1, 0, 0, 0, 1, 0}, {h, h, 0, -h, h, 0}, {-h, h, 0, -h, -h, 0}});
  f.streams[0].rotation.result = {rotation_format::euler, robocache::euler("ZYX")};
  check_near(rows_of<float>({f}), {{0, 0, 0}, {pi / 4, 0, 0}, {3 * pi / 4, 0, 0}});
  CHECK(verify<float>({f}) == "");
}

TEST_CASE("Policy input, rotations: samples pass untouched where nothing is asked for", "[policy_input]") {
  auto s = series(4, {0, 0, 3, 4, 0, 0, 3, 4}, interpolation::slerp);
  s.rotation = {{rotation_format::xyzw, {}}, {rotation_format::xyzw, {}}};
  auto f = fusion<float>({s}, windows<float>({0}, {0, 0.5f}));
  check_near(rows_of<float>({f}), {{0, 0, 3, 4}, {0, 0, 0.6, 0.8}});
  f.streams[0].rotation.sign = robocache::quaternion_sign::positive;
  check_near(rows_of<float>({f}), {{0, 0, 0.6, 0.8}, {0, 0, 0.6, 0.8}});
  f.streams[0].rotation.result = {rotation_format::wxyz, {}};
  check_near(rows_of<float>({f}), {{0.8, 0, 0, 0.6}, {0.8, 0, 0, 0.6}});
}

TEST_CASE("Policy input, rotations: a row that is no rotation gives NaN, a target without a row fill",
          "[policy_input]") {
  auto s = series(4, {0, 0, 0, 0, 0, 0, 0, 1}, interpolation::slerp);
  s.rotation = {{rotation_format::xyzw, {}}, {rotation_format::rows, {}}};
  s.series.options.after = edge::fill;
  s.series.options.fill = 5;
  auto const found = rows_of<float>({fusion<float>({s}, windows<float>({0}, {0, 0.5f, 1, 2}))});
  for (double x : found[0]) { CHECK(std::isnan(x)); }
  for (double x : found[1]) { CHECK(std::isnan(x)); }
  check_near({found[2]}, {{1, 0, 0, 0, 1, 0}});
  CHECK(found[3] == numbers{5, 5, 5, 5, 5, 5});
}

TEST_CASE("Policy input, relative: a pose as seen from the pose at the anchor", "[policy_input]") {
  auto position = series(3, {0, 0, 0, 1, 0, 0, 1, 2, 0});
  position.relative.wanted = true;
  position.relative.frame = {1};
  auto rotation = turning();
  rotation.rotation.result = {rotation_format::vector, {}};
  rotation.relative.wanted = true;
  auto const f = fusion<float>({position, rotation}, windows<float>({1}, {0, 1, -1}));
  // At 1 the frame looks along y: what is ahead in y is ahead in its x.
  check_near(rows_of<float>({f}), {{0, 0, 0, 0, 0, 0}, {2, 0, 0, 0, 0, pi / 2}, {0, 1, 0, 0, 0, -pi / 2}});
  CHECK(verify<float>({f}) == "");
}

TEST_CASE("Policy input, finish: scale and shift of each step, then clamp; NaN stays", "[policy_input]") {
  auto s = series(2, {1, 2, 3, 4, std::nan(""), 6});
  s.affine_stride = 3;  // the third number of a row is not read
  s.scale = {1, 10, -1, 2, 20, -1, 3, 30, -1};
  s.shift = {0, 0, -1, 1, 1, -1, 0, 0, -1};
  s.low = {2, -1000};
  s.high = {5, 61};
  auto const f = fusion<float>({s}, windows<float>({0}, {0, 1, 2}));
  auto const found = rows_of<float>({f});
  CHECK(found[0] == numbers{2, 20});
  CHECK(found[1] == numbers{5, 61});
  CHECK((std::isnan(found[2][0]) && found[2][1] == 61));
  CHECK(verify<float>({f}) == "");
}

TEST_CASE("Policy input, sin_cos: the sines of all angles, then their cosines", "[policy_input]") {
  auto s = series(2, {0, pi / 2, pi / 2, pi}, interpolation::angle);
  s.sin_cos = true;
  s.shift = {0, 0, 10, 20};
  auto const f = fusion<float>({s}, windows<float>({0}, {0, 1}));
  check_near(rows_of<float>({f}), {{0, 1, 11, 20}, {1, 0, 10, 19}}, 2e-6);
  CHECK(verify<float>({f}) == "");
}

TEST_CASE("Policy input, velocity: the slope of the bracket to the right, at the last sample to the left",
          "[policy_input]") {
  auto s = series(1, {0, 10, 30, 60});
  s.derivative = robocache::derivative_order::velocity;
  s.ticks_per_second = 2;
  s.series.options.fill = -7;
  auto f = fusion<float>({s}, windows<float>({0}, {-1, 0, 0.5f, 1, 1.5f, 2.75f, 3, 4}));
  CHECK(rows_of<float>({f}) == rows{{0}, {20}, {20}, {40}, {40}, {60}, {60}, {0}});
  CHECK(well<float>({f}).fusions[0].valid == std::vector<std::uint8_t>{0, 1, 1, 1, 1, 1, 1, 0});
  auto& options = f.streams[0].series.options;
  options.before = edge::fill;
  options.after = edge::extrapolate;
  CHECK(rows_of<float>({f}) == rows{{-7}, {20}, {20}, {40}, {40}, {60}, {60}, {60}});
  options.after = edge::hold;
  CHECK(rows_of<float>({f}).back() == numbers{0});
  CHECK(well<float>({f}).fusions[0].valid.back() == 1);
  options.max_gap = 0.5f;  // every bracket is wider, at its samples too
  for (auto const& row : rows_of<float>({f})) { CHECK(row == numbers{-7}); }
  CHECK(verify<float>({f}) == "");
}

TEST_CASE("Policy input, velocity: what finite differences of the values come to", "[policy_input]") {
  auto line = series(2, {0, 1, 10, -3, 25, 4});
  auto arc = series(1, {3, -3, 2.5}, interpolation::angle);
  auto rotation = turning();
  double const by = 0x1p-6;
  auto const values = rows_of<float>({fusion<float>({line, arc}, windows<float>({1.25f}, {0, float(by)}))});
  auto velocity = [](auto s) {
    s.derivative = robocache::derivative_order::velocity;
    return s;
  };
  auto f = fusion<float>({velocity(line), velocity(arc), velocity(rotation)}, windows<float>({1.25f}, {0}));
  auto const found = rows_of<float>({f}).at(0);
  for (std::size_t c = 0; c < 3; ++c) { CHECK(std::fabs(found[c] - (values[1][c] - values[0][c]) / by) <= 2e-4); }
  // A quarter turn about z a second, of the body and of the world.
  check_near({{found[3], found[4], found[5]}}, {{0, 0, pi / 2}}, 3e-6);
  f.streams[2].rotation.world_frame = true;
  check_near({rows_of<float>({f}).at(0)}, {{found[0], found[1], found[2], 0, 0, pi / 2}}, 3e-6);
  CHECK(verify<float>({f}) == "");
}

TEST_CASE("Policy input, as of: each fusion and its references by its own windows", "[policy_input]") {
  auto state = series(1, {0, 10, 20, 30});
  state.series.options.after = edge::hold;
  auto action = series(1, {0, 10, 20, 30});
  action.relative.wanted = true;
  action.relative.to = {0, 0};
  policy_problem<float> p{fusion<float>({state}, windows<float>({1.5f}, {0, -1}, {}, {1.5f})),
                          fusion<float>({action}, windows<float>({1.5f}, {0, 1}))};
  CHECK(rows_of(p, 0) == rows{{10}, {5}});
  CHECK(rows_of(p, 1) == rows{{5}, {15}});  // 15 and 25, less the 10 that is known
  CHECK(verify(p) == "");
}

TEST_CASE("Policy input: no targets, no batch, and rows without an owner", "[policy_input]") {
  auto const s = series(2, {1, 2, 3, 4});
  CHECK(well<float>({fusion<float>({s}, windows<float>({0}, {}))}).fusions[0].results.empty());
  auto none = s;
  none.series.source = dense<float>({}, 0);
  none.series.values.clear();
  auto f = fusion<float>({none}, ragged<float>({1, 2}, {0}));
  f.streams[0].series.options.fill = 3;
  CHECK(rows_of<float>({f}) == rows{{3, 3}, {3, 3}});
}
