// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/fuse/fuse.hpp"
#include "support/fuse/fusion.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Fusion", sentence by sentence, except for missing data and places (streams.cpp). `verify`
// compares every bit with the oracle.
using namespace test;

TEST_CASE("Fusion: for each target one row with the channels of all streams, and a byte of the mask for each",
          "[fuse]") {
  auto p = fusion<double>(
      {one_stream<double>({0, 10, 20}, {0, 100, 400}), one_stream<double>({5, 15}, {-1, -3}, interpolation::previous)},
      {0, 5, 10, 20});
  CHECK(rows_of(p) == rows{{0, -1}, {50, -1}, {100, -1}, {400, -3}});
  CHECK(masks_of(p) == masks{{1, 0}, {1, 1}, {1, 1}, {1, 1}});
  CHECK(all_valid_of(p) == mask{0, 1, 1, 1});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, latency: a sample stamped s describes the time s - latency", "[fuse][latency]") {
  auto const fused_at = [](std::int64_t latency, std::vector<std::int64_t> targets) {
    auto p = fusion<std::int64_t>({one_stream<std::int64_t>({0, 10, 20}, {0, 100, 400})}, std::move(targets));
    p.streams[0].latency = latency;
    CHECK(verify(p) == "");
    return column_of(p, 0);
  };
  CHECK(fused_at(5, {-5, 0, 5, 10, 15}) == numbers{0, 50, 100, 250, 400});
  CHECK(fused_at(-5, {5, 10, 15, 20, 25}) == numbers{0, 50, 100, 250, 400});
  CHECK(fused_at(0, {0, 10, 15}) == numbers{0, 100, 250});
}

TEST_CASE("Fusion, latency: each stream has its own", "[fuse][latency]") {
  auto p = fusion<double>(
      {one_stream<double>({0, 8}, {0, 8}), one_stream<double>({0, 8}, {0, 8}), one_stream<double>({0, 8}, {0, 8})},
      {3, 4});
  p.streams[1].latency = 2;
  p.streams[2].latency = -3;
  CHECK(rows_of(p) == rows{{3, 5, 0}, {4, 6, 1}});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, latency: integers wrap around", "[fuse][latency]") {
  auto p = fusion<std::int64_t>({one_stream<std::int64_t>({INT64_MIN, INT64_MIN + 4}, {8, 16})}, {INT64_MAX - 1});
  p.streams[0].latency = 4;  // at INT64_MIN + 2
  CHECK(column_of(p, 0) == numbers{12});
  CHECK(masks_of(p) == masks{{1}});
  CHECK(verify(p) == "");
  p = fusion<std::int64_t>({one_stream<std::int64_t>({INT64_MAX - 4, INT64_MAX}, {8, 16})}, {INT64_MIN + 1});
  p.streams[0].latency = -4;  // at INT64_MAX - 2
  CHECK(column_of(p, 0) == numbers{12});
  CHECK(verify(p) == "");
  p = fusion<std::int64_t>({one_stream<std::int64_t>({-1, 3}, {8, 16})}, {INT64_MAX, 1});
  p.streams[0].latency = INT64_MIN;  // at -1, and far before the first
  CHECK(column_of(p, 0) == numbers{8, 8});
  CHECK(masks_of(p) == masks{{1}, {0}});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, latency: floats round once, and a sample is met if the sum is its stamp", "[fuse][latency]") {
  // 16777216 + 1 is 16777216 in float, so is 16777217; + 3 is 16777220.
  auto p = fusion<float>({one_stream<float>({16777214, 16777216, 16777220}, {1, 2, 4})}, {16777216, 16777214});
  p.streams[0].latency = 1;
  p.streams[0].series.options.max_gap = 0;
  CHECK(column_of(p, 0) == numbers{2, 0});  // 16777215 lies between samples
  CHECK(masks_of(p) == masks{{1}, {0}});
  p.streams[0].latency = 3;
  CHECK(column_of(p, 0) == numbers{4, 2});
  CHECK(masks_of(p) == masks{{1}, {1}});
  CHECK(verify(p) == "");
  // The anchor and its delta round first, then the latency.
  p.target = windows<float>({16777216}, {1, 3});
  p.streams[0].latency = 1;
  CHECK(column_of(p, 0) == numbers{2, 4});  // not 16777218, and 16777220 + 1 is 16777220
  CHECK(verify(p) == "");
  // A uniform target rounds its two operations first.
  p.target = uniform<float>(16777216, 1, 1, 1, 4);
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, latency: where target + latency is not finite the result is fill", "[fuse][latency]") {
  float const huge = 3e38f;
  auto s = one_stream<float>({0, 1}, {5, 6});
  s.series.options.before = s.series.options.after = edge::clamp;
  s.series.options.fill = 9;
  s.latency = huge;
  auto p = fusion<float>({s, one_stream<float>({0, 1}, {5, 6})}, {huge, -huge, 1});
  CHECK(rows_of(p) == rows{{9, 6}, {5, 5}, {6, 6}});
  CHECK(masks_of(p) == masks{{0, 0}, {1, 0}, {0, 1}});
  CHECK(verify(p) == "");
  p.target.stamps = {std::nanf(""), std::numeric_limits<float>::infinity(), 0};
  p.streams[0].latency = 1;
  CHECK(rows_of(p) == rows{{9, 0}, {9, 0}, {6, 5}});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, latency: edges and gaps are those of target + latency", "[fuse][latency]") {
  auto s = one_stream<std::int64_t>({0, 10, 30}, {0, 100, 300});
  s.latency = 4;
  s.series.options.fill = -1;
  s.series.options.before = s.series.options.after = edge::fill;
  s.series.options.max_gap = 10;
  auto p = fusion<std::int64_t>({s}, {-5, -4, 5, 6, 7, 26, 27});
  CHECK(column_of(p, 0) == numbers{-1, 0, 90, 100, -1, 300, -1});
  CHECK(masks_of(p) == masks{{0}, {1}, {1}, {1}, {0}, {1}, {0}});
  CHECK(verify(p) == "");
  p.streams[0].series.options.method = interpolation::nearest;
  p.streams[0].series.options.max_gap = 3;
  p.target = dense<std::int64_t>({-1, 0, 9, 10, 15, 16}, 1);  // 3, 4, 13, 14, 19, 20 on the stream's clock
  CHECK(column_of(p, 0) == numbers{0, -1, 100, -1, -1, -1});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, causal and late: no sample stamped after the target, with or without latency", "[fuse][causal]") {
  auto s = one_stream<std::int64_t>({0, 5, 12, 20}, {1, 2, 3, 4}, interpolation::previous);
  s.series.options.causal = true;
  s.series.options.before = edge::fill;
  s.series.options.fill = -1;
  s.latency = 5;
  auto p = fusion<std::int64_t>({s}, {-1, 0, 4, 5, 7, 11, 12, 100});
  CHECK(column_of(p, 0) == numbers{-1, 1, 1, 2, 2, 2, 3, 4});
  CHECK(masks_of(p) == masks{{0}, {1}, {1}, {1}, {1}, {1}, {1}, {1}});
  CHECK(verify(p) == "");
  // Without the promise the stream gives what describes the target.
  p.streams[0].series.options.causal = false;
  CHECK(column_of(p, 0) == numbers{1, 2, 2, 2, 3, 3, 3, 4});
  CHECK(verify(p) == "");
  // Early stamps: target + latency is the smaller one.
  p.streams[0].series.options.causal = true;
  p.streams[0].latency = -5;
  CHECK(column_of(p, 0) == numbers{-1, -1, -1, 1, 1, 2, 2, 4});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, causal and late: max_gap is compared with the sample's age at target + latency", "[fuse][causal]") {
  auto s = one_stream<double>({0, 5, 12}, {1, 2, 3}, interpolation::previous);
  s.series.options.causal = true;
  s.series.options.before = edge::fill;
  s.series.options.fill = -1;
  s.latency = 5;
  auto p = fusion<double>({s}, {7, 12, 15, 16});  // ages 7, 5, 8, 9
  auto const ages = [&](double max_gap) {
    p.streams[0].series.options.max_gap = max_gap;
    CHECK(verify(p) == "");
    return masks_of(p);
  };
  CHECK(ages(9) == masks{{1}, {1}, {1}, {1}});
  CHECK(ages(8) == masks{{1}, {1}, {1}, {0}});
  CHECK(ages(7) == masks{{1}, {1}, {0}, {0}});
  CHECK(ages(5) == masks{{0}, {1}, {0}, {0}});
  CHECK(ages(4) == masks{{0}, {0}, {0}, {0}});
  CHECK(column_of(p, 0) == numbers{-1, -1, -1, -1});
}

TEST_CASE("Fusion, causal and late: duplicates, wrapped times and times that are not finite", "[fuse][causal]") {
  auto s = one_stream<std::int64_t>({INT64_MIN, 0, 0, 5, 5, INT64_MAX}, {1, 2, 3, 4, 5, 6}, interpolation::previous);
  s.series.options.causal = true;
  s.series.options.before = edge::fill;
  s.latency = 3;
  auto p = fusion<std::int64_t>({s}, {0, 4, 5, INT64_MAX, INT64_MAX - 3});
  CHECK(column_of(p, 0) == numbers{3, 3, 5, 1, 5});  // INT64_MAX + 3 wraps to before 0
  CHECK(verify(p) == "");
  auto f = fusion<float>({one_stream<float>({0, 1}, {1, 2}, interpolation::previous)},
                         {std::nanf(""), std::numeric_limits<float>::infinity(), 3e38f, 1});
  f.streams[0].series.options.causal = true;
  f.streams[0].series.options.before = edge::fill;
  f.streams[0].series.options.fill = -1;
  f.streams[0].latency = 3e38f;
  CHECK(column_of(f, 0) == numbers{-1, -1, -1, 2});
  CHECK(verify(f) == "");
  // Nor where samples come after the target.
  f.streams[0].series.source = dense<float>({0, 1, 3e38f}, 1);
  f.streams[0].series.set_values({1, 2, 3});
  f.target = dense<float>({2e38f, 1}, 1);
  CHECK(column_of(f, 0) == numbers{-1, 2});
  CHECK(verify(f) == "");
}

TEST_CASE("Fusion, tolerance: samples up to it after the time asked for count as at it, in any order of targets",
          "[fuse]") {
  auto held = one_stream<float>({0, 1, 2, 3}, {10, 11, 12, 13}, interpolation::previous);
  held.latency = 0.5f;
  held.series.options.tolerance = 0.25f;
  auto causal = held;
  causal.series.options.tolerance = 0;
  causal.series.options.causal = true;
  causal.series.options.before = edge::fill;
  auto p = fusion<float>({held, causal}, {0.25f});  // a row for each block
  CHECK(rows_of(p) == rows{{11, 10}});
  CHECK(verify(p) == "");
  p.target = dense<float>(std::vector<float>(40, 0.25f), 1);  // rows that are searched together
  CHECK(rows_of(p) == rows(40, {11, 10}));
  CHECK(verify(p) == "");
  p.target = ragged<float>({0.125f, 0.25f, 2.25f}, {0, 3});  // and alone
  CHECK(rows_of(p) == rows{{10, 10}, {11, 10}, {13, 12}});
  CHECK(verify(p) == "");
  // The latest time may overflow a float.
  std::vector<float> many(3000);
  for (std::size_t i = 0; i < many.size(); ++i) { many[i] = float(i); }
  p = fusion<float>({one_stream<float>(many, {many.begin(), many.end()}, interpolation::previous)}, {2e38f});
  p.streams[0].series.options.tolerance = 3e38f;
  CHECK(rows_of(p) == rows{{2999}});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, scale and shift: the product is rounded, then the sum", "[fuse][scale]") {
  float const a = 1 + std::ldexp(1.0f, -12);
  auto p = fusion<float>({one_stream<float>({0, 1}, {a, a})}, {0, 0.5f});
  p.streams[0].scale = {a};
  p.streams[0].shift = {-1};
  // (1 + 2^-12)^2 is 1 + 2^-11 + 2^-24: a tie that goes to 1 + 2^-11.
  CHECK(column_of(p, 0) == numbers(2, std::ldexp(1.0, -11)));
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, scale and shift: each is per channel, and each may be missing", "[fuse][scale]") {
  auto s = one_stream<float>({0, 2}, {0, 0}, interpolation::linear);
  s.series.channels = 3;
  s.series.set_values({2, 4, -0.0, 4, 8, -0.0});
  auto p = fusion<float>({s}, {0, 1});
  CHECK(rows_of(p) == rows{{2, 4, 0}, {3, 6, 0}});
  CHECK(std::signbit(rows_of(p)[0][2]));  // without a shift there is no sum that turns -0 into +0
  p.streams[0].scale = {10, -1, 1};
  CHECK(rows_of(p) == rows{{20, -4, 0}, {30, -6, 0}});
  CHECK(std::signbit(rows_of(p)[0][2]));
  CHECK(verify(p) == "");
  p.streams[0].shift = {0.5f, 1, 0};
  CHECK(rows_of(p) == rows{{20.5, -3, 0}, {30.5, -5, 0}});
  CHECK_FALSE(std::signbit(rows_of(p)[0][2]));
  CHECK(verify(p) == "");
  p.streams[0].scale = {};
  CHECK(rows_of(p) == rows{{2.5, 5, 0}, {3.5, 7, 0}});
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, scale and shift: one rounding to the result's type, at the end", "[fuse][scale]") {
  for (auto type : {dtype::bfloat16, dtype::float16}) {
    double const even = type == dtype::bfloat16 ? 256 : 2048;  // and then every second number
    auto p = fusion<float>({one_stream<float>({0, 2}, {even, even + 2})}, {1});
    p.streams[0].series.value_type = p.result_type = type;
    p.streams[0].series.set_values({even, even + 2});
    p.streams[0].shift = {float(-even)};
    CHECK(column_of(p, 0) == numbers{1});  // rounded before the shift it would be 0
    p.streams[0].shift = {};
    CHECK(column_of(p, 0) == numbers{even});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Fusion, scale and shift: values that are moved are scaled too, and so are those of edges", "[fuse][scale]") {
  for (auto method : {interpolation::previous, interpolation::next, interpolation::nearest, interpolation::linear,
                      interpolation::catmull_rom, interpolation::pchip, interpolation::akima}) {
    auto p = fusion<float>({one_stream<float>({0, 1, 2, 3}, {3, 3, 3, 3}, method)}, {-1, 0, 0.25f, 1, 2.75f, 4});
    p.streams[0].scale = {2};
    p.streams[0].shift = {1};
    CAPTURE(robocache::name_of(method));
    CHECK(column_of(p, 0) == numbers(6, 7));
    p.streams[0].series.value_type = p.result_type = dtype::bfloat16;  // a hold that only moves bytes would miss it
    p.streams[0].series.set_values({3, 3, 3, 3});
    CHECK(column_of(p, 0) == numbers(6, 7));
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Fusion, scale and shift: angles after they are wrapped, quaternions after they are normalised",
          "[fuse][scale]") {
  double const tau = 2 * double(3.14159265358979323846f);
  auto p = fusion<float>({one_stream<float>({0, 1}, {4, 4}, interpolation::angle)}, {0, 0.5f});
  p.streams[0].scale = {10};
  p.streams[0].shift = {100};
  for (double x : column_of(p, 0)) { CHECK(std::fabs(x - (100 + 10 * (4 - tau))) < 1e-4); }
  CHECK(verify(p) == "");

  auto q = one_stream<float>({0, 1}, {0, 0}, interpolation::slerp);
  q.series.channels = 4;
  q.series.set_values({0, 0, 0, 2, 0, 0, 2, 0});
  q.scale = {1, 1, 10, 100};
  q.shift = {5, 6, 0, 0};
  auto r = fusion<float>({q}, {0.5f, 1});
  double const half = std::sqrt(0.5);
  auto const found = rows_of(r);
  CHECK(found[0][0] == 5);
  CHECK(found[0][1] == 6);
  CHECK(std::fabs(found[0][2] - 10 * half) < 1e-4);
  CHECK(std::fabs(found[0][3] - 100 * half) < 1e-3);
  CHECK(found[1] == numbers{5, 6, 20, 0});  // at a sample it is the sample
  CHECK(verify(r) == "");
}

TEST_CASE("Fusion, scale and shift: fill values are in units of the result, neither scaled nor shifted",
          "[fuse][scale]") {
  auto s = one_stream<double>({0, 10}, {1, 2});
  s.scale = {3};
  s.shift = {std::nanf("")};
  s.series.options.fill = 0.1;
  s.series.options.max_gap = 5;
  s.series.options.before = edge::fill;
  auto p = fusion<double>({s}, {-1, 4, std::nan("")});
  p.result_type = dtype::float16;
  p.fill = 77;
  CHECK(column_of(p, 0) == numbers(3, decode(dtype::float16, encode(dtype::float16, double(0.1f)))));
  CHECK(verify(p) == "");
}

TEST_CASE("Fusion, scale and shift: infinities, NaN, zeros and subnormals are operands like any other",
          "[fuse][scale]") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> const odd{infinity, -infinity, std::nanf(""), 0.0f, -0.0f, 3e38f, -3e38f, 1e-40f, -6e-8f, 1.0f};
  for (auto method : {interpolation::previous, interpolation::linear, interpolation::akima}) {
    auto s = one_stream<float>({0, 1, 2, 3, 4}, std::vector<double>(5), method);
    s.series.channels = 100;
    std::vector<double> values;
    for (std::size_t i = 0; i < 500; ++i) { values.push_back(odd[(i * 7 + i / 100) % 10]); }
    s.series.set_values(values);
    for (std::size_t c = 0; c < 100; ++c) {
      s.scale.push_back(odd[c % 10]);
      s.shift.push_back(odd[c / 10]);
    }
    for (auto type : float_types) {
      auto p = fusion<float>({s}, {0, 0.5f, 1, 2.25f, 4, 5});
      p.result_type = type;
      CHECK(verify(p) == "");
      p.streams[0].scale = {};
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Fusion, all valid: 1 where all streams are valid, whether or not their masks are wanted", "[fuse][mask]") {
  auto p = fusion<float>({one_stream<float>({0, 2}, {0, 2}), one_stream<float>({1, 3}, {1, 3}),
                          one_stream<float>({0, 4}, {0, 4}, interpolation::previous)},
                         {0, 1, 1.5f, 2, 3, 9});
  CHECK(masks_of(p) == masks{{1, 0, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 0, 1}});
  CHECK(all_valid_of(p) == mask{0, 1, 1, 1, 0, 0});
  for (bool each : {false, true}) {
    for (bool all : {false, true}) {
      p.mask = each;
      p.all_mask = all;
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Fusion: value types mixed in one call, for every type of result", "[fuse]") {
  generator random(31);
  for (auto result : float_types) {
    for (auto method : all_methods) {
      std::vector<stream_data<float>> streams;
      for (auto type : float_types) {
        auto s = one_stream<float>({0, 1, 2, 3, 4, 6}, std::vector<double>(6), method);
        s.series.channels = channels_for(method, 5);
        s.series.value_type = type;
        s.series.draw_values(random);
        streams.push_back(s);
      }
      auto p = fusion<float>(streams, {-1, 0, 0.5f, 2.25f, 3, 5, 7});
      p.result_type = result;
      CAPTURE(robocache::name_of(result), robocache::name_of(method));
      CHECK(verify(p) == "");
      CHECK(verify_separately(p) == "");
    }
  }
}
