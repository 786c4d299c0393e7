// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Rings": what a ring's samples are, and that its results are those of the same samples laid
// out one after the other. Stamps and values of these problems are in the order of samples; see `timeline_data`.
using namespace test;
using numbers = std::vector<double>;

namespace {

/// One trajectory whose samples are at 0, 1, 2, ..., the oldest first, with the squares of these times as values.
problem<double> squares(std::int64_t capacity, std::int64_t written, std::vector<double> targets,
                        interpolation method = interpolation::linear) {
  problem<double> p;
  numbers stamps, values;
  for (std::int64_t i = 0; i < capacity; ++i) {
    bool const there = i < written;
    stamps.push_back(there ? double(i) : std::numeric_limits<double>::quiet_NaN());
    values.push_back(there ? double(i * i) : std::numeric_limits<double>::quiet_NaN());
  }
  p.source = ring(stamps, {written});
  p.target = dense(std::move(targets), 1);
  p.options.method = method;
  p.options.fill = -1;
  p.set_values(values);
  return p;
}

numbers thrice(numbers const& of) {
  numbers all;
  for (int i = 0; i < 3; ++i) { all.insert(all.end(), of.begin(), of.end()); }
  return all;
}

/// Against the oracle, and against the same samples in a dense series.
void check_as_flat(problem<double> const& p) {
  CHECK(verify(p) == "");
  auto flat = p;
  flat.source.kind = timeline_kind::dense;
  flat.source.lengths.clear();
  CHECK(difference(p, resample(p), resample(flat)) == "");
}

}  // namespace

TEST_CASE("Rings: across the turn, wherever it is, by every method", "[rings]") {
  numbers const targets{-0.5, 0, 0.25, 0.5, 1, 1.5, 2.5, 3.5, 3.75, 4.5, 5, 5.5};
  for (auto method : all_methods) {
    for (std::int64_t written = 6; written < 13; ++written) {
      auto p = squares(6, written, targets, method);
      p.channels = channels_for(method, 1);
      if (method == interpolation::slerp) {
        numbers rows;
        for (int i = 0; i < 6; ++i) { rows.insert(rows.end(), {1.0, 0.1 * i, 0.3 - 0.1 * i, 0.2}); }
        p.set_values(rows);
      }
      p.options.before = p.options.after = edge::extrapolate;
      CAPTURE(int(method), written);
      check_as_flat(p);
      if (method == interpolation::slerp) { continue; }
      // Whole vectors, of trajectories behind each other: what lies behind a ring are other numbers.
      auto wide = p;
      wide.channels = 8;
      wide.source = ring(thrice(p.source.stamps), {written, written + 1, written + 2});
      wide.target = dense(thrice(targets), 3);
      generator random(870);
      wide.draw_values(random);
      check_as_flat(wide);
    }
  }
  CHECK(results_of(squares(4, 7, {0.5, 1.5, 2.5})) == numbers{0.5, 2.5, 6.5});
}

TEST_CASE("Rings: what was not written is not read, and capacities of one and none", "[rings]") {
  CHECK(results_of(squares(5, 3, {0.5, 1.5, 9})) == numbers{0.5, 2.5, 4});
  CHECK(valid_of(squares(5, 3, {0.5, 1.5, 9})) == std::vector<int>{1, 1, 0});
  CHECK(results_of(squares(5, 1, {-1, 0, 1})) == numbers{0, 0, 0});
  for (std::int64_t written : {std::int64_t(0), std::int64_t(-4), std::numeric_limits<std::int64_t>::min()}) {
    CHECK(results_of(squares(5, written, {0.5})) == numbers{-1});
    CHECK(valid_of(squares(5, written, {0.5})) == std::vector<int>{0});
  }
  auto p = squares(1, std::numeric_limits<std::int64_t>::max(), {0, 3});
  CHECK(results_of(p) == numbers{0, 0});
  CHECK(valid_of(p) == std::vector<int>{1, 0});
  CHECK(verify(p) == "");
  p = squares(0, 9, {0.5});
  CHECK(results_of(p) == numbers{-1});
}

TEST_CASE("Rings: targets before the oldest sample that is left follow the edge rule", "[rings]") {
  auto p = squares(3, 100, {-2});
  p.options.before = edge::fill;
  CHECK(results_of(p) == numbers{-1});
  p.options.before = edge::extrapolate;
  CHECK(results_of(p) == numbers{-2});
  CHECK(valid_of(p) == std::vector<int>{0});
  CHECK(verify(p) == "");
}

TEST_CASE("Rings: trajectories turn at places of their own, in tiles of every size", "[rings]") {
  generator random(880);
  for (int round = 0; round < 40; ++round) {
    draw_limits const limits = round % 8 == 7   ? draw_limits{2, 600, 40}
                               : round % 8 == 6 ? draw_limits{300, 5, 9}
                                                : draw_limits{6, 70, 40};
    auto const target = random.one_of(target_shapes);
    CAPTURE(round, int(target));
    CHECK(verify(draw_problem<float>(random, shape::ring, target, limits)) == "");
    CHECK(verify(draw_problem<double>(random, shape::ring, target, limits)) == "");
    CHECK(verify(draw_problem<std::int64_t>(random, shape::ring, target, limits)) == "");
  }
}

TEST_CASE("Rings: refused as targets, and without a count", "[rings]") {
  auto p = squares(4, 2, {0.5});
  p.target = ring<double>({0}, {1});
  CHECK(refused(p, "target.kind", {"found a ring"}) == "");
  p = squares(4, 2, {0.5});
  p.source.lengths.clear();
  CHECK(refused(p, "source.when.written", {"found a null pointer"}) == "");
  p = squares(4, 2, {0.5});
  p.source.stride = -1;
  CHECK(refused(p, "source.when.stride", {"found -1"}) == "");
}
