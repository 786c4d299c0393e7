// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/backward/resample.hpp"
#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Gradients", sentence by sentence. `verify` compares every bit with a replay in FP32 that
// knows nothing of the library, with each promise about the order of targets that holds.
using namespace test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// One trajectory of one FP32 channel whose gradients are wanted, those of target times for linear alone.
template <class Stamp>
backward_problem<Stamp> one_backward(std::vector<Stamp> samples, std::vector<Stamp> targets,
                                     std::vector<double> const& results, interpolation method = interpolation::linear) {
  backward_problem<Stamp> p;
  std::vector<double> values(samples.size());
  for (std::size_t i = 0; i < values.size(); ++i) { values[i] = double(i * i) - 3; }
  p.forward = one_trajectory<Stamp>(std::move(samples), values, std::move(targets), method);
  p.wants_targets = method == interpolation::linear;
  p.set_results(results);
  return p;
}

template <class Stamp>
std::vector<double> gradients_of(backward_problem<Stamp> const& p) {
  gradients const o = resample_backward(p);
  REQUIRE(o.trouble + o.state.message() == "");
  std::vector<double> numbers;
  for (std::int64_t row = 0; row < p.forward.source.total(); ++row) { numbers.push_back(gradient_at(p, o, row)); }
  return numbers;
}

template <class Stamp>
std::vector<float> time_gradients_of(backward_problem<Stamp> const& p) {
  gradients const o = resample_backward(p);
  REQUIRE(o.trouble + o.state.message() == "");
  return o.targets;
}

}  // namespace

TEST_CASE("Gradients, values: each row gets its weight in each target's record", "[backward]") {
  auto p = one_backward<float>({0, 4, 8}, {1, 2, 4, 7}, {16, 32, 64, 128});
  // 3/4 * 16 + 1/2 * 32, then 1/4 * 16 + 1/2 * 32 + 64 + 1/4 * 128, then 3/4 * 128
  CHECK(gradients_of(p) == std::vector<double>{28, 116, 96});
  CHECK(verify(p) == "");
  auto const hold = [](interpolation method) {
    return gradients_of(one_backward<float>({0, 4, 8}, {1, 2, 4, 7}, {16, 32, 64, 128}, method));
  };
  CHECK(hold(interpolation::previous) == std::vector<double>{48, 192, 0});
  CHECK(hold(interpolation::next) == std::vector<double>{0, 112, 128});
  CHECK(hold(interpolation::nearest) == std::vector<double>{48, 64, 128});
}

TEST_CASE("Gradients, values: the sum is FP32, in ascending order, with one rounding at the end", "[backward]") {
  // 2^24 + 1 is 2^24, 1 + 1 + 2^24 is not: the order shows.
  auto p = one_backward<float>({0, 1}, {0, 0, 0}, {16777216, 1, 1});
  CHECK(gradients_of(p)[0] == 16777216);
  p.set_results({1, 1, 16777216});
  CHECK(gradients_of(p)[0] == 16777218);
  // In BF16 256 + 1 is 256: were each step rounded, the sum would stay there.
  p.forward.value_type = dtype::bfloat16;
  p.forward.set_values({0, 0});
  p.set_results({256, 1, 1});
  CHECK(gradients_of(p)[0] == 258);
  // Products are rounded by themselves: a fused one would leave 2^-24 times something.
  auto q = one_backward<float>({0, 3}, {1, 1}, {3, -3});
  CHECK(gradients_of(q) == std::vector<double>{0, 0});
  CHECK(verify(q) == "");
}

TEST_CASE("Gradients, values: the sum starts at +0", "[backward]") {
  auto p = one_backward<float>({0, 1}, {0}, {-0.0});
  CHECK_FALSE(std::signbit(gradients_of(p)[0]));
  CHECK_FALSE(std::signbit(gradients_of(p)[1]));
}

TEST_CASE("Gradients, values: clamp feeds the edge sample, extrapolation its two rows", "[backward]") {
  auto p = one_backward<float>({0, 2, 4}, {-2, 6}, {1, 10});
  CHECK(gradients_of(p) == std::vector<double>{1, 0, 10});
  p.forward.options.before = p.forward.options.after = edge::extrapolate;
  CHECK(gradients_of(p) == std::vector<double>{2, -11, 20});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients, values: a hold method's tolerance counts, as in its results", "[backward]") {
  auto p = one_backward<float>({0, 4, 8}, {3, 3.5f, 7.75f, -0.5f}, {16, 32, 64, 128}, interpolation::previous);
  p.forward.options.tolerance = 0.5f;
  CHECK(gradients_of(p) == std::vector<double>{144, 32, 64});
  CHECK(verify(p) == "");
  p.forward.target = ragged<float>({3, 3.5f, 7.75f, -0.5f}, {0, 4});
  CHECK(gradients_of(p) == std::vector<double>{144, 32, 64});
  CHECK(verify(p) == "");

  // At the end of the range the time asked for is finite, and with the tolerance infinite.
  auto last = one_backward<float>({0, 1, 3e38f}, {3e38f}, {7}, interpolation::previous);
  last.forward.options.tolerance = 1e38f;
  CHECK(gradients_of(last) == std::vector<double>{0, 0, 7});
  CHECK(verify(last) == "");
}

TEST_CASE("Gradients, values: targets that give fill feed nothing, and the valid mask plays no part", "[backward]") {
  auto p =
      one_backward<double>({0, 1, 5, 6}, {-1, 0.5, 3, 7, not_a_number, infinity, -infinity}, {1, 2, 4, 8, 16, 32, 64});
  p.forward.options.max_gap = 2;
  p.forward.options.before = p.forward.options.after = edge::fill;
  CHECK(gradients_of(p) == std::vector<double>{1, 1, 0, 0});
  p.forward.options.before = p.forward.options.after = edge::clamp;  // not valid, and yet they count
  CHECK(gradients_of(p) == std::vector<double>{2, 1, 0, 8});
  p.forward.options.method = interpolation::previous;
  p.wants_targets = false;
  CHECK(gradients_of(p) == std::vector<double>{3, 4, 0, 8});
}

TEST_CASE("Gradients, values: a row whose weight is 0 gets nothing, not even NaN", "[backward]") {
  auto p = one_backward<float>({0, 1, 2}, {1}, {not_a_number});
  auto const found = gradients_of(p);
  CHECK(found[0] == 0);
  CHECK(std::isnan(found[1]));
  CHECK(found[2] == 0);
}

TEST_CASE("Gradients, values: every row is written, 0 where no target reads it", "[backward]") {
  auto p = one_backward<float>({0, 1, 2, 3}, {}, {});
  CHECK(gradients_of(p) == std::vector<double>(4, 0.0));
  // Padding beyond a length, and packed rows that nobody owns.
  backward_problem<float> q;
  q.forward.source = dense<float>({0, 1, 9, 0, 1, 2}, 2, {2, 5});
  q.forward.target = dense<float>({0.5f, 8, 0.5f, 8}, 2);
  q.forward.set_values({1, 2, 3, 4, 5, 6});
  q.set_results({2, 4, 8, 16});
  CHECK(gradients_of(q) == std::vector<double>{1, 5, 0, 4, 4, 16});
  q.forward.source = ragged<float>({9, 0, 1, 9, 9}, {1, 3, 3});
  q.forward.set_values({1, 2, 3, 4, 5});
  CHECK(gradients_of(q) == std::vector<double>{0, 1, 5, 0, 0});
  CHECK(verify(q) == "");
}

TEST_CASE("Gradients, values: windows by window, then by target, whichever trajectory they name", "[backward]") {
  backward_problem<float> p;
  p.forward.source = dense<float>({0, 1, 2, 0, 1, 2}, 2);
  p.forward.target = windows<float>({0, 1, 0, 5, 1}, {0, 0.5f}, {1, 0, 1, 7, -1});
  p.forward.set_values({1, 2, 3, 4, 5, 6});
  p.set_results({16777216, 0, 2, 4, 1, 0, 1e9, 1e9, 1e9, 1e9});
  CHECK(gradients_of(p) == std::vector<double>{0, 4, 2, 16777216, 0, 0});
  CHECK(verify(p) == "");
  p.set_results({1, 0, 0, 0, 16777216, 0, 0, 0, 0, 0});
  CHECK(gradients_of(p)[3] == 16777216);
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients, values: many windows on one trajectory, none of them once too often", "[backward]") {
  generator random(61);
  for (bool sorted : {true, false}) {
    backward_problem<double> p;
    p.forward.source = dense(draw_stamps<double>(random, 900, 0, 1), 3);
    std::vector<double> anchors;
    std::vector<double> deltas;
    std::vector<std::int64_t> trajectory;
    for (int b = 0; b < 700; ++b) {
      anchors.push_back(320 * random.unit());
      trajectory.push_back(random.between(0, 3));
    }
    for (int k = 0; k < 11; ++k) { deltas.push_back(9 * random.unit() - 5); }
    if (sorted) { std::sort(deltas.begin(), deltas.end()); }
    p.forward.target = windows(anchors, deltas, trajectory);
    p.forward.channels = 3;
    p.forward.draw_values(random);
    p.draw_results(random);
    p.wants_targets = true;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Gradients, target times: the slope of the bracket", "[backward]") {
  // Values -3, -2, 1, 6 at 0, 2, 4, 8: slopes 1/2, 3/2, 5/4.
  auto p = one_backward<double>({0, 2, 4, 8}, {1, 3, 5}, {2, 4, 8});
  CHECK(time_gradients_of(p) == std::vector<float>{1, 6, 10});
  p.forward.options.max_gap = 4;  // not wider than that
  CHECK(time_gradients_of(p) == std::vector<float>{1, 6, 10});
  p.forward.options.max_gap = 3;
  CHECK(time_gradients_of(p) == std::vector<float>{1, 6, 0});
  // At a sample the bracket to its right, at the last one that to its left.
  p = one_backward<double>({0, 2, 4, 8}, {0, 2, 8}, {2, 4, 8});
  CHECK(time_gradients_of(p) == std::vector<float>{1, 6, 10});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients, target times: 0 where the result does not move", "[backward]") {
  auto const nan_gradients = std::vector<double>(6, not_a_number);
  auto p = one_backward<float>({0, 2, 2, 4}, {-1, 5, 2.5f, float(not_a_number), 2, float(infinity)}, nan_gradients);
  p.forward.options.max_gap = 1;
  CHECK(time_gradients_of(p) == std::vector<float>(6, 0.0f));
  for (auto rule : {edge::clamp, edge::fill}) {
    p.forward.options.before = p.forward.options.after = rule;
    CHECK(time_gradients_of(p) == std::vector<float>(6, 0.0f));
  }
  // A width of 0: beside duplicates at the end, and of a single sample.
  CHECK(time_gradients_of(one_backward<float>({0, 2, 2}, {2}, {not_a_number})) == std::vector<float>{0});
  CHECK(time_gradients_of(one_backward<float>({2}, {2}, {not_a_number})) == std::vector<float>{0});
  CHECK(time_gradients_of(one_backward<float>({}, {2}, {not_a_number})) == std::vector<float>{0});
  // Padding, and packed targets that nobody owns.
  backward_problem<float> q;
  q.wants_targets = true;
  q.forward.source = dense<float>({0, 1, 0, 1}, 2);
  q.forward.set_values({0, 1, 0, 1});
  q.forward.target = dense<float>({0.5f, 0.5f, 0.5f, 0.5f}, 2, {1, 2});
  q.set_results({1, not_a_number, 2, 4});
  CHECK(time_gradients_of(q) == std::vector<float>{1, 0, 2, 4});
  q.forward.target = ragged<float>({0.5f, 0.5f, 0.5f, 0.5f}, {1, 2, 3});
  q.set_results({not_a_number, 2, 4, not_a_number});
  CHECK(time_gradients_of(q) == std::vector<float>{0, 2, 4, 0});
}

TEST_CASE("Gradients, target times: extrapolation has the slope of the outermost pair, whatever its gap",
          "[backward]") {
  auto p = one_backward<float>({0, 2, 4, 8}, {-4, 20}, {2, 4});
  p.forward.options.before = p.forward.options.after = edge::extrapolate;
  p.forward.options.max_gap = 1;
  CHECK(time_gradients_of(p) == std::vector<float>{1, 5});
}

TEST_CASE("Gradients, target times: 32 partial sums, then halves", "[backward]") {
  generator random(62);
  for (std::int64_t channels : {1, 2, 31, 32, 33, 64, 100, 257}) {
    backward_problem<float> p;
    p.wants_targets = true;
    p.forward.source = dense<float>(draw_stamps<float>(random, 20, 0, 1), 1);
    p.forward.target = dense<float>(draw_stamps<float>(random, 70, -1, 0.3f), 1);
    p.forward.channels = channels;
    p.forward.draw_values(random);
    p.draw_results(random);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Gradients, order: sorted and unsorted targets give one another's bits", "[backward]") {
  generator random(63);
  for (std::int64_t count : {1, 255, 256, 257, 3000}) {
    backward_problem<float> p;
    p.forward.source = dense(draw_stamps<float>(random, 400, 0, 1), 1);
    p.forward.target = dense(draw_stamps<float>(random, count, -3, 420.0f / float(count)), 1);
    p.forward.options.before = p.forward.options.after = edge::extrapolate;
    p.forward.channels = 40;
    p.forward.draw_values(random);
    p.draw_results(random);
    REQUIRE(targets_ascend(p.forward));
    CHECK(verify(p) == "");
    std::reverse(p.forward.target.stamps.begin(), p.forward.target.stamps.end());
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Gradients: none, one and two samples", "[backward]") {
  for (auto method : methods_with_gradients) {
    for (auto rule : all_edges) {
      for (std::vector<std::int64_t> samples : {std::vector<std::int64_t>{}, {5}, {5, 9}, {5, 5}}) {
        auto p =
            one_backward<std::int64_t>(samples, {0, 4, 5, 6, 7, 8, 9, 10, 100}, {1, 2, 3, 4, 5, 6, 7, 8, 9}, method);
        p.forward.options.before = p.forward.options.after = rule;
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Gradients: strides of 0 in what is read", "[backward]") {
  backward_problem<float> p;
  p.wants_targets = true;
  p.forward.source = dense<float>({0, 1, 2, 0, 1, 2}, 2);
  p.forward.target = dense<float>({0.5f, 1.5f, 1, 2}, 2);
  p.forward.channels = 8;
  p.forward.batch_stride = 0;  // trajectories share their values, not their gradients
  p.forward.result_row_stride = 0;
  p.forward.result_batch_stride = 0;
  generator random(67);
  p.forward.draw_values(random);
  p.draw_results(random);
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients: wide rows are cut, and misaligned ones are not vectors", "[backward]") {
  generator random(68);
  for (std::int64_t channels : {4096, 4104, 17000, 2049}) {
    for (std::int64_t misaligned : {0, 8, 3}) {
      backward_problem<float> p;
      p.forward.source = dense(draw_stamps<float>(random, 9, 0, 1), 1);
      p.forward.target = dense(draw_stamps<float>(random, 12, -1, 1), 1);
      p.forward.options.before = p.forward.options.after = edge::extrapolate;
      p.forward.channels = channels;
      p.forward.value_type = p.forward.result_type = dtype::bfloat16;
      p.forward.misaligned = misaligned;
      p.forward.draw_values(random);
      p.draw_results(random);
      p.wants_targets = true;
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Gradients, a call that is refused names the argument, and nothing is written", "[backward]") {
  auto const sound = one_backward<float>({0, 1, 2}, {0, 1}, {1, 2});
  REQUIRE(verify(sound) == "");
  for (auto method : {interpolation::angle, interpolation::catmull_rom, interpolation::pchip, interpolation::akima,
                      interpolation::slerp}) {
    auto p = sound;
    p.forward.options.method = method;
    CHECK(refused(p, "options.method", {"found", "want previous, next, nearest or linear"}) == "");
    CHECK(resample_backward(p).state.code() == status_code::unsupported);
  }
  auto p = sound;
  p.forward.options.method = interpolation(77);
  CHECK(refused(p, "options.method", {"found 77"}) == "");
  p = sound;
  p.wants_values = p.wants_targets = false;
  CHECK(refused(p, "out.values", {"null", "out.targets"}) == "");
  p = sound;
  p.forward.options.method = interpolation::nearest;
  CHECK(refused(p, "out.targets", {"found a pointer with nearest", "linear"}) == "");
  p = sound;
  p.out_row_stride = 0;
  CHECK(refused(p, "out.row_stride", {"want rows that do not overlap"}) == "");
  p = sound;
  p.forward.place = value_place::pinned;
  CHECK(refused(p, "source.place", {"found value_place::pinned", "want value_place::device"}) == "");
  p = sound;
  p.forward.target = windows<float>({1}, {0, 1}, {}, {1});
  CHECK(refused(p, "target.as_of", {"found a pointer", "want null"}) == "");
  p = sound;
  p.order = target_order(9);
  CHECK(refused(p, "order", {"found 9"}) == "");
  p = sound;
  p.forward.options.max_gap = -1;
  CHECK(refused(p, "options.max_gap", {"found -1"}) == "");
  p = sound;
  p.forward.result_row_stride = -1;
  p.forward.result_first = 1;
  CHECK(refused(p, "results.row_stride", {"found -1"}) == "");
  auto shared_values = sound;
  shared_values.forward.source = dense<float>({0, 1, 2, 0, 1, 2}, 2);
  shared_values.forward.target = dense<float>({0, 1, 0, 1}, 2);
  shared_values.forward.batch_stride = shared_values.out_batch_stride = 0;
  shared_values.set_results({1, 2, 3, 4});
  CHECK(refused(shared_values, "out.batch_stride", {"want rows that do not overlap"}) == "");
}
