// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/cells/holders.hpp"
#include "support/cells/property.hpp"
#include "support/scenario.hpp"
#include "support/voxels/backward.hpp"
#include "support/voxels/scene.hpp"

// The backward passes of `voxelize_sparse` and `voxelize_gathered`. `verify` compares every bit with the formula of the
// semantics.
using namespace test;

namespace {

using result = sparse_result;

double const infinity = std::numeric_limits<double>::infinity();
double const not_a_number = std::numeric_limits<double>::quiet_NaN();
std::vector<sparse_result> const all_reductions = {result::sum, result::mean, result::max, result::min};

/// Points at the given x, one channel each.
sparse_backward_problem line_of(voxel_call call, std::vector<float> const& xs, std::vector<double> const& features,
                                std::vector<sparse_result> const& wanted) {
  sparse_backward_problem p;
  p.forward = listed(call, along_x(xs), {16, 1, 1});
  p.forward.from.set_features(features, 1);
  p.forward.want(wanted);
  return p;
}

void set_incoming(sparse_backward_problem& p, result r, std::vector<double> const& numbers) {
  auto const type = p.forward.from.result_type;
  p.incoming[r].assign(p.forward.bytes_of(r), std::byte(0xFF));
  REQUIRE(numbers.size() * size_of(type) <= p.incoming[r].size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    store_bits(type, p.incoming[r].data(), std::int64_t(i), encode(type, numbers[i]));
  }
}

/// All points in one voxel; the gradient of one reduction is 1.
numbers shares_of_one(std::vector<double> const& features, result r) {
  auto p = line_of(voxel_call::sparse, std::vector<float>(features.size(), 0.5f), features, {r});
  set_incoming(p, r, {1});
  CHECK(verify(p) == "");
  return gradients_of(p);
}

/// Points in a few voxels, of several clouds, some of them a crowd.
sparse_backward_problem crowded(generator& random, voxel_call call, std::int64_t points, std::int64_t channels) {
  sparse_backward_problem p;
  p.forward = listed(call, {}, {4, 3, 2});
  auto xyz = draw_points(random, p.forward.from.lattice, points / 12 * 12, 0.1);
  std::fill(xyz.begin(), xyz.begin() + std::ptrdiff_t(xyz.size() / 3), 1.5f);
  auto const shaped = random.one_of({as_one, as_three, as_padded, as_ragged});
  set_clouds(p.forward, shaped(xyz));
  p.forward.max_points = random.between(1, 20);
  p.forward.order = random.one_of({voxel_order::first_point, voxel_order::cell});
  draw_features(p.forward, random, channels, 0.02);
  p.forward.want(p.gradients());
  return p;
}

}  // namespace

TEST_CASE("Gradients of sparse voxels: of the sum each point's, of the mean divided by the count",
          "[voxels_backward]") {
  auto p = line_of(voxel_call::sparse, {0.5f, 2.5f, 0.6f, -1, 2.7f, 2.9f}, {1, 2, 3, 4, 5, 6}, {result::sum});
  set_incoming(p, result::sum, {10, 30});
  CHECK(gradients_of(p) == numbers{10, 30, 10, 0, 30, 30});
  CHECK(verify(p) == "");
  p.forward.order = voxel_order::cell;
  CHECK(verify(p) == "");
  p.forward.want({result::mean});
  set_incoming(p, result::mean, {10, 30});
  CHECK(gradients_of(p) == numbers{5, 10, 5, 0, 10, 10});
  CHECK(verify(p) == "");
  p.forward.want({result::sum, result::mean});
  CHECK(gradients_of(p) == numbers{15, 40, 15, 0, 40, 40});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of sparse voxels: of max and min to the point that holds it, of several the first",
          "[voxels_backward]") {
  check_holders(
      [](numbers const& features, bool of_max) { return shares_of_one(features, of_max ? result::max : result::min); });
}

TEST_CASE("Gradients of sparse voxels: terms are added from left to right; those not asked for are left out",
          "[voxels_backward]") {
  auto p = line_of(voxel_call::sparse, {0.5f, 0.6f}, {7, 7}, all_reductions);
  set_incoming(p, result::sum, {1e8});
  set_incoming(p, result::mean, {2});
  set_incoming(p, result::max, {-1e8});
  set_incoming(p, result::min, {0.25});
  CHECK(gradients_of(p) == numbers{0.25, 1e8});  // ((1e8 + 1) - 1e8) + 0.25, and 1e8 + 1: the first holds both
  CHECK(verify(p) == "");
  p.forward.want({result::mean, result::max, result::min});
  CHECK(gradients_of(p) == numbers{-1e8, 1});
  CHECK(verify(p) == "");
  p.forward.want({result::sum});
  set_incoming(p, result::sum, {-0.0});
  CHECK(std::signbit(gradients_of(p)[0]));  // no +0 is added
  CHECK(verify(p) == "");
  p.forward.want({});
  CHECK(gradients_of(p) == numbers{0, 0});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of voxels: points without one have +0: dropped, no room, padding, without a cloud",
          "[voxels_backward]") {
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    auto p = line_of(call, {9.5f, 0.5f, NAN, 9.7f, 3.5f, 0.8f}, {1, 2, 3, 4, 5, 6}, {});
    p.forward.max_points = 2;
    p.forward.want(p.gradients());
    p.forward.capacity = 2;
    // Two rows of one point, or of two points each.
    auto const given = call == voxel_call::gathered ? numbers{-3, -2, -5, -7} : numbers{-3, -2};
    for (auto r : p.gradients()) { set_incoming(p, r, given); }
    auto const plus_zero = [&](std::size_t row) {
      double const found = gradients_of(p)[row];
      return found == 0 && !std::signbit(found);
    };
    CAPTURE(name_of(call));
    CHECK(verify(p) == "");
    CHECK(plus_zero(2));
    CHECK(plus_zero(4));
    CHECK_FALSE(plus_zero(5));
    p.forward.from.clouds = padded_clouds(p.forward.from.clouds.xyz, {5});
    CHECK(verify(p) == "");
    CHECK(plus_zero(5));
    p.forward.from.clouds = ragged_clouds(p.forward.from.clouds.xyz, {1, 4});
    CHECK(verify(p) == "");
    CHECK(plus_zero(0));
    CHECK(plus_zero(5));
    CHECK_FALSE(plus_zero(1));
    p.forward.capacity = 0;
    for (auto r : p.gradients()) { set_incoming(p, r, {}); }
    CHECK(verify(p) == "");
    CHECK(gradients_of(p) == numbers(6, 0));
  }
}

TEST_CASE("Gradients of sparse voxels: a number that no voxel can have is no voxel, and nothing is read there",
          "[voxels_backward][sanitize]") {
  // Room for more voxels than there are points: behind those no gradient counts, and all are NaN.
  auto p = line_of(voxel_call::sparse, {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f}, {3, 9, 9, 1, 9, 0}, {});
  p.forward.capacity = 8;
  auto const check = [&](result r, numbers const& wanted) {
    p.forward.want({r});
    set_incoming(p, r, {100, 20});
    CAPTURE(name_of(r));
    CHECK(gradients_of(p) == wanted);
  };
  auto const check_all = [&] {
    check(result::sum, {20, 0, 0, 20, 0, 0});
    check(result::mean, {10, 0, 0, 10, 0, 0});
    check(result::max, {20, 0, 0, 0, 0, 0});
    check(result::min, {0, 0, 0, 20, 0, 0});
  };
  p.numbers = {1, -2, 6, 1, 7, std::numeric_limits<std::int32_t>::min()};
  check_all();
  p.numbers = {1, 8, -1, 1, 9, std::numeric_limits<std::int32_t>::max()};
  check_all();
  exact_memory const exact;
  check_all();
}

TEST_CASE("Gradients of gathered voxels: each point has that of its slot, -0 and NaN as they are",
          "[voxels_backward]") {
  auto p = line_of(voxel_call::gathered, {3.5f, 1.5f, 3.1f, 3.2f, -1}, {1, 2, 3, 4, 5}, {result::values});
  p.forward.max_points = 2;
  p.forward.capacity = 2;
  set_incoming(p, result::values, {10, 20, -0.0, 40});
  auto const gradients = gradients_of(p);
  CHECK(gradients == numbers{10, 0, 20, 0, 0});
  CHECK(std::signbit(gradients[1]));
  CHECK_FALSE(std::signbit(gradients[3]));
  CHECK(verify(p) == "");
  set_incoming(p, result::values, {not_a_number, infinity, 1e-45, -3e38});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients of gathered voxels: gradients may be null where no point has a slot", "[voxels_backward]") {
  auto p = line_of(voxel_call::gathered, {3.5f, 1.5f, NAN}, {1, 2, 3}, {result::values});
  p.forward.capacity = 0;
  p.null_incoming = true;
  set_incoming(p, result::values, {});
  CHECK(verify(p) == "");
  CHECK(gradients_of(p) == numbers{0, 0, 0});
}

TEST_CASE("Gradients of voxels: no points, an empty batch", "[voxels_backward]") {
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    for (auto const& clouds :
         {dense_clouds({}, 0), dense_clouds({}, 3), ragged_clouds({}, {0}), ragged_clouds({}, {0, 0}),
          ragged_clouds(std::vector<float>(15, 0.5f), {0}), padded_clouds(std::vector<float>(12, 0.5f), {0, 0})}) {
      auto p = line_of(call, {}, {}, {});
      p.forward.from.clouds = clouds;
      p.forward.capacity = 3;
      p.forward.from.features.assign(std::size_t(clouds.total()), 1);
      p.forward.want(p.gradients());
      for (auto r : p.gradients()) { set_incoming(p, r, {}); }
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Gradients of sparse voxels: the differences of the results", "[voxels_backward]") {
  // Sum and mean are linear, max and min are too while nothing overtakes: one step tells, computed in double.
  generator random(3600);
  sparse_backward_problem p;
  p.forward = listed(voxel_call::sparse, {}, {3, 2, 2});
  set_clouds(p.forward, dense_clouds(draw_points(random, p.forward.from.lattice, 26, 0.1), 2));
  p.forward.from.draw_features(random, 2);
  for (auto r : all_reductions) {
    p.forward.want({r});
    p.draw_incoming(random);
    auto const gradients = gradients_of(p);
    auto const loss = [&](sparse_problem const& at) {
      auto const results = result_of(at, r);
      double sum = 0;
      for (std::size_t i = 0; i < results.size(); ++i) { sum += results[i] * double(p.gradient(r, std::int64_t(i))); }
      return sum;
    };
    double const before = loss(p.forward);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      auto moved = p.forward;
      moved.from.features[i] += 0x1p-10f;
      double const slope = (loss(moved) - before) / double(moved.from.features[i] - p.forward.from.features[i]);
      CAPTURE(name_of(r), i);
      // A rounding of the results, in each of the two losses, over a step of 2^-10.
      CHECK(std::fabs(slope - gradients[i]) <= 0.01);
    }
  }
}

TEST_CASE("Gradients of voxels: every type, numbers of channels, alignments, each gradient alone",
          "[voxels_backward]") {
  generator random(3601);
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    for (auto value : float_types) {
      for (auto result_type : float_types) {
        for (std::int64_t channels : {1, 3, 5, 8, 16}) {
          auto p = crowded(random, call, 260, 1);
          p.forward.from.value_type = value;
          p.forward.from.result_type = result_type;
          p.forward.from.misaligned = random.chance(0.5) ? random.between(0, 9) : 0;
          p.forward.from.draw_features(random, channels, 0.02);
          p.draw_incoming(random, 0.02);
          CAPTURE(name_of(call), robocache::name_of(value), robocache::name_of(result_type), channels);
          CHECK(verify(p) == "");
          p.forward.want({random.one_of({result::sum, result::mean, result::max, result::min})});
          if (call == voxel_call::gathered) { p.forward.want({result::values}); }
          p.with_count = random.chance(0.5);
          p.draw_incoming(random);
          CHECK(verify(p) == "");
        }
      }
    }
  }
}

TEST_CASE("Gradients of voxels: many channels, numbers of points at borders, strides", "[voxels_backward]") {
  generator random(3602);
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    for (std::int64_t channels : {131, 144, 300}) {
      auto p = crowded(random, call, 120, channels);
      p.draw_incoming(random);
      CAPTURE(name_of(call), channels);
      CHECK(verify(p) == "");
    }
    for (std::int64_t count : {1, 31, 32, 33, 255, 256, 257, 1023, 1024, 1025, 2049, 4097}) {
      sparse_backward_problem p;
      p.forward = listed(call, {}, {9, 5, 3});
      set_clouds(p.forward, dense_clouds(draw_points(random, p.forward.from.lattice, count, 0.02)));
      p.forward.max_points = 7;
      draw_features(p.forward, random, 3);
      p.forward.want(p.gradients());
      p.draw_incoming(random);
      p.out_first = 2;
      p.out_stride = 5;
      CAPTURE(name_of(call), count);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Gradients of voxels, property: what is drawn agrees with the formula", "[voxels_backward]") {
  check_drawn(105'000, 200, "[voxels_backward]", draw_sparse_backward);
}

TEST_CASE("Sanitize: gradients of voxels in memory allocated to the byte", "[.][sanitize]") {
  check_drawn_to_the_byte(106'000, 40, draw_sparse_backward);
}
