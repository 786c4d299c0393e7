// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/backend.hpp"
#include "support/backward/fuse.hpp"
#include "support/catch.hpp"
#include "support/fuse/fusion.hpp"
#include "support/scenario.hpp"

// The semantics' "Through a fusion", sentence by sentence. `verify` compares every bit with a replay in FP32 that knows
// nothing of the library, with each promise about the order of targets that holds.
using namespace test;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// All gradients of all streams, for gradients of the results that are given row by row.
template <class Stamp>
fuse_backward_problem<Stamp> backward_of(std::vector<stream_data<Stamp>> streams, std::vector<Stamp> targets,
                                         std::vector<double> const& results) {
  fuse_backward_problem<Stamp> p;
  p.forward = fusion<Stamp>(std::move(streams), std::move(targets));
  p.out.assign(p.forward.streams.size(), {true, true, true});
  p.set_results(results);
  return p;
}

template <class Stamp>
fused_gradients gradients_of(fuse_backward_problem<Stamp> const& p) {
  fused_gradients o = fuse_backward(p);
  REQUIRE(o.trouble + o.state.message() == "");
  return o;
}

/// The gradients of a stream's values, row by row.
template <class Stamp>
numbers values_of(fuse_backward_problem<Stamp> const& p, std::size_t i) {
  auto const o = gradients_of(p);
  numbers found;
  problem<Stamp> const& s = p.forward.streams[i].series;
  for (std::int64_t row = 0; row < s.source.total(); ++row) {
    for (std::int64_t c = 0; c < s.channels; ++c) { found.push_back(gradient_at(p, o, i, row, c)); }
  }
  return found;
}

using floats = std::vector<float>;

/// A stream of `channels` channels with random values, at 0, 1, 2, ...
stream_data<float> random_stream(generator& random, std::int64_t channels, std::int64_t length) {
  stream_data<float> s;
  s.series.source = uniform<float>(0, 1, 1, 1, length);
  s.series.channels = channels;
  s.series.draw_values(random);
  return s;
}

}  // namespace

TEST_CASE("Gradients of a fusion: of each stream's values, from its channels", "[fuse_backward]") {
  auto p =
      backward_of<float>({one_stream<float>({0, 4}, {0, 0}), one_stream<float>({0, 4}, {0, 0}, interpolation::next)},
                         {1, 2}, {16, 1, 32, 2});
  CHECK(values_of(p, 0) == numbers{28, 20});
  CHECK(values_of(p, 1) == numbers{0, 3});
  CHECK(verify(p) == "");
  // Wherever the channels are.
  p.forward.streams[0].first_channel = 3;
  p.forward.streams[1].first_channel = 1;
  p.set_results({not_a_number, 1, not_a_number, 16, not_a_number, 2, not_a_number, 32});
  CHECK(values_of(p, 0) == numbers{28, 20});
  CHECK(values_of(p, 1) == numbers{0, 3});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion: the time asked for is that of the stream, latency and causality included",
          "[fuse_backward]") {
  auto s = one_stream<std::int64_t>({0, 4, 8}, {1, 2, 3});
  s.latency = 3;
  auto held = one_stream<std::int64_t>({0, 4, 8}, {1, 2, 3}, interpolation::previous);
  held.latency = 3;
  auto causal = held;
  causal.series.options.causal = true;
  causal.series.options.before = edge::fill;
  auto p = backward_of<std::int64_t>({s, held, causal}, {-1, 1, 3, 6}, {1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8});
  // At 2, 4, 6, 9; held the same; causal at none, 1, 3, 6.
  CHECK(values_of(p, 0) == numbers{0.5, 4.5, 10});
  CHECK(values_of(p, 1) == numbers{1, 6, 8});
  CHECK(values_of(p, 2) == numbers{6, 8, 0});
  CHECK(gradients_of(p).streams[1].scale == floats{1 + 12 + 24});
  CHECK(gradients_of(p).streams[2].scale == floats{2 + 4 + 16});
  CHECK(gradients_of(p).streams[2].shift == floats{14});  // the first target gives fill
  CHECK(verify(p) == "");
  // A sample's age at target + latency.
  for (auto& one : p.forward.streams) { one.series.options.max_gap = 4; }
  CHECK(values_of(p, 2) == numbers{2, 0, 0});  // ages 4, 6, 5
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion, values: scale multiplies the finished sum, before the rounding to the type",
          "[fuse_backward]") {
  float const scale = 1 + std::ldexp(1.0f, -12);
  auto s = one_stream<float>({0}, {1});
  s.scale = {scale};
  auto p = backward_of<float>({s}, {0, 0, 0}, {16777216, 1, 1});
  // The sum is 2^24, whatever comes after; its product is exact. A sum of products would be more.
  CHECK(values_of(p, 0) == numbers{16777216 + 4096});
  p.set_results({1, 1, -2});
  CHECK(values_of(p, 0) == numbers{0});
  CHECK(verify(p) == "");
  p.forward.streams[0].series.value_type = dtype::bfloat16;
  p.forward.streams[0].series.set_values({1});
  p.set_results({256, 1, 1});  // the sum, 258, is a BF16, and so is the result
  p.forward.streams[0].scale = {0.5f};
  CHECK(values_of(p, 0) == numbers{129});
  p.set_results({256, 1, 0});  // 257 is none: rounded before the product it would be 256, and then 128
  CHECK(values_of(p, 0) == numbers{decode(dtype::bfloat16, encode(dtype::bfloat16, 128.5))});
  p.forward.streams[0].scale = {2 + 1.0f / 64};
  CHECK(values_of(p, 0) == numbers{decode(dtype::bfloat16, encode(dtype::bfloat16, 257 * (2 + 1.0 / 64)))});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion, values: 0 where no target reads, and a scale that is infinite makes that NaN",
          "[fuse_backward]") {
  auto s = one_stream<float>({0, 1, 2}, {1, 2, 3});
  auto p = backward_of<float>({s}, {0}, {2});
  p.forward.streams[0].scale = {3};
  CHECK(values_of(p, 0) == numbers{6, 0, 0});
  p.forward.streams[0].scale = {std::numeric_limits<float>::infinity()};
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion, scale and shift: sums over target rows", "[fuse_backward]") {
  auto s = one_stream<double>({0, 4}, {8, 16});
  s.scale = {100};  // plays no part: v is the value before it
  s.shift = {-7};
  auto p = backward_of<double>({s}, {-1, 0, 1, 4, 5}, {1, 2, 4, 8, 16});
  CHECK(gradients_of(p).streams[0].scale == floats{8 + 16 + 40 + 128 + 256});  // clamped rows count
  CHECK(gradients_of(p).streams[0].shift == floats{31});
  p.forward.streams[0].scale = p.forward.streams[0].shift = {};  // their gradients are there without them
  CHECK(gradients_of(p).streams[0].scale == floats{448});
  CHECK(gradients_of(p).streams[0].shift == floats{31});
  CHECK(verify(p) == "");
  p.forward.streams[0].series.options.before = p.forward.streams[0].series.options.after = edge::fill;
  CHECK(gradients_of(p).streams[0].scale == floats{184});  // fill does not
  CHECK(gradients_of(p).streams[0].shift == floats{14});
  p.set_results({not_a_number, 2, 4, 8, not_a_number});
  CHECK(gradients_of(p).streams[0].shift == floats{14});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion, scale and shift: padding counts as 0", "[fuse_backward]") {
  auto s = one_stream<float>({0, 1}, {1, 2});
  s.series.source = shared<float>({0, 1}, 2);
  s.series.set_values({1, 2, 3, 4});
  fuse_backward_problem<float> p;
  p.forward.streams = {s};
  p.out = {{true, true, true}};
  p.forward.target = dense<float>({0, 1, 0, 1}, 2, {1, 2});
  p.set_results({1, not_a_number, 2, 4});
  CHECK(gradients_of(p).streams[0].scale == floats{1 + 6 + 16});
  CHECK(gradients_of(p).streams[0].shift == floats{7});
  CHECK(verify(p) == "");
  p.forward.target = ragged<float>({0, 0, 1, 0}, {1, 1, 3});
  p.set_results({not_a_number, 2, 4, not_a_number});
  CHECK(gradients_of(p).streams[0].scale == floats{6 + 16});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion, scale and shift: groups of 64 rows, then groups of their sums", "[fuse_backward]") {
  // 2^24 in front of a group swallows the ones behind it; a sum from left to right would swallow those of all groups.
  auto const shift_of = [](std::int64_t count, std::vector<std::size_t> const& large) {
    std::vector<double> results(std::size_t(count), 1.0);
    for (std::size_t i : large) { results[i] = 16777216; }
    auto p = backward_of<float>({one_stream<float>({0}, {1})}, floats(std::size_t(count), 0), results);
    CHECK(verify(p) == "");
    auto const o = gradients_of(p);
    CHECK(o.streams[0].scale == o.streams[0].shift);
    return o.streams[0].shift[0];
  };
  CHECK(shift_of(64, {0}) == 16777216);
  CHECK(shift_of(65, {0}) == 16777216);
  CHECK(shift_of(66, {0}) == 16777218);
  CHECK(shift_of(128, {0}) == 16777216 + 64);
  CHECK(shift_of(128, {63}) == 16777216 + 63 + 65);  // 63 + 2^24 is a tie that goes up
  CHECK(shift_of(64 * 64, {0}) == 16777216 + 63 * 64);
  CHECK(shift_of(64 * 64 + 1, {0}) == 16777216 + 63 * 64);  // one more, alone in the third level
  CHECK(shift_of(64 * 64 + 2, {0}) == 16777216 + 63 * 64 + 2);
  CHECK(shift_of(64 * 64 * 3 + 100, {64 * 64}) == 16777216 + 2 * 64 * 64 + 63 * 64 + 100);
}

TEST_CASE("Gradients of a fusion, scale and shift: rows counted over the whole batch", "[fuse_backward]") {
  generator random(71);
  for (std::int64_t batch : {1, 3, 70}) {
    for (std::int64_t length : {1, 21, 63, 64, 65, 200}) {
      fuse_backward_problem<float> p;
      auto s = random_stream(random, 5, 9);
      s.series.source.batch = batch;
      s.series.draw_values(random);
      s.latency = 0.5f;
      p.forward.streams = {s};
      p.out = {{length % 2 == 0, true, true}};
      p.forward.target = uniform<float>(-1, 11, float(length), batch, length);
      p.draw_results(random);
      CAPTURE(batch, length);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Gradients of a fusion, scale and shift: a sum starts at +0", "[fuse_backward]") {
  auto p = backward_of<float>({one_stream<float>({0}, {1})}, {0}, {-0.0});
  auto const o = gradients_of(p);
  CHECK_FALSE(std::signbit(o.streams[0].scale[0]));
  CHECK_FALSE(std::signbit(o.streams[0].shift[0]));
}

TEST_CASE("Gradients of a fusion, scale and shift: product and sum are each rounded", "[fuse_backward]") {
  float const a = 1 + std::ldexp(1.0f, -12);
  auto p = backward_of<float>({one_stream<float>({0, 1}, {1, a})}, {0, 1}, {-1 - std::ldexp(1.0, -11), double(a)});
  CHECK(gradients_of(p).streams[0].scale == floats{0});  // a fused one would leave 2^-24
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion, target times: over streams, ascending, each scaled", "[fuse_backward]") {
  auto a = one_stream<double>({0, 2, 6}, {0, 4, 24});  // slopes 2, 5
  auto b = one_stream<double>({0, 4, 6}, {1, 1, 5});   // slopes 0, 2
  b.scale = {8};
  b.shift = {1000};
  auto p = backward_of<double>({a, b}, {1, 5}, {1, 10, 2, 20});
  p.wants_targets = true;
  CHECK(gradients_of(p).targets == floats{2, 10 + 320});
  p.forward.streams[0].latency = 3;  // at 4 and 8
  CHECK(gradients_of(p).targets == floats{5, 320});
  CHECK(verify(p) == "");
  p.forward.streams[1].series.options.max_gap = 1;
  CHECK(gradients_of(p).targets == floats{5, 0});
  CHECK(verify(p) == "");
  // The order of streams is that of the sum: 2^24 + 1 + 1 is 2^24, 1 + 1 + 2^24 is not.
  auto const one = one_stream<double>({0, 1}, {0, 1});
  auto q = backward_of<double>({one, one, one}, {0}, {16777216, 1, 1});
  q.wants_targets = true;
  CHECK(gradients_of(q).targets == floats{16777216});
  q.set_results({1, 1, 16777216});
  CHECK(gradients_of(q).targets == floats{16777218});
  CHECK(verify(q) == "");
}

TEST_CASE("Gradients of a fusion, target times: 32 partial sums in each stream, scale inside", "[fuse_backward]") {
  generator random(72);
  for (std::int64_t channels : {1, 2, 31, 32, 33, 64, 100, 257}) {
    fuse_backward_problem<float> p;
    for (int i = 0; i < 3; ++i) {
      auto s = random_stream(random, channels + i, 20);
      for (std::int64_t c = 0; c < channels + i && i != 1; ++c) { s.scale.push_back(float(random.unit() - 0.5)); }
      p.forward.streams.push_back(s);
    }
    p.out.assign(3, {false, false, false});
    p.forward.target = uniform<float>(-1, 1, 4, 1, 90);
    p.wants_targets = true;
    p.draw_results(random);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Gradients of a fusion: one at a time, all together, or none", "[fuse_backward]") {
  generator random(73);
  for (int asked = 0; asked < 64; ++asked) {
    fuse_backward_problem<float> p;
    p.forward.streams = {random_stream(random, 3, 12), random_stream(random, 8, 5)};
    p.forward.streams[1].scale = floats(8, 1.5f);
    p.out = {{(asked & 1) != 0, (asked & 2) != 0, (asked & 4) != 0},
             {(asked & 8) != 0, (asked & 16) != 0, (asked & 32) != 0}};
    p.forward.target = uniform<float>(-1, 1, 8, 1, 100);
    p.wants_targets = asked % 3 == 0;
    p.draw_results(random);
    CAPTURE(asked);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Gradients of a fusion: streams of which nothing is asked may have any method", "[fuse_backward]") {
  generator random(74);
  for (auto method : all_methods) {
    fuse_backward_problem<float> p;
    p.forward.streams = {random_stream(random, 4, 9), random_stream(random, 4, 9)};
    p.forward.streams[0].series.options.method = method;
    p.out = {{false, false, false}, {true, true, true}};
    p.forward.target = uniform<float>(-1, 1, 2, 1, 20);
    p.draw_results(random);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Gradients of a fusion: results of more channels than the streams make", "[fuse_backward]") {
  generator random(75);
  fuse_backward_problem<float> p;
  p.forward.streams = {random_stream(random, 3, 9), random_stream(random, 2, 9)};
  p.out.assign(2, {true, true, true});
  p.forward.target = uniform<float>(-1, 1, 2, 1, 20);
  p.forward.channels = 11;
  p.forward.result_row_stride = 11;
  p.draw_results(random);
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion: no targets, no samples, an empty batch", "[fuse_backward]") {
  auto p = backward_of<float>({one_stream<float>({0, 1}, {1, 2}), one_stream<float>({}, {})}, {}, {});
  p.wants_targets = true;
  CHECK(values_of(p, 0) == numbers{0, 0});
  CHECK(gradients_of(p).streams[0].scale == floats{0});
  CHECK(gradients_of(p).streams[1].shift == floats{0});
  CHECK(verify(p) == "");
  auto q = backward_of<float>({one_stream<float>({}, {}), one_stream<float>({0, 1}, {1, 2})}, {0, 1}, {1, 1, 1, 1});
  q.wants_targets = true;
  CHECK(verify(q) == "");
  fuse_backward_problem<float> none;
  none.forward.streams.resize(2);
  for (auto& s : none.forward.streams) { s.series.source = dense<float>({}, 0); }
  none.forward.target = dense<float>({}, 0);
  none.out.assign(2, {true, true, true});
  CHECK(verify(none) == "");
  // Windows without a target, and no windows.
  none.forward.target = windows<float>({0}, {0, 1}, {0});
  none.set_results({1, 2, 3, 4});
  CHECK(verify(none) == "");
  p.forward.target = windows<float>({}, {0, 1});
  p.forward.target.trajectory.clear();
  for (auto& s : p.forward.streams) { s.series.source = dense<float>({}, 0); }
  p.forward.streams[0].series.values.clear();
  p.results.clear();
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion: slices of one buffer, into slices of one buffer's gradients", "[fuse_backward]") {
  generator random(76);
  auto s = random_stream(random, 7, 9);
  auto other = s;
  s.series.channels = 3;
  s.series.row_stride = other.series.row_stride = 7;
  other.slice_of = 0;
  other.series.first_channel = 3;
  other.series.channels = 4;
  fuse_backward_problem<float> p;
  p.forward.streams = {s, other};
  p.out = {{true, true, true, 0, contiguous, 7}, {true, true, true, 3, contiguous, 7}};
  p.forward.target = uniform<float>(-1, 1, 3, 1, 40);
  p.draw_results(random);
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of a fusion: wide rows are cut", "[fuse_backward]") {
  generator random(78);
  for (std::int64_t channels : {1024, 1025, 2100, 4104}) {
    for (auto type : {dtype::float32, dtype::bfloat16}) {
      fuse_backward_problem<float> p;
      auto s = random_stream(random, channels, 7);
      s.series.value_type = type;
      s.series.draw_values(random);
      for (std::int64_t c = 0; c < channels; ++c) { s.scale.push_back(float(random.unit() - 0.5)); }
      p.forward.streams = {s, random_stream(random, 3, 4)};
      p.forward.result_type = type;
      p.out.assign(2, {true, true, true});
      p.wants_targets = true;
      p.forward.target = uniform<float>(-1, 1, 2, 1, 20);
      p.draw_results(random);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Gradients of a fusion: more streams than a launch of fuse takes", "[fuse_backward]") {
  generator random(77);
  fuse_backward_problem<float> p;
  for (int i = 0; i < 37; ++i) { p.forward.streams.push_back(random_stream(random, 1 + i % 4, 6)); }
  p.out.assign(37, {true, true, false});
  p.out[20] = {true, false, true};
  p.forward.target = uniform<float>(-1, 1, 4, 1, 30);
  p.wants_targets = true;
  p.draw_results(random);
  CHECK(verify(p) == "");
}
