// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/oracle.hpp"
#include "support/scenario.hpp"

// Each line of the semantics' chapter "Numbers", and the error bound of the methods.
using namespace test;

namespace {

/// Three trajectories, random stamps, with targets at, between and outside of the samples.
template <class Stamp>
problem<Stamp> mixed(generator& random, dtype value, dtype result, interpolation method, std::int64_t channels) {
  auto p = draw_problem<Stamp>(random, shape::dense, shape::dense);
  p.options = {};
  p.options.method = method;
  p.options.before = p.options.after = edge::extrapolate;
  p.channels = channels;
  p.value_type = value;
  p.result_type = result;
  p.first_channel = p.result_first = 0;
  p.batch_stride = p.row_stride = p.result_batch_stride = p.result_row_stride = contiguous;
  p.mask = true;
  p.draw_values(random);
  return p;
}

}  // namespace

TEST_CASE("Numbers, stamps: float, double and int64, any unit, before the epoch too", "[numbers]") {
  auto f = one_trajectory<float>({-2, -1, 1}, {1, 3, 7}, {-1.5f, 0, 0.5f});
  CHECK(results_of(f) == std::vector<double>{2, 5, 6});
  auto d = one_trajectory<double>({-2, -1, 1}, {1, 3, 7}, {-1.5, 0, 0.5});
  CHECK(results_of(d) == std::vector<double>{2, 5, 6});
  auto i = one_trajectory<std::int64_t>({-2'000, -1'000, 1'000}, {1, 3, 7}, {-1'500, 0, 500});
  CHECK(results_of(i) == std::vector<double>{2, 5, 6});
  CHECK(verify(f) + verify(d) + verify(i) == "");
}

TEST_CASE("Numbers, values: BF16, FP16 and FP32, results likewise, chosen apart", "[numbers][types]") {
  generator random(1);
  for (auto value : float_types) {
    for (auto result : float_types) {
      for (auto method : all_methods) {
        CAPTURE(robocache::name_of(value), robocache::name_of(result), int(method));
        CHECK(verify(mixed<float>(random, value, result, method, channels_for(method, 17))) == "");
        CHECK(verify(mixed<double>(random, value, result, method, channels_for(method, 8))) == "");
        CHECK(verify(mixed<std::int64_t>(random, value, result, method, channels_for(method, 3))) == "");
      }
    }
  }
}

TEST_CASE("Numbers, hold methods move uint8, int32 and int64 unchanged", "[numbers][types]") {
  generator random(2);
  for (auto type : integer_types) {
    for (auto method : {interpolation::previous, interpolation::next, interpolation::nearest}) {
      CAPTURE(robocache::name_of(type), int(method));
      CHECK(verify(mixed<float>(random, type, type, method, 5)) == "");
      CHECK(verify(mixed<std::int64_t>(random, type, type, method, 16)) == "");
      CHECK(verify(mixed<double>(random, type, type, method, 33)) == "");
    }
  }
  auto p = one_trajectory<float>({0, 1}, {0, 0}, {0, 1, 5}, interpolation::nearest);
  p.value_type = p.result_type = dtype::int64;
  p.options.after = edge::fill;
  p.options.fill = -9007199254740992.0;
  p.set_values({-9007199254740993.0, 3});
  CHECK(results_of(p)[2] == -9007199254740992.0);
  CHECK(verify(p) == "");
}

TEST_CASE("Numbers, arithmetic: (1 - w) * a + w * b, each operation rounded, none fused", "[numbers]") {
  // Chosen so that a fused multiply-add gives another result: the error of (1 - w) * a is what is left.
  float const a = 1.0f + std::ldexp(1.0f, -23);
  float const b = -a;
  auto p = one_trajectory<float>({0, 3}, {double(a), double(b)}, {1.5f, 1, 2});
  volatile float const w = 1.0f / 3.0f;
  volatile float const rest = 1.0f - w;
  volatile float const left = rest * a;
  volatile float const right = w * b;
  CHECK(results_of(p)[0] == 0.0);
  CHECK(results_of(p)[1] == double(left + right));
  CHECK(double(std::fma(rest, a, right)) != double(left + right));
  CHECK(verify(p) == "");
}

TEST_CASE("Numbers, one rounding to the result type at the end, to nearest even", "[numbers]") {
  // Halfway between two BF16 numbers, above and below; once through FP16 they would be other numbers.
  std::vector<double> const values{1.00390625, 1.01171875, 1.0039063, 1.0039062, 65519.0, 65520.0, 1e-8, 3e-8};
  std::vector<double> stamps;
  for (std::size_t i = 0; i < values.size(); ++i) { stamps.push_back(double(i)); }
  for (auto result : {dtype::bfloat16, dtype::float16}) {
    auto p = one_trajectory<double>(stamps, values, stamps);
    p.result_type = result;
    CHECK(verify(p) == "");
    if (result == dtype::bfloat16) {
      CHECK(results_of(p)[0] == 1.0);       // the tie goes to the even neighbour below,
      CHECK(results_of(p)[1] == 1.015625);  // and to the one above
    } else {
      CHECK(results_of(p)[4] == 65504.0);
      CHECK(std::isinf(results_of(p)[5]));
    }
  }
}

TEST_CASE("Numbers, every FP16 and BF16 number passes through every conversion", "[numbers][types]") {
  for (auto value : {dtype::float16, dtype::bfloat16}) {
    for (auto result : float_types) {
      problem<float> p;
      p.value_type = value;
      p.result_type = result;
      p.channels = 65536;
      p.source = uniform<float>(0, 1, 1, 1, 1);
      p.target = uniform<float>(0, 1, 1, 1, 1);
      p.make_room();
      for (std::int64_t bits = 0; bits < 65536; ++bits) {
        store_bits(value, p.values.data(), bits, std::uint64_t(bits));
      }
      CAPTURE(robocache::name_of(value), robocache::name_of(result));
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Numbers, subnormals, signed zeros, infinities and NaN follow IEEE arithmetic", "[numbers]") {
  generator random(3);
  for (auto value : float_types) {
    for (auto result : float_types) {
      for (auto method : all_methods) {
        auto p = mixed<float>(random, value, result, method, channels_for(method, 64));
        p.draw_values(random, 0.6);
        CAPTURE(robocache::name_of(value), robocache::name_of(result), int(method));
        CHECK(verify(p) == "");
      }
    }
  }
  auto zeros = one_trajectory<float>({0, 1, 2, 3}, {-0.0, -0.0, 0.0, 1e-45}, {0, 0.5f, 1.5f, 2.5f, 1, 3});
  CHECK(std::signbit(results_of(zeros)[1]));
  CHECK(verify(zeros) == "");
}

TEST_CASE("Numbers, no row depends on the other rows, on its batch, or on how its timeline is stored", "[numbers]") {
  generator random(4);
  for (auto method : all_methods) {
    auto p = mixed<double>(random, dtype::bfloat16, dtype::float32, method, channels_for(method, 24));
    outcome const whole = resample(p);
    REQUIRE(whole.state.ok());
    auto const n = p.source.length;
    auto const t = p.target.length;
    for (std::int64_t b = 0; b < p.source.batch; ++b) {
      auto one = p;
      auto const& s = p.source;
      std::vector<double> samples(s.stamps.begin() + b * s.stride, s.stamps.begin() + b * s.stride + n);
      std::vector<double> targets(p.target.stamps.begin() + b * t, p.target.stamps.begin() + (b + 1) * t);
      auto const size = n * p.channels * 2;
      one.values.assign(p.values.begin() + b * size, p.values.begin() + (b + 1) * size);
      for (int how = 0; how < 3; ++how) {
        one.source = how == 0 ? dense(samples, 1) : how == 1 ? shared(samples, 1) : ragged(samples, {0, n});
        one.target = how == 0 ? ragged(targets, {0, t}) : how == 1 ? windows<double>({0}, targets) : dense(targets, 1);
        outcome const alone = resample(one);
        REQUIRE(alone.state.ok());
        auto const first = whole.results.begin() + b * t * p.channels * 4;
        CHECK(std::equal(alone.results.begin(), alone.results.end(), first));
      }
    }
  }
}

TEST_CASE("Numbers, run after run the same bits", "[numbers]") {
  generator random(5);
  for (auto method : all_methods) {
    auto const p = mixed<float>(random, dtype::float16, dtype::bfloat16, method, channels_for(method, 33));
    outcome const first = resample(p);
    for (int run = 0; run < 5; ++run) { CHECK(resample(p).results == first.results); }
  }
}

TEST_CASE("Methods, linear: the error against double is within k * 2^-24 * max|values read| + half an ulp",
          "[numbers][error]") {
  // k = 3 where the two time differences are exact in float, as for stamps that are small whole numbers; two more
  // roundings of w allow k = 7 in general. Outside of the samples the weights' magnitudes multiply it.
  auto const worst = [](auto stamp_of, std::uint64_t seed) {
    using stamp = decltype(stamp_of(0.0));
    generator random(seed);
    double worst_k = 0;
    for (int round = 0; round < 60; ++round) {
      std::vector<stamp> samples;
      std::vector<stamp> targets;
      double at = 0;
      for (int i = 0; i < 50; ++i) { samples.push_back(stamp_of(at += 5 + 10 * random.unit())); }
      for (int k = 0; k < 200; ++k) { targets.push_back(stamp_of(random.unit() * at)); }
      problem<stamp> p = one_trajectory<stamp>(samples, std::vector<double>(50), targets);
      p.channels = 8;
      p.result_type = random.one_of(float_types);
      p.draw_values(random);
      outcome const o = resample(p);
      auto const records = oracle::locate(p);
      for (std::int64_t row = 0; row < 200; ++row) {
        for (std::int64_t c = 0; c < 8; ++c) {
          auto const exact = oracle::blend_in_double(p, records[row], c);
          double const error = std::fabs(result_at(p, o, row, c) - exact.value) - ulp(p.result_type, exact.value) / 2;
          worst_k = std::max(worst_k, error / (std::ldexp(exact.largest, -24)));
        }
      }
    }
    return worst_k;
  };
  double const whole = worst([](double x) { return std::int64_t(x * 1000); }, 6);
  double const seconds = worst([](double x) { return 1.7e9 + x / 1000; }, 7);
  double const epoch = worst([](double x) { return 1'700'000'000'000'000'000 + std::int64_t(x * 1e6 + 0.5); }, 8);
  double const single = worst([](double x) { return float(x); }, 9);
  INFO("k found: " << whole << " (small whole numbers), " << seconds << " (double seconds), " << epoch
                   << " (epoch nanoseconds), " << single << " (float)");
  CHECK(whole <= 3);
  CHECK(seconds <= 7);
  CHECK(epoch <= 7);
  CHECK(single <= 7);
}
