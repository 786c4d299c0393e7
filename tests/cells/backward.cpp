// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/cells/backward.hpp"
#include "support/cells/holders.hpp"
#include "support/cells/property.hpp"
#include "support/cells/scene.hpp"
#include "support/scenario.hpp"

// The semantics' "Through voxelize", sentence by sentence. `verify` compares every bit with its formula.
using namespace test;

namespace {

/// Points at the given x, in a row of cells of size 1, one channel each.
voxel_backward_problem line_of(std::vector<float> const& xs, std::vector<double> const& features, std::int64_t cells,
                               std::initializer_list<voxel_result> wanted) {
  voxel_backward_problem p;
  p.forward = voxels_of(along_x(xs), {cells, 1, 1});
  p.forward.set_features(features, 1);
  p.forward.want(wanted);
  return p;
}

void set_incoming(voxel_backward_problem& p, voxel_result r, std::vector<double> const& numbers) {
  p.incoming[r].resize(p.forward.bytes_of(r));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    store_bits(p.forward.result_type, p.incoming[r].data(), std::int64_t(i), encode(p.forward.result_type, numbers[i]));
  }
}

/// All points in one cell; the gradient of one reduction is 1.
numbers shares_of(std::vector<double> const& features, voxel_result r) {
  auto p = line_of(std::vector<float>(features.size(), 0.5f), features, 1, {r});
  set_incoming(p, r, {1});
  CHECK(verify(p) == "");
  return gradients_of(p);
}

}  // namespace

TEST_CASE("Gradients through voxelize: each point has that of its cell's sum, and of its mean, divided by the count",
          "[voxelize_backward]") {
  auto p = line_of({0.5f, 2.5f, 0.6f, 2.7f, 2.9f}, {1, 2, 3, 4, 5}, 3, {voxel_result::sum});
  set_incoming(p, voxel_result::sum, {10, 20, 30});
  CHECK(gradients_of(p) == numbers{10, 30, 10, 30, 30});
  CHECK(verify(p) == "");
  p.forward.want({voxel_result::mean});
  set_incoming(p, voxel_result::mean, {10, 20, 30});
  CHECK(gradients_of(p) == numbers{5, 10, 5, 10, 10});
  CHECK(verify(p) == "");
  p.forward.want({voxel_result::sum, voxel_result::mean});
  CHECK(gradients_of(p) == numbers{15, 40, 15, 40, 40});
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients through voxelize: of max and min to the point that holds it, of several the first",
          "[voxelize_backward]") {
  check_holders([](numbers const& features, bool of_max) {
    return shares_of(features, of_max ? voxel_result::max : voxel_result::min);
  });
}

TEST_CASE(
    "Gradients through voxelize: terms are added from left to right, each rounded; those not asked for are left "
    "out",
    "[voxelize_backward]") {
  auto p = line_of({0.5f, 0.6f}, {7, 7}, 1, reductions);
  set_incoming(p, voxel_result::sum, {1e8});
  set_incoming(p, voxel_result::mean, {2});
  set_incoming(p, voxel_result::max, {-1e8});
  set_incoming(p, voxel_result::min, {0.25});
  CHECK(gradients_of(p) == numbers{0.25, 1e8});  // ((1e8 + 1) - 1e8) + 0.25, and 1e8 + 1: the first holds both
  CHECK(verify(p) == "");
  p.forward.want({voxel_result::mean, voxel_result::max, voxel_result::min});
  CHECK(gradients_of(p) == numbers{-1e8, 1});
  CHECK(verify(p) == "");
  p.forward.want({voxel_result::sum});
  set_incoming(p, voxel_result::sum, {-0.0});
  CHECK(std::signbit(gradients_of(p)[0]));  // no +0 is added
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients through voxelize: a point in no cell has +0, and so have padding and rows without a cloud",
          "[voxelize_backward]") {
  auto p = line_of({0.5f, 5, NAN, 0.7f, 0.8f}, {1, 2, 3, 4, 5}, 1, reductions);
  for (auto r : reductions) { set_incoming(p, r, {-3}); }
  auto const zero = [&](std::size_t row) {
    double const found = gradients_of(p)[row];
    return found == 0 && !std::signbit(found);
  };
  CHECK(verify(p) == "");
  CHECK(zero(1));
  CHECK(zero(2));
  p.forward.clouds = padded_clouds(p.forward.clouds.xyz, {4});
  CHECK(verify(p) == "");
  CHECK(zero(4));
  p.forward.clouds = ragged_clouds(p.forward.clouds.xyz, {1, 4});
  CHECK(verify(p) == "");
  CHECK(zero(0));
  CHECK(zero(4));
  CHECK_FALSE(zero(3));
}

TEST_CASE("Gradients through voxelize: nothing comes in, everything is +0", "[voxelize_backward]") {
  auto p = line_of({0.5f, 1.5f}, {1, 2}, 2, {});
  CHECK(gradients_of(p) == numbers{0, 0});
  CHECK(verify(p) == "");
  p.forward.clouds = dense_clouds({}, 0);
  p.forward.set_features(std::vector<double>{}, 1);
  CHECK(verify(p) == "");
}

TEST_CASE("Gradients through voxelize: they are the differences of the results", "[voxelize_backward]") {
  // Sum and mean are linear, max and min are too while nothing overtakes: one step tells, computed in double.
  generator random(2500);
  voxel_backward_problem p;
  p.forward = voxels_of({}, {3, 2, 2});
  p.forward.clouds = dense_clouds(draw_points(random, p.forward.lattice, 26, 0.1), 2);
  p.forward.draw_features(random, 3);
  for (auto r : reductions) {
    p.forward.want({r});
    p.draw_incoming(random);
    auto const gradients = gradients_of(p);
    auto const loss = [&](voxel_problem const& at) {
      auto const results = result_of(at, r);
      double sum = 0;
      for (std::size_t i = 0; i < results.size(); ++i) {
        sum += results[i] * decode(dtype::float32, load_bits(dtype::float32, p.incoming[r].data(), std::int64_t(i)));
      }
      return sum;
    };
    double const before = loss(p.forward);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      auto moved = p.forward;
      float const step = 0x1p-10f;
      moved.features[i] += step;
      double const slope = (loss(moved) - before) / double(moved.features[i] - p.forward.features[i]);
      CAPTURE(name_of(r), i);
      // A rounding of the results, in each of the two losses, over a step of 2^-10.
      CHECK(std::fabs(slope - gradients[i]) <= 0.01);
    }
  }
}

TEST_CASE("Gradients through voxelize: every type, both orders of channels, crowds, alignments",
          "[voxelize_backward]") {
  generator random(2501);
  for (auto value : float_types) {
    for (auto result : float_types) {
      for (auto order : {channel_order::last, channel_order::first}) {
        for (std::int64_t channels : {1, 5, 8}) {
          voxel_backward_problem p;
          p.forward = voxels_of({}, {4, 3, 2});
          auto xyz = draw_points(random, p.forward.lattice, 400, 0.1);
          std::fill(xyz.begin(), xyz.begin() + 450, 1.5f);
          p.forward.clouds = random.chance(0.5) ? dense_clouds(xyz, 2) : ragged_clouds(xyz, {0, 100, 100, 390});
          p.forward.value_type = value;
          p.forward.result_type = result;
          p.forward.options.channels = order;
          p.forward.misaligned = random.chance(0.5) ? random.between(0, 9) : 0;
          p.forward.draw_features(random, channels, 0.02);
          p.forward.want(reductions);
          p.draw_incoming(random, 0.02);
          CAPTURE(robocache::name_of(value), robocache::name_of(result), int(order), channels);
          CHECK(verify(p) == "");
          for (auto r : reductions) {
            p.forward.want({r});
            p.draw_incoming(random);
            CHECK(verify(p) == "");
          }
        }
      }
    }
  }
}

TEST_CASE("Gradients through voxelize: many channels", "[voxelize_backward]") {
  generator random(2503);
  for (auto value : float_types) {
    for (std::int64_t channels : {131, 144, 300}) {
      voxel_backward_problem p;
      p.forward = voxels_of({}, {3, 2, 2});
      auto xyz = draw_points(random, p.forward.lattice, 230, 0.1);
      std::fill(xyz.begin(), xyz.begin() + 300, 0.5f);
      p.forward.clouds = dense_clouds(xyz);
      p.forward.value_type = value;
      p.forward.options.channels = random.one_of({channel_order::last, channel_order::first});
      p.forward.draw_features(random, channels);
      CAPTURE(robocache::name_of(value), channels);
      p.forward.want(reductions);
      p.draw_incoming(random);
      CHECK(verify(p) == "");
      p.forward.want({voxel_result::sum, voxel_result::mean});
      p.draw_incoming(random);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Gradients through voxelize, property: what is drawn agrees with the formula", "[voxelize_backward]") {
  check_drawn(95'000, 200, "[voxelize_backward]", draw_voxel_backward);
}

TEST_CASE("Gradients through voxelize: offsets that descend leave rows to no cloud", "[voxelize_backward]") {
  generator random(2502);
  for (int round = 0; round < 40; ++round) {
    voxel_backward_problem p;
    p.forward = voxels_of({}, {4, 3, 2});
    std::vector<std::int64_t> offsets;
    for (int b = 0; b < 9; ++b) { offsets.push_back(random.between(-20, 120)); }
    p.forward.clouds = ragged_clouds(draw_points(random, p.forward.lattice, 100, 0.1), offsets);
    p.forward.draw_features(random, 3);
    p.forward.want(reductions);
    p.draw_incoming(random);
    exact_memory const exact;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Sanitize: gradients through voxelize in memory allocated to the byte", "[.][sanitize]") {
  check_drawn_to_the_byte(96'000, 40, draw_voxel_backward);
}
