// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <vector>

#include <robocache/device/timeline.cuh>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/oracle.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Timelines": every kind as source and as target, strides, sizes.
using namespace test;
using numbers = std::vector<double>;

TEST_CASE("Timelines, every kind of source meets every kind of target", "[timelines]") {
  for (auto source : source_shapes) {
    for (auto target : target_shapes) {
      generator random(100 + 16 * std::uint64_t(source) + std::uint64_t(target));
      for (int round = 0; round < 4; ++round) {
        CAPTURE(int(source), int(target), round);
        auto const f = draw_problem<float>(random, source, target);
        CHECK(verify(f) == "");
        auto const d = draw_problem<double>(random, source, target);
        CHECK(verify(d) == "");
        auto const i = draw_problem<std::int64_t>(random, source, target);
        CHECK(verify(i) == "");
      }
    }
  }
}

TEST_CASE("Timelines, dense: lengths are clamped into [0, N], and what lies beyond is never read", "[timelines]") {
  problem<float> p;
  p.source = dense<float>({0, 1, 2, 0, 1, 2, 0, 1, 2}, 3, {2, -4, 77});
  p.target = dense<float>({0.5f, 1.5f, 0.5f, 1.5f, 0.5f, 1.5f}, 3);
  p.options.fill = -1;
  p.set_values({10, 20, 1e9, 1, 2, 3, 10, 20, 30});
  CHECK(results_of(p) == numbers{15, 20, -1, -1, 15, 25});
  CHECK(valid_of(p) == std::vector<int>{1, 0, 0, 0, 1, 1});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, dense: targets beyond their length are fill and not valid", "[timelines]") {
  problem<float> p;
  p.source = dense<float>({0, 1}, 1);
  p.target = dense<float>({0, 1, 0.5f}, 1, {2});
  p.options.fill = 9;
  p.set_values({10, 20});
  CHECK(results_of(p) == numbers{10, 20, 9});
  CHECK(valid_of(p) == std::vector<int>{1, 1, 0});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, batch stride 0: all trajectories read one row of stamps, or of values", "[timelines][strides]") {
  problem<float> p;
  p.source = dense<float>({0, 1}, 1);
  p.source.batch = 3;
  p.source.stride = 0;
  p.target = dense<float>({0.5f, 0.25f, 0.75f}, 3);
  p.batch_stride = 0;
  p.set_values({10, 20, 10, 20, 10, 20});
  CHECK(results_of(p) == numbers{15, 12.5, 17.5});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, shared: one row of stamps for the whole batch", "[timelines]") {
  problem<double> p;
  p.source = shared<double>({0, 1}, 2);
  p.target = shared<double>({0.5, 0.25}, 2);
  p.set_values({10, 20, 100, 200});
  CHECK(results_of(p) == numbers{15, 12.5, 150, 125});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, ragged: offsets are clamped to the packed row count", "[timelines]") {
  problem<float> p;
  p.source = ragged<float>({0, 1, 2, 0, 1}, {-3, 3, 900});
  p.target = ragged<float>({0.5f, 1.5f, 0.5f}, {0, 2, 3});
  p.set_values({10, 20, 30, 100, 200});
  CHECK(results_of(p) == numbers{15, 25, 150});
  CHECK(verify(p) == "");
  p.source.offsets = {4, 2, 900};  // descending: the first trajectory is empty
  p.options.fill = -1;
  CHECK(results_of(p)[0] == -1);
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, ragged: packed target rows that no trajectory owns are fill and not valid", "[timelines]") {
  problem<float> p;
  p.source = ragged<float>({0, 1}, {0, 2});
  p.target = ragged<float>({0.5f, 0.5f, 0.5f, 0.5f}, {1, 3});
  p.options.fill = 9;
  p.set_values({10, 20});
  CHECK(results_of(p) == numbers{9, 15, 15, 9});
  CHECK(valid_of(p) == std::vector<int>{0, 1, 1, 0});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, uniform: 30 Hz in microseconds does not drift", "[timelines][uniform]") {
  std::int64_t const hour = 30 * 3600;
  problem<std::int64_t> p;
  p.source = uniform<std::int64_t>(-7, 1'000'000, 30, 1, hour + 1);
  p.target = dense<std::int64_t>({-7, 3'600'000'000 - 7, 33'333 - 7, 33'332 - 7, 3'600'000'000 - 8}, 1);
  p.options.method = interpolation::previous;
  p.make_room();
  for (std::int64_t i = 0; i <= hour; ++i) {
    store_bits(dtype::float32, p.values.data(), i, encode(dtype::float32, double(i)));
  }
  CHECK(results_of(p) == numbers{0, double(hour), 1, 0, double(hour - 1)});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, uniform: floor also below 0, and products of more than 64 bits", "[timelines][uniform]") {
  // i * num leaves 64 bits from i = 5 on; the stamps do not.
  std::int64_t const num = 2'000'000'000'000'000'000;
  for (std::int64_t start : {std::int64_t(0), std::int64_t(-3'000'000'000'000'000'000)}) {
    auto t = uniform<std::int64_t>(start, num, 7, 1, 20);
    auto const stamps = oracle::stamps_of(t, 0);
    std::vector<std::int64_t> targets;
    for (auto s : stamps) { targets.insert(targets.end(), {s - 1, s, s + 1}); }
    for (auto method : all_methods) {
      problem<std::int64_t> p;
      p.source = t;
      p.target = dense(targets, 1);
      p.options.method = method;
      p.channels = channels_for(method, 1);
      generator random(7);
      p.draw_values(random);
      CHECK(verify(p) == "");
      problem<std::int64_t> q;
      q.source = dense(stamps, 1);
      q.target = t;
      q.options.method = method;
      q.channels = p.channels;
      q.draw_values(random);
      CHECK(verify(q) == "");
    }
  }
}

TEST_CASE("Timelines, uniform: what NVRTC computes in halves is what integers of 128 bits give",
          "[timelines][uniform]") {
  namespace rules = robocache::device::detail;
  generator random(12);
  auto const draw = [&](std::uint64_t least, std::uint64_t most) {
    std::uint64_t const x = random.next() >> random.between(0, 63);
    return random.one_of({least, most, most - 1, x < least ? least : x < most ? x : most});
  };
  for (int round = 0; round < 2'000; ++round) {
    std::uint64_t const i = draw(0, UINT64_MAX);
    std::uint64_t const num = draw(1, INT64_MAX);
    std::uint64_t const den = draw(1, INT64_MAX);
    std::uint64_t const last = draw(0, INT64_MAX);
    CAPTURE(i, num, den, last);
    REQUIRE(rules::scaled_index_in_halves(i, num, den) == rules::scaled_index(i, num, den));
    REQUIRE(rules::index_at_distance_in_halves(i, num, den, last) == rules::index_at_distance(i, num, den, last));
  }
}

TEST_CASE("Timelines, uniform: every ratio finds the bracket that a search in its stamps finds",
          "[timelines][uniform]") {
  generator random(8);
  for (int round = 0; round < 200; ++round) {
    problem<std::int64_t> p;
    std::int64_t const num = random.between(1, random.one_of<std::int64_t>({5, 1000, 100'000'000}));
    std::int64_t const den = random.between(1, random.one_of<std::int64_t>({2, 60, 200'000'000}));
    std::int64_t const start = random.between(-1000, 1000);
    p.source = uniform<std::int64_t>(start, num, den, 1, random.between(1, 200));
    auto const last = oracle::stamps_of(p.source, 0).back();
    std::vector<std::int64_t> targets;
    for (int k = 0; k < 60; ++k) { targets.push_back(random.between(start - 3, last + 3)); }
    p.target = dense(targets, 1);
    p.options.method = random.one_of(all_methods);
    p.channels = channels_for(p.options.method, 1);
    p.options.before = p.options.after = edge::extrapolate;
    p.draw_values(random);
    CAPTURE(num, den, start, p.source.length);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Timelines, uniform: of floats start + T(i) * period, two roundings, at every sample and beside it",
          "[timelines][uniform]") {
  auto const check = [](auto start, auto period, std::int64_t length) {
    using stamp = decltype(start);
    auto const t = uniform<stamp>(start, period, 1, 1, length);
    std::vector<stamp> targets;
    auto const infinity = std::numeric_limits<stamp>::infinity();
    for (auto s : oracle::stamps_of(t, 0)) {
      targets.insert(targets.end(), {std::nextafter(s, -infinity), s, std::nextafter(s, infinity)});
    }
    for (auto method : all_methods) {
      problem<stamp> p;
      p.source = t;
      p.target = dense(targets, 1);
      p.options.method = method;
      p.channels = channels_for(method, 1);
      generator random(9);
      p.draw_values(random);
      CAPTURE(start, period, length);
      CHECK(verify(p) == "");
      // The same stamps, stored.
      p.source = dense(oracle::stamps_of(t, 0), 1);
      CHECK(verify(p) == "");
    }
  };
  check(0.1f, 0.01f, 1000);
  check(-3.7f, 1.0f / 30, 1000);
  check(1e6f, 0.01f, 500);  // neighbours fall on one float: duplicates
  check(1.7e9, 0.001, 1000);
  check(-0.3, 1.0 / 30, 1000);
  check(1e15, 0.01, 300);
}

TEST_CASE("Timelines, uniform: a period of 1 / 30 is the ratio rounded once for floats", "[timelines][uniform]") {
  problem<double> p;
  p.source = uniform<double>(0, 1, 30, 1, 61);
  p.target = dense<double>({2.0, 1.0 / 30}, 1);
  p.options.method = interpolation::previous;
  generator random(10);
  p.draw_values(random);
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, windows: anchor + delta, and the trajectory to read", "[timelines][windows]") {
  problem<std::int64_t> p;
  p.source = dense<std::int64_t>({0, 10, 100, 110}, 2);
  p.target = windows<std::int64_t>({5, 105, 5}, {0, -5, 5}, {0, 1, 1});
  p.set_values({0, 10, 100, 110});
  CHECK(results_of(p) == numbers{5, 0, 10, 105, 100, 110, 100, 100, 100});
  CHECK(valid_of(p) == std::vector<int>{1, 1, 1, 1, 1, 1, 0, 0, 0});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, windows: an index out of range is an empty series", "[timelines][windows]") {
  problem<float> p;
  p.source = dense<float>({0, 1}, 1);
  p.target = windows<float>({0, 0, 0, 0, 0}, {0.5f}, {0, -1, 1, INT64_MAX, INT64_MIN});
  p.options.fill = 6;
  p.set_values({1, 3});
  CHECK(results_of(p) == numbers{2, 6, 6, 6, 6});
  CHECK(valid_of(p) == std::vector<int>{1, 0, 0, 0, 0});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, windows: without trajectory window b reads trajectory b", "[timelines][windows]") {
  problem<double> p;
  p.source = shared<double>({0, 1}, 2);
  p.target = windows<double>({0.25, 0.75}, {0, 0.25});
  p.set_values({0, 1, 0, 100});
  CHECK(results_of(p) == numbers{0.25, 0.5, 75, 100});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, as of: samples stamped later do not exist, for any method", "[timelines][windows]") {
  problem<std::int64_t> p;
  p.source = dense<std::int64_t>({0, 10, 20, 30}, 1);
  // A stamp itself is known; nothing, or everything, may be.
  p.target = windows<std::int64_t>({15, 15, 15, 15, 15}, {0, 10}, {0, 0, 0, 0, 0}, {19, 20, 15, -1, 100});
  p.set_values({0, 10, 20, 30});
  p.options.fill = -7;
  CHECK(results_of(p) == numbers{10, 10, 15, 20, 10, 10, -7, -7, 15, 25});
  CHECK(valid_of(p) == std::vector<int>{0, 0, 1, 0, 0, 0, 0, 0, 1, 1});
  CHECK(verify(p) == "");
  p.options.method = interpolation::nearest;
  p.options.after = edge::hold;
  CHECK(results_of(p) == numbers{10, 10, 10, 20, 10, 10, -7, -7, 10, 20});
  CHECK(valid_of(p) == std::vector<int>{1, 1, 1, 1, 1, 1, 0, 0, 1, 1});
  CHECK(verify(p) == "");
}

TEST_CASE("Timelines, as of: the bits of a series that ends there", "[timelines][windows]") {
  generator random(14);
  for (auto method : all_methods) {
    for (auto rule : {edge::clamp, edge::fill, edge::extrapolate, edge::hold}) {
      CAPTURE(int(method), int(rule));
      problem<float> whole;
      whole.channels = channels_for(method, 3);
      whole.options.method = method;
      whole.options.after = rule;
      auto const stamps = draw_stamps<float>(random, 24, 0, 1);
      whole.source = dense<float>(stamps, 1);
      whole.draw_values(random);
      std::vector<float> const deltas = {-3, -1.5f, -1, -0.25f, 0, 0.25f, 0.75f, 2};
      auto const known = std::size_t(random.between(0, 24));
      float const as_of = known == 0 ? stamps[0] - 1 : stamps[known - 1];
      whole.target = windows<float>({as_of}, deltas, {}, {as_of});
      auto cut = whole;
      cut.source.lengths = {std::int64_t(oracle::known(stamps, as_of).size())};
      cut.target.as_of.clear();
      auto const found = resample(whole);
      auto const wanted = resample(cut);
      REQUIRE((found.state.ok() && wanted.state.ok()));
      CHECK(found.trouble + wanted.trouble == "");
      CHECK(found.results == wanted.results);
      CHECK(found.valid == wanted.valid);
      CHECK(verify(whole) == "");
    }
  }
}

TEST_CASE("Timelines, results may lie as [T, B, D], values may be strided slices of channels", "[timelines][strides]") {
  generator random(12);
  for (int round = 0; round < 20; ++round) {
    auto p = draw_problem<float>(random, shape::dense, shape::dense);
    p.first_channel = 3;
    p.row_stride = p.channels + 5;
    p.batch_stride = p.source.length * p.row_stride + 11;
    p.result_first = 2;
    p.result_batch_stride = p.channels + 1;
    p.result_row_stride = p.target.batch * p.result_batch_stride + 3;
    p.draw_values(random);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Timelines, every count of channels from 1 to 70 and around powers of two", "[timelines][channels]") {
  generator random(13);
  auto const check = [&](std::int64_t channels) {
    draw_limits limits;
    limits.batch = 2;
    limits.length = 12;
    auto p = draw_problem<float>(random, shape::dense, shape::dense, limits);
    set_channels(p, channels);
    p.first_channel = p.result_first = 0;
    p.batch_stride = p.row_stride = p.result_batch_stride = p.result_row_stride = contiguous;
    p.draw_values(random);
    CAPTURE(channels, describe(p));
    CHECK(verify(p) == "");
  };
  for (std::int64_t channels = 1; channels <= 70; ++channels) { check(channels); }
  for (std::int64_t channels : {127, 128, 129, 255, 256, 257, 511, 512, 513, 1000, 1023, 1024, 1025, 2047, 4099}) {
    check(channels);
  }
}

TEST_CASE("Timelines, every small count of samples and of targets, and around multiples of 32", "[timelines][sizes]") {
  generator random(14);
  std::vector<std::int64_t> counts;
  for (std::int64_t n = 0; n <= 10; ++n) { counts.push_back(n); }
  for (std::int64_t n : {15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025}) {
    counts.push_back(n);
  }
  for (auto samples : counts) {
    for (auto targets : {std::int64_t(1), std::int64_t(5), random.one_of({31, 32, 33}) * std::int64_t(1),
                         counts[std::size_t(random.between(0, std::int64_t(counts.size()) - 1))]}) {
      auto const stamps = draw_stamps<std::int64_t>(random, samples, 0, 10);
      std::vector<std::int64_t> at;
      for (std::int64_t k = 0; k < targets; ++k) {
        at.push_back(random.between(-20, stamps.empty() ? 20 : stamps.back() + 20));
      }
      problem<std::int64_t> p;
      p.source = shared(stamps, 3);
      p.target = shared(at, 3);
      p.options.method = random.one_of(all_methods);
      p.channels = channels_for(p.options.method, random.between(1, 20));
      p.draw_values(random);
      CAPTURE(samples, targets, p.channels);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Timelines, values and results at every misalignment that their types allow", "[timelines][misaligned]") {
  generator random(15);
  for (auto value : {dtype::float32, dtype::bfloat16, dtype::uint8, dtype::int64}) {
    for (std::int64_t channels : {1, 3, 8, 16, 64, 100}) {
      for (std::int64_t misaligned = 0; misaligned < 16; misaligned += channels == 16 ? 1 : 3) {
        auto p = draw_problem<float>(random, shape::dense, shape::uniform);
        p.value_type = p.result_type = value;
        p.options.method = is_integer(value) ? interpolation::nearest : random.one_of(plain_methods);
        p.options.causal = false;
        p.options.fill = 1;
        p.channels = channels;
        p.first_channel = p.result_first = 0;
        p.batch_stride = p.row_stride = p.result_batch_stride = p.result_row_stride = contiguous;
        p.misaligned = misaligned;
        p.draw_values(random);
        CAPTURE(robocache::name_of(value), channels, misaligned);
        CHECK(verify(p) == "");
      }
    }
  }
}
