// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/scenario.hpp"
#include "support/voxels/scene.hpp"

// The semantics' "Gathered", sentence by sentence. `verify` compares every bit with hard voxelization as mmcv does it,
// point by point.
using namespace test;

namespace {

using result = sparse_result;

/// Points along x with the features 1, 2, 3 ... in a row of cells of size 1.
sparse_problem row_of(std::vector<float> const& xs, std::int64_t max_points, std::int64_t max_voxels = INT32_MAX) {
  auto p = listed(voxel_call::gathered, along_x(xs), {16, 1, 1});
  numbers features;
  for (std::size_t i = 0; i < xs.size(); ++i) { features.push_back(double(i + 1)); }
  p.from.set_features(features, 1);
  p.max_points = max_points;
  p.max_voxels = max_voxels;
  p.want_all();
  CHECK(verify(p) == "");
  return p;
}

}  // namespace

TEST_CASE("Gathered voxels: each keeps its first points, in their order; slots without one are 0", "[voxels]") {
  auto p = row_of({3.5f, 1.5f, 3.1f, 3.2f, 1.9f, 3.3f, 9}, 3);
  CHECK(result_of(p, result::values) == numbers{1, 3, 4, 2, 5, 0, 7, 0, 0});
  CHECK(result_of(p, result::count) == numbers{3, 2, 1});
  CHECK(result_of(p, result::point_slots) == numbers{0, 3, 1, 2, 4, -1, 6});
  CHECK(result_of(p, result::coordinates) == numbers{0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 9});
  CHECK(result_of(p, result::voxel_offsets) == numbers{0, 3});
  CHECK(result_of(p, result::dropped) == numbers{0});
  CHECK(result_of(p, result::overflow) == numbers{0});
}

TEST_CASE("Gathered voxels: of each cloud the first max_voxels; points that come later still join them", "[voxels]") {
  auto p = row_of({3.5f, 1.5f, 7.5f, 3.1f, 8.5f, 1.1f, 7.1f, -1}, 4, 2);
  CHECK(result_of(p, result::values) == numbers{1, 4, 0, 0, 2, 6, 0, 0});
  CHECK(result_of(p, result::point_slots) == numbers{0, 4, -1, 1, -1, 5, -1, -1});
  CHECK(result_of(p, result::overflow) == numbers{2});  // two voxels, of three points
  CHECK(result_of(p, result::dropped) == numbers{1});
  set_clouds(p, ragged_clouds(p.from.clouds.xyz, {0, 4, 8}));
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::voxel_offsets) == numbers{0, 2, 4});
  CHECK(result_of(p, result::overflow) == numbers{1, 1});
  CHECK(result_of(p, result::values) == numbers{1, 4, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0});
  p.capacity = 3;  // room ends in the second cloud
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::voxel_offsets) == numbers{0, 2, 3});
  CHECK(result_of(p, result::overflow) == numbers{1, 2});
  p.capacity = 1;  // and in the first
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::overflow) == numbers{2, 3});
  CHECK(result_of(p, result::point_slots) == numbers{0, -1, -1, 1, -1, -1, -1, -1});
}

TEST_CASE("Gathered voxels: no voxel is wanted", "[voxels]") {
  auto p = row_of({3.5f, 1.5f, 3.1f, -1}, 2, 0);
  CHECK(result_of(p, result::voxel_offsets) == numbers{0, 0});
  CHECK(result_of(p, result::overflow) == numbers{2});
  CHECK(result_of(p, result::dropped) == numbers{1});
  CHECK(result_of(p, result::point_slots) == numbers{-1, -1, -1, -1});
}

TEST_CASE("Gathered voxels: fewer, as many and more points than there are slots", "[voxels]") {
  generator random(3300);
  for (std::int64_t max_points : {1, 2, 5, 31, 32, 33, 64, 100}) {
    auto p = listed(voxel_call::gathered, {}, {12, 1, 1});
    std::vector<float> xs;
    std::int64_t cell = 0;
    for (std::int64_t count : {max_points - 1, max_points, max_points + 1, std::int64_t(1), 2 * max_points,
                               7 * max_points + 3, std::int64_t(200)}) {
      xs.insert(xs.end(), std::size_t(count), float(cell++) + 0.5f);
    }
    for (bool shuffled : {false, true}) {
      if (shuffled) {
        for (std::size_t i = xs.size(); i > 1; --i) { std::swap(xs[i - 1], xs[random.next() % i]); }
      }
      set_clouds(p, dense_clouds(along_x(xs)));
      p.max_points = max_points;
      draw_features(p, random, 4, 0.02);
      CAPTURE(max_points, shuffled);
      p.from.lattice.cells[1] = 1;
      CHECK(verify(p) == "");
      make_huge(p.from.lattice);
      CHECK(verify(p) == "");
      make_large(p.from.lattice);
      p.max_voxels = 3;
      CHECK(verify(p) == "");
      p.max_voxels = INT32_MAX;
      for (auto& cells : p.from.lattice.cells) { cells = 12; }
    }
  }
}

TEST_CASE("Gathered voxels: limits of voxels around what each of several clouds has", "[voxels]") {
  generator random(3301);
  for (auto shaped : {as_three, as_padded, as_ragged}) {
    for (std::int64_t max_voxels : {0, 1, 2, 7, 30, 59, 60, 61, 1000}) {
      auto p = listed(voxel_call::gathered, {}, {5, 4, 3});
      set_clouds(p, shaped(draw_points(random, p.from.lattice, 1800, 0.1)));
      p.max_voxels = max_voxels;
      p.max_points = random.between(1, 12);
      draw_features(p, random, 3);
      CAPTURE(max_voxels);
      CHECK(verify(p) == "");
      p.capacity = random.between(0, 2 * max_voxels + 2);
      CHECK(verify(p) == "");
      make_large(p.from.lattice);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Gathered voxels: a limit beyond 32 bits is no limit", "[voxels]") {
  auto p = row_of({3.5f, 1.5f, 3.1f}, 2, INT64_MAX);
  CHECK(result_of(p, result::voxel_offsets) == numbers{0, 2});
  p.max_voxels = (std::int64_t(1) << 32) + 1;  // and not 1
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::voxel_offsets) == numbers{0, 2});
}

TEST_CASE("Gathered voxels: more slots than points, without values", "[voxels]") {
  generator random(3302);
  auto p = listed(voxel_call::gathered, {}, {4, 3, 2});
  set_clouds(p, as_ragged(draw_points(random, p.from.lattice, 500, 0.1)));
  p.max_points = INT32_MAX;  // slots have 64 bits
  CHECK(verify(p) == "");
  auto const slots = result_of(p, result::point_slots);
  CHECK(*std::max_element(slots.begin(), slots.end()) > 2147483647.0);
}

TEST_CASE("Gathered voxels: values are rounded once, NaN and -0 are moved as they are", "[voxels]") {
  generator random(3303);
  for (auto value : float_types) {
    for (auto result_type : float_types) {
      auto p = listed(voxel_call::gathered, {}, {3, 3, 3});
      set_clouds(p, dense_clouds(draw_points(random, p.from.lattice, 200)));
      p.from.value_type = value;
      p.from.result_type = result_type;
      p.max_points = 6;
      draw_features(p, random, 5, 0.4);
      CAPTURE(robocache::name_of(value), robocache::name_of(result_type));
      CHECK(verify(p) == "");
    }
  }
  auto p = row_of({0.5f}, 2);
  p.from.set_features(numbers{-0.0}, 1);
  auto const values = result_of(p, result::values);
  CHECK(std::signbit(values[0]));
  CHECK_FALSE(std::signbit(values[1]));
}
