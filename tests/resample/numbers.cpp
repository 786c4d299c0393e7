// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
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

TEST_CASE("Numbers, values: BF16, FP16 and FP32, and results, chosen independently", "[numbers][types]") {
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

TEST_CASE("Numbers, arithmetic: a + w * d, each operation rounded, none fused", "[numbers]") {
  // Chosen so that a fused multiply-add gives another result: the error of w * d is what is left.
  float const a = 1.0f + std::ldexp(1.0f, -23);
  float const b = -a;
  auto p = one_trajectory<float>({0, 3}, {double(a), double(b)}, {1.5f, 1, 2});
  volatile float const w = 1.0f / 3.0f;
  volatile float const d = b - a;
  volatile float const moved = w * d;
  CHECK(results_of(p)[0] == 0.0);
  CHECK(results_of(p)[1] == double(a + moved));
  CHECK(double(std::fma(w, d, a)) != double(a + moved));
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
  CHECK(results_of(zeros)[1] == 0);  // between two zeros of either sign +0
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

TEST_CASE("Numbers, the same bits in every run", "[numbers]") {
  generator random(5);
  for (auto method : all_methods) {
    auto const p = mixed<float>(random, dtype::float16, dtype::bfloat16, method, channels_for(method, 33));
    outcome const first = resample(p);
    for (int run = 0; run < 5; ++run) { CHECK(resample(p).results == first.results); }
  }
}

TEST_CASE("Methods, linear: the error against double is within k * 2^-24 * max|values read| + half an ulp",
          "[numbers][error]") {
  // k = 4 where the two time differences are exact in float, as for stamps that are small whole numbers; two more
  // roundings of w allow k = 8 in general. Outside of the samples the weights' magnitudes multiply it.
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
  CHECK(whole <= 4);
  CHECK(seconds <= 8);
  CHECK(epoch <= 8);
  CHECK(single <= 8);
}

TEST_CASE("Numbers, what does not change stays what it is, with every method", "[numbers]") {
  auto const tenths = one_trajectory<float>({0, 33}, {0.1, 0.1}, {3});
  CHECK(results_of(tenths)[0] == double(0.1f));
  generator random(71);
  for (auto method : {interpolation::linear, interpolation::catmull_rom, interpolation::pchip, interpolation::akima}) {
    std::vector<double> stamps, targets;
    for (double at = 0; stamps.size() < 12; at += 1 + 30 * random.unit()) { stamps.push_back(at); }
    for (int k = 0; k < 100; ++k) { targets.push_back(random.unit() * stamps.back()); }
    auto p = one_trajectory<double>(stamps, std::vector<double>(12), targets, method);
    p.channels = 24;
    std::vector<double> values;
    for (int i = 0; i < 12; ++i) {
      for (int c = 0; c < 24; ++c) { values.push_back(double(float(std::ldexp(1.1 + 0.037 * c, 5 * c - 60)))); }
    }
    p.set_values(values);
    outcome const o = resample(p);
    bool unmoved = o.state.ok();
    for (std::int64_t row = 0; row < 100; ++row) {
      for (std::int64_t c = 0; c < 24; ++c) { unmoved = unmoved && result_at(p, o, row, c) == values[std::size_t(c)]; }
    }
    CAPTURE(int(method));
    CHECK(unmoved);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Numbers, linear: finite and inside [min, max] of finite samples, infinite beside an infinite one",
          "[numbers]") {
  double const most = std::numeric_limits<float>::max();
  double const inf = std::numeric_limits<double>::infinity();
  for (auto const& [a, b] :
       {std::pair{-most, most}, {most, -most}, {most, most}, {double(-3e38f), double(1e38f)}, {0x1p-149, -0x1p-149}}) {
    auto const p = one_trajectory<float>({0, 7}, {a, b}, {1, 2, 3, 4, 5, 6});
    for (double x : results_of(p)) { CHECK((std::min(a, b) <= x && x <= std::max(a, b))); }
    CHECK(verify(p) == "");
  }
  auto const odd = one_trajectory<float>({0, 2, 4, 6, 8}, {1, inf, inf, -inf, 1}, {0.5f, 1.5f, 3, 5, 7});
  auto const found = results_of(odd);
  CHECK(found[0] == inf);
  CHECK(found[1] == inf);
  CHECK(found[2] == inf);
  CHECK(std::isnan(found[3]));
  CHECK(found[4] == -inf);
  CHECK(verify(odd) == "");
}

TEST_CASE("Numbers, curved: what overflows FP32 on the way is computed in double", "[numbers]") {
  auto const near = [](double found, double wanted) { return std::fabs(found - wanted) <= 1e-6 * std::fabs(wanted); };
  auto const at = [](std::vector<float> stamps, std::vector<double> values, float target, interpolation method) {
    auto const p = one_trajectory<float>(std::move(stamps), std::move(values), {target}, method);
    CHECK(verify(p) == "");
    return results_of(p)[0];
  };
  CHECK(near(at({0, 10, 20}, {-6e37, 6e37, -6e37}, 5, interpolation::akima), 3e37));
  CHECK(near(at({0, 10, 20, 30}, {0, 1, 6e37, -6e37}, 25, interpolation::akima), 2.8125e37));
  auto const p = one_trajectory<std::int64_t>({0, 1'000'000'000, 1'000'000'001}, {0, 1, 1e30}, {500'000'000},
                                              interpolation::pchip);
  CHECK(near(results_of(p)[0], 0.125));
  CHECK(verify(p) == "");
  // Drawn values up to the largest: no NaN, and what the same formulas give in real numbers.
  generator random(72);
  for (auto method : {interpolation::catmull_rom, interpolation::pchip, interpolation::akima}) {
    auto drawn = one_trajectory<float>({0, 1, 3, 4, 4.5f, 9, 10, 11}, std::vector<double>(8), {});
    drawn.options.method = method;
    std::vector<float> targets;
    for (int k = 0; k < 50; ++k) { targets.push_back(float(11 * random.unit())); }
    drawn.target = dense(targets, 1);
    drawn.channels = 32;
    std::vector<double> values;
    for (int i = 0; i < 8 * 32; ++i) { values.push_back(double(float(3.4e38 * (2 * random.unit() - 1)))); }
    drawn.set_values(values);
    outcome const o = resample(drawn);
    auto const records = oracle::locate(drawn);
    double worst = 0;
    for (std::int64_t row = 0; row < 50; ++row) {
      for (std::int64_t c = 0; c < 32; ++c) {
        auto const exact = oracle::blend_in_double(drawn, records[std::size_t(row)], c);
        if (std::fabs(exact.value) > std::numeric_limits<float>::max()) { continue; }  // an infinity is right
        double const error = std::fabs(result_at(drawn, o, row, c) - exact.value) - exact.slack;
        worst = std::max(worst, std::isnan(error) ? 1e9 : error / std::ldexp(exact.largest, -24));
      }
    }
    CAPTURE(int(method));
    CHECK(worst <= 6 + 4 * 9);
    CHECK(verify(drawn) == "");
  }
}

TEST_CASE("Slerp: between q and q, or q and -q, the left sample, normalised, whatever the weight", "[numbers]") {
  generator random(48);
  for (int round = 0; round < 20; ++round) {
    std::array<double, 4> q{};
    for (double& x : q) { x = double(float(random.unit() - 0.5)); }
    std::array<double, 4> turned_over{-q[0], -q[1], -q[2], -q[3]};
    std::vector<double> targets;
    for (int k = 1; k < 50; ++k) { targets.push_back(k * 0.02); }
    for (auto const& other : {q, turned_over}) {
      auto p = one_trajectory<double>({0, 1}, std::vector<double>(2), targets, interpolation::slerp);
      p.channels = 4;
      p.set_values({q[0], q[1], q[2], q[3], other[0], other[1], other[2], other[3]});
      outcome const o = resample(p);
      REQUIRE(o.state.ok());
      double length = 0;
      for (double x : q) { length += x * x; }
      bool one_value = true;
      for (std::int64_t c = 0; c < 4; ++c) {
        double const first = result_at(p, o, 0, c);
        CHECK(std::fabs(first - q[std::size_t(c)] / std::sqrt(length)) <= 2e-7);
        for (std::int64_t k = 1; k < 49; ++k) { one_value = one_value && result_at(p, o, k, c) == first; }
      }
      CHECK(one_value);
      CHECK(verify(p) == "");
    }
  }
}
