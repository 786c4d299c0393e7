// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <robocache/device/method.cuh>
#include <robocache/device/timeline.cuh>

#include "support/catch.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "A call": each check names its argument, says what was found and what is wanted, and
// nothing is written. What a call does to its stream and its device is in contract_gpu.cu.
using namespace test;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

template <class Stamp>
problem<Stamp> sound() {
  auto p = one_trajectory<Stamp>({0, 1, 2}, {1, 2, 3}, {0, 1});
  REQUIRE(verify(p) == "");
  return p;
}

}  // namespace

TEST_CASE("A call, methods: the table says what the semantics say", "[call]") {
  namespace device = robocache::device;
  CHECK(device::method_count() == static_cast<int>(all_methods.size()));
  for (auto method : all_methods) {
    CAPTURE(robocache::name_of(method));
    auto const traits = device::traits_of(method);
    CHECK(traits.exists);
    CHECK(traits.holds == is_hold(method));
    CHECK(traits.differentiable == (is_hold(method) || method == interpolation::linear));
    CHECK(traits.moves == (method == interpolation::linear));
    CHECK(traits.channels == channels_for(method, 0));
    int const neighbours = method == interpolation::akima ? 2 : 1;
    bool const curved = std::find(curved_methods.begin(), curved_methods.end(), method) != curved_methods.end();
    CHECK(traits.neighbours == (curved ? neighbours : 0));
  }
}

TEST_CASE("A call, an unknown method, edge or kind is refused and named, and never taken for another", "[call]") {
  namespace device = robocache::device;
  for (int unknown : {device::method_count(), 77, 255}) {
    CHECK_FALSE(device::traits_of(interpolation(unknown)).exists);
    auto p = sound<float>();
    p.options.method = interpolation(unknown);
    CHECK(refused(p, "options.method", {"found " + std::to_string(unknown), "want an interpolation"}) == "");
  }
  // A user's kernel may be given what calls refuse: it is not taken for a uniform timeline either.
  auto when = robocache::timeline<double>::uniform(5.0, 2.0, 1, 4);
  CHECK(device::target_stamp(when, 0, 3) == 11.0);
  when.kind = timeline_kind(17);
  CHECK(device::target_stamp(when, 0, 3) == 5.0);
  CHECK(device::trajectory_of(when, 0).num != 2.0);
}

TEST_CASE("A call, tolerance: finite, 0 or more, of hold methods alone and not with causal", "[call]") {
  auto p = one_trajectory<double>({0, 1}, {1, 2}, {0.5}, interpolation::previous);
  for (double odd : {-0.5, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    p.options.tolerance = odd;
    CHECK(refused(p, "options.tolerance", {"want 0 or more, and finite"}) == "");
  }
  p.options.tolerance = 0.25;
  p.options.causal = true;
  p.options.before = edge::fill;
  CHECK(refused(p, "options.tolerance", {"found 0.25 with causal", "previous, next and nearest"}) == "");
  p.options.causal = false;
  p.options.method = interpolation::linear;
  CHECK(refused(p, "options.tolerance", {"found 0.25 with linear", "previous, next and nearest"}) == "");
}

TEST_CASE("A call, max_gap: negative or NaN is an error", "[call]") {
  auto p = sound<double>();
  p.options.max_gap = -0.5;
  CHECK(refused(p, "options.max_gap", {"found -0.5", "want 0 or more"}) == "");
  p.options.max_gap = std::numeric_limits<double>::quiet_NaN();
  CHECK(refused(p, "options.max_gap", {"nan", "want 0 or more"}) == "");
  auto q = sound<std::int64_t>();
  q.options.max_gap = -1;
  CHECK(refused(q, "options.max_gap", {"found -1"}) == "");
  auto r = sound<float>();
  r.options.max_gap = -1;
  CHECK(refused(r, "options.max_gap", {"found -1"}) == "");
}

TEST_CASE("A call, causal: with previous only, and it refuses clamp before the first", "[call]") {
  for (auto method : all_methods) {
    if (method == interpolation::previous) { continue; }
    auto p = sound<float>();
    p.options.method = method;
    p.options.causal = true;
    p.options.before = edge::fill;
    CHECK(refused(p, "options.causal", {"found", "want", "previous"}) == "");
  }
  for (auto rule : {edge::clamp, edge::extrapolate}) {
    auto p = sound<float>();
    p.options.method = interpolation::previous;
    p.options.causal = true;
    p.options.before = rule;
    CHECK(refused(p, "options.before", {"found", "want", "fill"}) == "");
  }
}

TEST_CASE("A call, options that do not exist", "[call]") {
  auto p = sound<float>();
  p.options.method = interpolation(77);
  CHECK(refused(p, "options.method", {"found 77", "want"}) == "");
  p = sound<float>();
  p.options.before = edge(9);
  CHECK(refused(p, "options.before", {"found 9", "want"}) == "");
  p = sound<float>();
  p.options.after = edge(8);
  CHECK(refused(p, "options.after", {"found 8", "want"}) == "");
  p = sound<float>();
  p.options.before = edge::hold;
  CHECK(refused(p, "options.before", {"found edge::hold", "want", "before the first sample"}) == "");
}

TEST_CASE("A call, integers are moved by the hold methods alone", "[call]") {
  for (auto method : all_methods) {
    if (is_hold(method)) { continue; }
    for (auto type : integer_types) {
      auto p = sound<float>();
      p.options.method = method;
      p.value_type = p.result_type = type;
      p.channels = 4;
      p.set_values({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
      CHECK(refused(p, "options.method",
                    {std::string("found ") + robocache::name_of(method), robocache::name_of(type),
                     "want previous, next or nearest"}) == "");
      CHECK(resample(p).state.code() == status_code::unsupported);
    }
  }
}

TEST_CASE("A call, slerp takes four channels", "[call]") {
  for (std::int64_t channels : {1, 3, 5, 8, 16}) {
    auto p = sound<float>();
    p.options.method = interpolation::slerp;
    p.channels = channels;
    p.set_values(std::vector<double>(std::size_t(3 * channels), 0.5));
    CHECK(refused(p, "source.channels", {"found " + std::to_string(channels), "want 4", "slerp"}) == "");
  }
}

TEST_CASE("A call, fill: for integers a whole number in range", "[call]") {
  auto const check = [](dtype type, double fill, bool fits) {
    auto p = sound<float>();
    p.options.method = interpolation::nearest;
    p.value_type = p.result_type = type;
    p.options.fill = fill;
    p.set_values({1, 2, 3});
    CAPTURE(robocache::name_of(type), fill);
    if (fits) {
      p.options.before = edge::fill;
      p.target.stamps[0] = -1;
      CHECK(verify(p) == "");
    } else {
      CHECK(refused(p, "options.fill", {"found", "want a whole number", robocache::name_of(type)}) == "");
    }
  };
  double const not_a_number = std::numeric_limits<double>::quiet_NaN();
  for (auto type : integer_types) {
    check(type, 0.5, false);
    check(type, not_a_number, false);
    check(type, std::numeric_limits<double>::infinity(), false);
    check(type, 0, true);
  }
  check(dtype::uint8, 255, true);
  check(dtype::uint8, 256, false);
  check(dtype::uint8, -1, false);
  check(dtype::int32, -2147483648.0, true);
  check(dtype::int32, -2147483649.0, false);
  check(dtype::int32, 2147483647.0, true);
  check(dtype::int32, 2147483648.0, false);
  check(dtype::int64, -9223372036854775808.0, true);
  check(dtype::int64, 9223372036854774784.0, true);
  check(dtype::int64, 9223372036854775808.0, false);
}

TEST_CASE("A call, sizes below 0", "[call]") {
  auto p = sound<float>();
  p.channels = 0;
  CHECK(refused(p, "source.channels", {"found 0", "want 1 or more"}) == "");
  p = sound<float>();
  p.source.length = -3;
  CHECK(refused(p, "source.when.length", {"found -3", "want 0 or more"}) == "");
  p = sound<float>();
  p.source.batch = -1;
  CHECK(refused(p, "source.when.batch", {"found -1", "want 0 or more"}) == "");
}

TEST_CASE("A call, batches that do not match", "[call]") {
  auto p = sound<float>();
  p.target = dense<float>({0, 1}, 2);
  CHECK(refused(p, "target.batch", {"found 2", "want the 1 of source"}) == "");
  p.target = windows<float>({0, 1}, {0});
  CHECK(refused(p, "target.batch", {"found 2", "want the 1 of source"}) == "");
}

TEST_CASE("A call, windows are for targets only", "[call]") {
  auto p = sound<float>();
  p.source = windows<float>({0}, {0, 1, 2});
  CHECK(refused(p, "source.when.kind", {"found windows", "want"}) == "");
}

TEST_CASE("A call, period: above 0 and finite", "[call][uniform]") {
  auto p = sound<std::int64_t>();
  for (std::int64_t num : {std::int64_t(0), std::int64_t(-3)}) {
    p.target = uniform<std::int64_t>(0, num, 1, 1, 2);
    CHECK(refused(p, "target.num", {"found a period of " + std::to_string(num), "want both above 0"}) == "");
  }
  p.target = uniform<std::int64_t>(0, 1, 0, 1, 2);
  CHECK(refused(p, "target.num", {"found a period of 1 / 0", "want both above 0"}) == "");
  auto q = sound<double>();
  for (double period : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    q.source = uniform<double>(0, period, 1, 1, 3);
    q.target = dense<double>({0, 1}, 1);
    CHECK(refused(q, "source.when.num", {"found a period of", "want it above 0 and finite"}) == "");
  }
}

TEST_CASE("A call, strides: not negative, results that do not overlap, offsets within 64 bits", "[call][strides]") {
  auto p = sound<float>();
  p.row_stride = -1;
  CHECK(refused(p, "source.row_stride", {"found -1", "want 0 or more"}) == "");
  p = sound<float>();
  p.batch_stride = -8;
  CHECK(refused(p, "source.batch_stride", {"found -8", "want 0 or more"}) == "");
  p = sound<float>();
  p.source.stride = -8;
  CHECK(refused(p, "source.when.stride", {"found -8", "want 0 or more"}) == "");

  auto q = sound<float>();
  q.channels = 3;
  q.set_values(std::vector<double>(9, 1.0));
  q.result_row_stride = 2;
  CHECK(refused(q, "out.row_stride", {"found", "3 channels", "want rows that do not overlap"}) == "");
  q.result_row_stride = 0;
  CHECK(refused(q, "out.row_stride", {"found", "want rows that do not overlap"}) == "");

  problem<float> both;
  both.source = shared<float>({0, 1}, 2);
  both.target = shared<float>({0, 1}, 2);
  both.set_values({1, 2, 3, 4});
  both.result_batch_stride = 1;
  CHECK(refused(both, "out.batch_stride", {"found", "want rows that do not overlap"}) == "");
}

TEST_CASE("A call, null pointers, misplaced pointers and products beyond 64 bits", "[call]") {
  // Views made by hand over host memory, on both sides: a call that is refused reads and writes nothing.
  float const stamps[4] = {0, 1, 2, 3};
  float const values[4] = {1, 2, 3, 4};
  std::int64_t const offsets[2] = {0, 4};
  float results[4] = {-5, -5, -5, -5};
  std::uint8_t valid[4] = {9, 9, 9, 9};
  using when = timeline<float>;
  auto const refusal = [&](when const& source, when const& target, float const* from, float* to) {
    return resample_views<float>({from, source, 1}, target, {to, valid}, {});
  };
  auto const good = when::dense(stamps, 1, 4);
  auto const check = [&](status const& s, char const* argument, char const* found) {
    CHECK(s.code() == status_code::invalid_argument);
    INFO(s.message());
    CHECK(std::string(s.argument()) == argument);
    CHECK(std::string(s.message()).find(found) != std::string::npos);
    CHECK(std::string(s.message()).find("want") != std::string::npos);
  };
  auto const odd = [](auto* p) { return reinterpret_cast<decltype(p)>(reinterpret_cast<std::uintptr_t>(p) + 1); };

  check(refusal(when::dense(nullptr, 1, 4), good, values, results), "source.when.stamps", "found a null pointer");
  check(refusal(good, when::dense(nullptr, 1, 4), values, results), "target.stamps", "found a null pointer");
  check(refusal(good, good, nullptr, results), "source.values", "found a null pointer");
  check(refusal(good, good, values, nullptr), "out.values", "found a null pointer");
  // Elements are counted, not rows; and of stamps that all trajectories share, those of one.
  robocache::series<float, float> const wide_rows{nullptr, good, 3};
  check(resample_views<float>(wide_rows, good, {results, valid}, {}), "source.values",
        "source.values: found a null pointer, want 12 elements");
  check(resample_views<float>({values, good, 3}, good, {nullptr, valid}, {}), "out.values", "want 12 elements");
  check(refusal(when::shared(nullptr, 2, 4), when::shared(stamps, 2, 4), values, results), "source.when.stamps",
        "want 4 elements");
  check(refusal(when::ragged(stamps, nullptr, 1, 4), good, values, results), "source.when.offsets", "null pointer");
  check(refusal(good, when::windows(nullptr, stamps, 1, 4), values, results), "target.starts", "null pointer");
  check(refusal(good, when::windows(stamps, nullptr, 1, 4), values, results), "target.deltas", "null pointer");
  check(refusal(good, when::windows(stamps, stamps, 1, 4, nullptr, odd(stamps)), values, results), "target.as_of",
        "found address");
  auto told = good;
  told.as_of = stamps;
  check(refusal(good, told, values, results), "target.as_of", "want it with windows only");
  check(refusal(told, good, values, results), "source.when.as_of", "want it with windows only");
  check(refusal(good, good, odd(values), results), "source.values", "found address");
  check(refusal(good, good, values, odd(results)), "out.values", "found address");
  check(refusal(when::dense(odd(stamps), 1, 4), good, values, results), "source.when.stamps", "found address");
  check(refusal(when::ragged(stamps, odd(offsets), 1, 4), good, values, results), "source.when.offsets", "address");

  auto packed = when::ragged(nullptr, nullptr, 1, 0);
  packed.length = 5;
  check(refusal(packed, good, values, results), "source.when.length", "want 0 for packed");

  auto misplaced = good;
  misplaced.offsets = offsets;
  check(refusal(misplaced, good, values, results), "source.when.offsets", "found a pointer");
  misplaced = when::shared(stamps, 1, 4);
  misplaced.lengths = offsets;
  check(refusal(misplaced, good, values, results), "source.when.lengths", "found a pointer");
  misplaced = good;
  misplaced.trajectory = offsets;
  check(refusal(good, misplaced, values, results), "target.trajectory", "found a pointer");
  misplaced = good;
  misplaced.kind = timeline_kind(17);
  check(refusal(misplaced, good, values, results), "source.when.kind", "found 17");

  misplaced = when::uniform(0, 1, 1, 4);
  misplaced.stamps = stamps;
  check(refusal(good, misplaced, values, results), "target.stamps", "found a pointer");
  misplaced = good;
  misplaced.deltas = stamps;
  check(refusal(misplaced, good, values, results), "source.when.deltas", "found a pointer");
  misplaced = when::shared(stamps, 1, 4);
  misplaced.stride = 4;
  check(refusal(misplaced, good, values, results), "source.when.stride", "found 4");

  // A stride whose product with the batch leaves 64 bits.
  misplaced = when::dense(stamps, 3, 1);
  misplaced.stride = huge / 2;
  check(refusal(misplaced, when::shared(stamps, 3, 1), values, results), "source.when.stride", "found 4611");
  check(refusal(when::shared(stamps, 3, 1), misplaced, values, results), "target.stride", "found 4611");
  // Lengths, offsets and strides have to be right whether or not there are samples.
  check(refusal(when::dense(stamps, 1, 0, odd(offsets)), good, values, results), "source.when.lengths",
        "found address");
  check(refusal(when::ragged(stamps, odd(offsets), 1, 0), good, values, results), "source.when.offsets", "address");
  robocache::series<float, float> const broad{values, good, 268'431'361, 0, 0};
  status const too_wide = resample_views<float>(broad, when::shared(stamps, 1, 1), {results, valid}, {});
  CHECK(too_wide.code() == status_code::unsupported);
  CHECK(std::string(too_wide.message()) == "source.channels: found 268431361, want at most 268431360");

  auto const endless = when::uniform(0, 1, 1, std::int64_t(1) << 31);
  CHECK(refusal(good, endless, values, results).code() == status_code::unsupported);
  CHECK(std::string(refusal(endless, good, values, results).argument()) == "source.when.length");
  check(refusal(when::uniform(0, 1, huge / 2, 3), good, values, results), "source.when.length", "found batch");
  check(refusal(when::ragged(stamps, offsets, 1, -1), good, values, results), "source.when.rows", "found -1");
  robocache::series<float, float> const far{values, good, 1, huge / 2, 1};
  check(resample_views<float>(far, when::shared(stamps, 1, 4), {results, valid}, {}), "source.row_stride", "strides");
  robocache::series<float, float> const sparse{values, when::dense(stamps, 1, 4), 1, robocache::contiguous, huge / 2};
  status const wide = resample_views<float>(sparse, good, {results, valid}, {});
  CHECK(std::string(wide.message()).find("source.row_stride: found") == 0);
  CHECK(std::all_of(results, results + 4, [](float r) { return r == -5; }));
  CHECK(std::all_of(valid, valid + 4, [](std::uint8_t v) { return v == 9; }));
}

TEST_CASE("A call, valid masks: of bytes or of bool, and null in any of its spellings", "[call]") {
  float values[1] = {};
  std::uint8_t bytes[1] = {};
  bool flags[1] = {};
  using robocache::output;
  CHECK(output<float>{values, bytes}.valid == bytes);
  CHECK(static_cast<void const*>(static_cast<std::uint8_t*>(output<float>{values, flags}.valid)) == flags);
  CHECK(output<float>{values, nullptr}.valid == nullptr);
  CHECK(output<float>{values, 0}.valid == nullptr);
  CHECK(output<float>{values}.valid == nullptr);
}
