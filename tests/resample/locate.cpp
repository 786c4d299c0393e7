// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/scenario.hpp"

// Each line of the semantics' chapter "Locate", by its first words.
using namespace test;
using numbers = std::vector<double>;
using masks = std::vector<int>;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
double const nan_value = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("Locate, bracket: the right-most sample at or before the target, and the next", "[locate]") {
  auto p = one_trajectory<double>({0, 1, 2, 3}, {10, 20, 40, 80}, {0.5, 1.5, 2.5, 1, 2});
  CHECK(results_of(p) == numbers{15, 30, 60, 20, 40});
  CHECK(verify(p) == "");
}

TEST_CASE("Locate, bracket: of duplicates the right-most wins", "[locate]") {
  for (auto method : plain_methods) {
    auto p = one_trajectory<double>({0, 1, 1, 1, 2}, {10, 20, 30, 40, 50}, {1, 0.75, 1.25}, method);
    CHECK(results_of(p)[0] == 40);
    CHECK(verify(p) == "");
  }
  auto p = one_trajectory<double>({0, 1, 1, 2}, {0, 100, 8, 16}, {0.5, 1.5});
  CHECK(results_of(p) == numbers{50, 12});  // the left-most ends the bracket before it, the right-most begins the next
  auto all_at_once = one_trajectory<float>({5, 5, 5}, {1, 2, 3}, {4, 5, 6});
  CHECK(results_of(all_at_once) == numbers{1, 3, 3});
  CHECK(verify(all_at_once) == "");
}

TEST_CASE("Locate, weight: float(t - t0) / float(t1 - t0), differences in the stamp type", "[locate]") {
  auto epoch = one_trajectory<std::int64_t>({1'700'000'000'000'000'000, 1'700'000'000'000'000'003}, {0, 3},
                                            {1'700'000'000'000'000'001, 1'700'000'000'000'000'002});
  CHECK(results_of(epoch) == numbers{double(1.0f / 3.0f * 3.0f), double(2.0f / 3.0f * 3.0f)});
  CHECK(verify(epoch) == "");
  auto const located = locate(epoch);
  CHECK(located.weights == std::vector<float>{1.0f / 3.0f, 2.0f / 3.0f});

  auto seconds = one_trajectory<double>({1.7e9, 1.7e9 + 0.25}, {0, 4}, {1.7e9 + 0.0625});
  CHECK(results_of(seconds) == numbers{1});
  CHECK(verify(seconds) == "");
}

TEST_CASE("Locate, weight: int64 differences that overflow are taken as unsigned", "[locate]") {
  std::int64_t const low = INT64_MIN + 5;
  std::int64_t const high = INT64_MAX - 5;
  for (auto method : plain_methods) {
    auto p = one_trajectory<std::int64_t>({low, high}, {0, 1}, {low, low + 1, -1, 0, 1, high - 1, high}, method);
    p.options.before = p.options.after = edge::extrapolate;
    CHECK(verify(p) == "");
    auto outside = one_trajectory<std::int64_t>({high - 10, high}, {0, 1}, {INT64_MIN, low, 0, INT64_MAX}, method);
    outside.options = p.options;
    CHECK(verify(outside) == "");
    auto before = one_trajectory<std::int64_t>({low, low + 7}, {0, 1}, {INT64_MAX, INT64_MIN, 0}, method);
    before.options = p.options;
    CHECK(verify(before) == "");
  }
  auto middle = one_trajectory<std::int64_t>({low, high}, {0, 1}, {0});
  CHECK(results_of(middle) == numbers{0.5});
}

TEST_CASE("Locate, weight: a weight that rounds to 0 or to 1 is exactly that", "[locate]") {
  std::int64_t const wide = std::int64_t(1) << 40;
  auto p = one_trajectory<std::int64_t>({0, wide}, {nan_value, 7}, {wide - 1});
  CHECK(results_of(p) == numbers{7});  // w is 1: the row with 1 - w does not contribute
  CHECK(valid_of(p) == masks{1});
  CHECK(verify(p) == "");
  auto tiny = one_trajectory<double>({0, 1e30}, {7, inf}, {1e-30});
  CHECK(results_of(tiny) == numbers{7});
  CHECK(verify(tiny) == "");
}

TEST_CASE("Locate, weight: 0 where the width converts to 0", "[locate]") {
  auto p = one_trajectory<double>({0, 1e-60, 1}, {5, 9, 13}, {5e-61, 1e-60});
  CHECK(results_of(p) == numbers{5, 9});
  CHECK(valid_of(p) == masks{1, 1});
  CHECK(verify(p) == "");
}

TEST_CASE("Locate, a row whose weight is exactly 0 does not contribute", "[locate]") {
  for (double poisonous : {nan_value, inf, -inf}) {
    for (auto method : plain_methods) {
      auto p = one_trajectory<float>({0, 1, 2, 3}, {poisonous, 5, poisonous, 6}, {1, 3}, method);
      CHECK(results_of(p) == numbers{5, 6});
      CHECK(valid_of(p) == masks{1, 1});
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Locate, nearest: the earlier sample iff t - t0 <= t1 - t, in the stamp type", "[locate]") {
  auto p = one_trajectory<std::int64_t>({0, 10}, {1, 2}, {4, 5, 6}, interpolation::nearest);
  CHECK(results_of(p) == numbers{1, 1, 2});
  CHECK(verify(p) == "");

  // In float the two distances are the same; in the stamps' own type they are not.
  std::int64_t const wide = (std::int64_t(1) << 40) + 1;
  auto fine = one_trajectory<std::int64_t>({0, wide}, {1, 2}, {wide / 2, wide / 2 + 1}, interpolation::nearest);
  CHECK(results_of(fine) == numbers{1, 2});
  CHECK(verify(fine) == "");
}

TEST_CASE("Locate, edges: clamp, fill and extrapolate, chosen for each side; default clamp, valid 0",
          "[locate][edges]") {
  auto p = one_trajectory<float>({0, 1, 2}, {10, 20, 40}, {-1, 0, 2, 3});
  CHECK(results_of(p) == numbers{10, 10, 40, 40});
  CHECK(valid_of(p) == masks{0, 1, 1, 0});
  CHECK(verify(p) == "");

  p.options.before = edge::fill;
  p.options.after = edge::extrapolate;
  CHECK(results_of(p) == numbers{0, 10, 40, 60});
  CHECK(valid_of(p) == masks{0, 1, 1, 0});
  p.options.before = edge::extrapolate;
  p.options.after = edge::fill;
  p.options.fill = -7;
  CHECK(results_of(p) == numbers{0, 10, 40, -7});

  for (auto method : plain_methods) {
    for (auto before : all_edges) {
      for (auto after : all_edges) {
        p.options.method = method;
        p.options.before = before;
        p.options.after = after;
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Locate, edges: hold is clamp after the last sample, and valid up to max_gap", "[locate][edges]") {
  for (auto method : plain_methods) {
    auto p = one_trajectory<float>({0, 1, 2}, {10, 20, 40}, {-1, 0, 2, 3, 4, 4.5f}, method);
    p.options.after = edge::hold;
    p.options.fill = 9;
    CHECK(results_of(p) == numbers{10, 10, 40, 40, 40, 40});
    CHECK(valid_of(p) == masks{method == interpolation::next ? 1 : 0, 1, 1, 1, 1, 1});
    CHECK(verify(p) == "");
    p.options.max_gap = 2;  // 2 is not beyond 2
    CHECK(results_of(p) == numbers{10, 10, 40, 40, 40, 9});
    CHECK(valid_of(p) == masks{method == interpolation::next ? 1 : 0, 1, 1, 1, 1, 0});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Locate, edges: extrapolate is clamp for hold methods", "[locate][edges]") {
  auto p = one_trajectory<float>({0, 1}, {10, 20}, {-1, 2});
  p.options.before = p.options.after = edge::extrapolate;
  for (auto method : {interpolation::nearest, interpolation::previous, interpolation::next}) {
    p.options.method = method;
    CHECK(results_of(p) == numbers{10, 20});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Locate, edges: extrapolate across outermost samples of one stamp is clamp", "[locate][edges]") {
  auto p = one_trajectory<float>({0, 0, 1, 1}, {1, 2, 3, 4}, {-1, 2});
  p.options.before = p.options.after = edge::extrapolate;
  CHECK(results_of(p) == numbers{1, 4});
  CHECK(valid_of(p) == masks{0, 0});
  CHECK(verify(p) == "");
}

TEST_CASE("Locate, edges: previous has no after-edge and next no before-edge, they hold", "[locate][edges]") {
  auto p = one_trajectory<float>({0, 1}, {10, 20}, {-1, 2}, interpolation::previous);
  p.options.before = p.options.after = edge::fill;
  p.options.fill = 99;
  CHECK(results_of(p) == numbers{99, 20});
  CHECK(valid_of(p) == masks{0, 1});
  CHECK(verify(p) == "");
  p.options.method = interpolation::next;
  CHECK(results_of(p) == numbers{10, 99});
  CHECK(valid_of(p) == masks{1, 0});
  CHECK(verify(p) == "");
}

TEST_CASE("Locate, valid: 0 for a NaN or infinite target, whose result is fill", "[locate][valid]") {
  for (auto method : plain_methods) {
    auto p = one_trajectory<double>({0, 1}, {10, 20}, {nan_value, inf, -inf, 0.5}, method);
    p.options.fill = 3;
    p.options.before = p.options.after = edge::extrapolate;
    auto const results = results_of(p);
    CHECK(numbers(results.begin(), results.begin() + 3) == numbers{3, 3, 3});
    CHECK(valid_of(p) == masks{0, 0, 0, 1});
    CHECK(verify(p) == "");
    auto single = one_trajectory<float>({0, 1}, {10, 20}, {float(nan_value), float(inf), -float(inf)}, method);
    CHECK(valid_of(single) == masks{0, 0, 0});
    CHECK(verify(single) == "");
  }
}

TEST_CASE("Locate, valid: the mask's pointer may be null, and so may each of locate's", "[locate][valid]") {
  auto p = one_trajectory<float>({0, 1}, {10, 20}, {-1, 0.5, 2});
  p.mask = false;
  CHECK(verify(p) == "");
}

TEST_CASE("Locate, max_gap: for linear the width of the bracket; strictly greater gives fill and valid 0",
          "[locate][gap]") {
  auto p = one_trajectory<std::int64_t>({0, 10, 21, 31}, {0, 10, 21, 31}, {0, 5, 10, 15, 20, 21, 30, 31});
  p.options.max_gap = 10;
  p.options.fill = -1;
  CHECK(results_of(p) == numbers{0, 5, 10, -1, -1, 21, 30, 31});
  CHECK(valid_of(p) == masks{1, 1, 1, 0, 0, 1, 1, 1});
  CHECK(verify(p) == "");
  p.options.max_gap = 11;
  CHECK(valid_of(p) == masks{1, 1, 1, 1, 1, 1, 1, 1});
}

TEST_CASE("Locate, max_gap: for nearest, previous, next the distance to the sample used", "[locate][gap]") {
  auto p = one_trajectory<std::int64_t>({0, 100}, {1, 2}, {0, 3, 4, 50, 96, 97, 100}, interpolation::nearest);
  p.options.max_gap = 3;
  p.options.fill = -1;
  CHECK(results_of(p) == numbers{1, 1, -1, -1, -1, 2, 2});
  CHECK(valid_of(p) == masks{1, 1, 0, 0, 0, 1, 1});
  CHECK(verify(p) == "");
  p.options.method = interpolation::previous;
  CHECK(results_of(p) == numbers{1, 1, -1, -1, -1, -1, 2});
  CHECK(verify(p) == "");
  p.options.method = interpolation::next;
  CHECK(results_of(p) == numbers{1, -1, -1, -1, -1, 2, 2});
  CHECK(verify(p) == "");
}

TEST_CASE("Locate, max_gap: for clamp, and where previous and next hold, the distance to the edge sample",
          "[locate][gap]") {
  auto p = one_trajectory<std::int64_t>({0, 10}, {1, 2}, {-4, -3, 13, 14});
  p.options.max_gap = 3;
  p.options.fill = -1;
  CHECK(results_of(p) == numbers{-1, 1, 2, -1});
  CHECK(valid_of(p) == masks{0, 0, 0, 0});
  CHECK(verify(p) == "");
  p.options.method = interpolation::previous;
  CHECK(results_of(p) == numbers{-1, 1, 2, -1});
  CHECK(valid_of(p) == masks{0, 0, 1, 0});
  CHECK(verify(p) == "");
  p.options.method = interpolation::next;
  CHECK(valid_of(p) == masks{0, 1, 0, 0});
  CHECK(verify(p) == "");
}

TEST_CASE("Locate, max_gap: a target exactly at a sample is always valid", "[locate][gap]") {
  for (auto method : plain_methods) {
    auto p = one_trajectory<double>({0, 100, 200}, {1, 2, 3}, {0, 100, 200, 100.5}, method);
    p.options.max_gap = 0;
    CHECK(valid_of(p) == masks{1, 1, 1, 0});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Locate, max_gap: default none, however wide", "[locate][gap]") {
  auto p = one_trajectory<std::int64_t>({INT64_MIN, INT64_MAX}, {1, 1}, {-5, 0, 5});
  CHECK(valid_of(p) == masks{1, 1, 1});
  CHECK(verify(p) == "");
  for (auto method : {interpolation::previous, interpolation::next, interpolation::nearest}) {
    auto far = one_trajectory<std::int64_t>({INT64_MIN, INT64_MAX}, {1, 2}, {INT64_MIN + 1, INT64_MAX - 1}, method);
    CHECK(valid_of(far) == masks{1, 1});
    CHECK(verify(far) == "");
  }
}

TEST_CASE("Locate, causal: no sample stamped after the target, and fill before the first", "[locate]") {
  auto p = one_trajectory<float>({0, 1, 2}, {10, 20, 30}, {-0.5f, 0, 0.75f, 1.99f, 5}, interpolation::previous);
  p.options.causal = true;
  p.options.before = edge::fill;
  CHECK(results_of(p) == numbers{0, 10, 10, 20, 30});
  CHECK(valid_of(p) == masks{0, 1, 1, 1, 1});
  CHECK(verify(p) == "");
}

TEST_CASE("Locate, an empty series gives fill and valid 0", "[locate][sizes]") {
  for (auto method : plain_methods) {
    auto p = one_trajectory<float>({}, {}, {0, 1}, method);
    p.options.fill = 4;
    CHECK(results_of(p) == numbers{4, 4});
    CHECK(valid_of(p) == masks{0, 0});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Locate, one sample: extrapolate is clamp", "[locate][sizes]") {
  for (auto method : plain_methods) {
    auto p = one_trajectory<float>({5}, {8}, {4, 5, 6}, method);
    p.options.before = p.options.after = edge::extrapolate;
    CHECK(results_of(p) == numbers{8, 8, 8});
    CHECK(valid_of(p)[1] == 1);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Locate, no targets or an empty batch: nothing to do, no error", "[locate][sizes]") {
  auto none = one_trajectory<float>({0, 1}, {1, 2}, {});
  CHECK(verify(none) == "");
  problem<std::int64_t> empty;
  empty.source = dense<std::int64_t>({}, 0);
  empty.target = dense<std::int64_t>({}, 0);
  CHECK(verify(empty) == "");
  empty.source = ragged<std::int64_t>({}, {0});
  empty.target = ragged<std::int64_t>({}, {0});
  CHECK(verify(empty) == "");
}

TEST_CASE("Locate, unsorted or non-finite stamps: never an access out of bounds", "[locate][sizes]") {
  generator random(11);
  auto const inside = [](auto const& p) {
    outcome const o = resample(p);
    REQUIRE(o.state.ok());
    CHECK(o.trouble == "");
    auto const l = locate(p);
    CHECK(l.trouble == "");
    for (auto row : l.rows) { CHECK((row >= -1 && row < p.source.total())); }
  };
  for (int round = 0; round < 40; ++round) {
    auto p = draw_problem<double>(random, shape::dense, random.one_of(target_shapes));
    p.ascends = false;
    for (auto& s : p.source.stamps) {
      s = random.chance(0.2) ? random.one_of({nan_value, inf, -inf, 0.0}) : 10 * random.unit();
    }
    inside(p);
    auto q = draw_problem<std::int64_t>(random, shape::ragged, random.one_of(target_shapes));
    q.ascends = false;
    for (auto& s : q.source.stamps) { s = std::int64_t(random.next()); }
    for (auto& o : q.source.offsets) {
      if (random.chance(0.3)) { o = std::int64_t(random.next()); }
    }
    inside(q);
  }
}

TEST_CASE("Locate, tolerance: samples up to it after a target count as at it, for the hold methods", "[locate]") {
  auto p = one_trajectory<float>({0, 1, 2, 3}, {10, 11, 12, 13}, {0.75f, 0.875f, 1, 2.75f, 3.5f, -0.125f, -0.5f});
  p.options.tolerance = 0.25f;
  p.options.method = interpolation::previous;
  CHECK(results_of(p) == numbers{11, 11, 11, 13, 13, 10, 10});
  CHECK(valid_of(p) == masks{1, 1, 1, 1, 1, 1, 0});
  CHECK(verify(p) == "");
  p.options.method = interpolation::nearest;
  CHECK(results_of(p) == numbers{11, 11, 11, 13, 13, 10, 10});
  CHECK(verify(p) == "");
  p.options.method = interpolation::next;
  p.options.max_gap = 0;  // what counts as at the target has no distance from it
  p.options.after = edge::fill;
  p.options.fill = -1;
  CHECK(results_of(p) == numbers{11, 11, 11, 13, -1, 10, -1});
  CHECK(verify(p) == "");

  // Of several within the tolerance the right-most counts; integers end at the largest.
  std::int64_t const end = std::numeric_limits<std::int64_t>::max();
  auto q = one_trajectory<std::int64_t>({0, 5, 7, end - 1}, {1, 2, 3, 4}, {4, 3, end - 3}, interpolation::previous);
  q.options.tolerance = 3;
  CHECK(results_of(q) == numbers{3, 2, 4});
  CHECK(verify(q) == "");
}
