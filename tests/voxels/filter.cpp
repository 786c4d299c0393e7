// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/scenario.hpp"
#include "support/voxels/filter_scene.hpp"
#include "support/voxels/scene.hpp"

// The semantics' "The voxel filter", sentence by sentence. `verify` compares every bit with the oracle.
using namespace test;

namespace {

using result = sparse_result;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float reach = 1'048'576;  // cells on either side of the origin: 2^20

sparse_problem filtered(std::vector<float> xyz, float size) {
  auto p = listed(voxel_call::filter, std::move(xyz), {1, 1, 1});
  for (auto& s : p.from.lattice.size) { s = size; }
  return p;
}

/// Which points along one axis share a voxel: the voxel of each, -1 where it is dropped.
numbers voxels_along(int axis, std::vector<float> const& xs, float size, float origin = 0) {
  std::vector<float> xyz;
  for (float x : xs) {
    for (int a = 0; a < 3; ++a) { xyz.push_back(a == axis ? x : 0.0f); }
  }
  auto p = filtered(xyz, size);
  p.from.lattice.origin[axis] = origin;
  CHECK(verify(p) == "");
  return result_of(p, result::point_voxels);
}

}  // namespace

TEST_CASE("Voxel filter: voxels begin at multiples of their size, below 0 too", "[voxels]") {
  for (int axis = 0; axis < 3; ++axis) {
    CHECK(voxels_along(axis, {-0.25f, 0.25f, -0.75f, 0.75f, -1.25f, -1}, 1) == numbers{0, 1, 0, 1, 2, 0});
    CHECK(voxels_along(axis, {0, 0.5f, 0.25f, -0.5f, -0.25f, -0.50000006f}, 0.5f) == numbers{0, 1, 0, 2, 2, 3});
    CHECK(voxels_along(axis, {-0.0f, 0, -1e-45f, 1e-45f}, 1) == numbers{0, 0, 1, 0});
    CHECK(voxels_along(axis, {-1e-40f, 5}, 1e30f) == numbers{0, 0});  // the quotient rounds to -0
    CHECK(voxels_along(axis, {0.3f, 0.2f, 0.1f, 0.7f, 0.6f}, 0.1f) == numbers{0, 1, 2, 3, 4});
    CHECK(voxels_along(axis, {-0.3f, -0.2f, -0.1f, -0.05f, -0.29999998f}, 0.1f) == numbers{0, 1, 2, 2, 0});
  }
}

TEST_CASE("Voxel filter: voxels begin at the origin, on either side of it", "[voxels]") {
  for (int axis = 0; axis < 3; ++axis) {
    CHECK(voxels_along(axis, {0.75f, 1.5f, 0.25f, 1.25f, -0.25f}, 1, 0.5f) == numbers{0, 1, 2, 0, 2});
    CHECK(voxels_along(axis, {-0.25f, -0.35f, 0.65f, 0.64f}, 1, -0.35f) == numbers{0, 0, 1, 0});
    // FP32 resolves half a metre there.
    CHECK(voxels_along(axis, {5.4e6f, 5.4e6f + 0.5f, 5.4e6f + 2, 5.4e6f - 0.5f}, 2, 5.4e6f) == numbers{0, 0, 1, 2});
    CHECK(voxels_along(axis, {1e30f, -1e30f}, 1e30f, 1e30f) == numbers{0, 1});
    CHECK(voxels_along(axis, {3e38f, -3e38f, 0}, 1e38f, -3e38f) == numbers{-1, 0, 1});  // the difference overflows
  }
}

TEST_CASE("Voxel filter: one rounding for the quotient, at faces and beside them", "[voxels]") {
  generator random(3400);
  int products_differ = 0;
  for (int round = 0; round < 12; ++round) {
    auto p = filtered({}, 1);
    for (auto& size : p.from.lattice.size) { size = random.one_of({0.1f, 0.05f, 0.3f, float(0.01 + random.unit())}); }
    std::vector<float> xyz;
    for (int i = 0; i < 900; ++i) {
      float const size = p.from.lattice.size[i % 3];
      float x = float(random.between(-5, 5) + (random.chance(0.3) ? 3000 : 0)) * size;
      if (random.chance(0.6)) { x = std::nextafter(x, random.chance(0.5) ? infinity : -infinity); }
      products_differ += std::floor(x * (1 / size)) != std::floor(x / size);
      xyz.push_back(x);
    }
    set_clouds(p, dense_clouds(xyz));
    REQUIRE(verify(p) == "");
  }
  CHECK(products_differ > 100);  // for these points it matters
}

TEST_CASE("Voxel filter: cells from -2^20 up to 2^20, points beyond are dropped", "[voxels]") {
  for (float size : {1.0f, 0.25f, 8.0f}) {
    float const edge = reach * size;
    for (int axis = 0; axis < 3; ++axis) {
      CAPTURE(size, axis);
      CHECK(voxels_along(axis, {-edge, std::nextafter(-edge, -infinity), edge, std::nextafter(edge, 0.0f), 0}, size) ==
            numbers{0, -1, -1, 1, 2});
      CHECK(voxels_along(axis, {0, -size, 2 * edge, 2 * edge - size, edge}, size, edge) == numbers{0, -1, -1, 1, 2});
    }
  }
  auto p =
      filtered({3e38f, 0, 0, 0, -3e38f, 0, 0, 0, 1e30f, infinity, 0, 0, 0, -infinity, 0, 0, 0, NAN, 0, 0, 0}, 1e-3f);
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::dropped) == numbers{6});
  CHECK(result_of(p, result::count) == numbers{1});
}

TEST_CASE("Voxel filter: every corner of its reach, in several clouds", "[voxels]") {
  for (std::int64_t batch : {1, 2, 5}) {
    std::vector<float> xyz;
    for (std::int64_t b = 0; b < batch; ++b) {
      for (int corner = 0; corner < 27; ++corner) {
        for (int part : {corner % 3, corner / 3 % 3, corner / 9}) {
          xyz.push_back(part == 0 ? -reach : part == 1 ? 0.0f : reach - 1);
        }
      }
      auto const cloud = std::vector<float>(xyz.end() - 81, xyz.end());
      xyz.insert(xyz.end(), cloud.begin(), cloud.end());
    }
    auto p = filtered({}, 1);
    set_clouds(p, dense_clouds(xyz, batch));
    CAPTURE(batch);
    CHECK(verify(p) == "");
    CHECK(result_of(p, result::count) == numbers(std::size_t(27 * batch), 2));
  }
}

TEST_CASE("Voxel filter: all points of a voxel become one, the mean of each coordinate, and of features", "[voxels]") {
  auto p = filtered({0.25f, 0.5f, 0.75f, -0.5f, 0.5f, 0.5f, 0.75f, 0.25f, 0.25f}, 1);
  p.from.set_features(numbers{1, 2, 4}, 1);
  p.want_all();
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::points) == numbers{0.5, 0.375, 0.5, -0.5, 0.5, 0.5});
  CHECK(result_of(p, result::features) == numbers{2.5, 2});
  CHECK(result_of(p, result::count) == numbers{2, 1});
  CHECK(result_of(p, result::voxel_offsets) == numbers{0, 2});
  CHECK(result_of(p, result::point_voxels) == numbers{0, 1, 0});
}

TEST_CASE("Voxel filter: one point stays what it is, and so do points that are all the same", "[voxels]") {
  generator random(3401);
  std::vector<float> xyz;
  for (int i = 0; i < 900; ++i) { xyz.push_back(float(i) + float(random.unit())); }
  auto p = filtered(xyz, 0.5f);
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::points) == numbers(xyz.begin(), xyz.end()));
  // From these corners on all distances are rounded. A cloud for each number.
  for (float origin : {0.0f, -0.3f, 77.7f, 1e-3f}) {
    for (float size : {1.0f, 1e9f}) {
      for (std::int64_t count : {1, 3, 50, 70}) {
        std::vector<float> all;
        numbers left;
        for (float x : {-1e-10f, -1e-45f, 0.1f, -0.7f, 1e-20f, 123.456f, 1e6f + 0.0625f}) {
          all.insert(all.end(), std::size_t(3 * count), x);
          left.insert(left.end(), 3, double(x));
        }
        auto same = filtered({}, size);
        set_clouds(same, dense_clouds(all, 7));
        std::fill_n(same.from.lattice.origin, 3, origin);
        CAPTURE(origin, size, count);
        REQUIRE(result_of(same, result::points) == left);
      }
    }
  }
  set_clouds(p, dense_clouds({-0.0f, -0.0f, -0.25f}));
  CHECK(verify(p) == "");
  auto const mean = result_of(p, result::points);
  CHECK(mean == numbers{0, 0, -0.25});
  CHECK_FALSE(std::signbit(mean[0]));  // the one exception
}

TEST_CASE("Voxel filter: sums of coordinates are trees of 64", "[voxels]") {
  generator random(3402);
  for (std::int64_t count : {2, 63, 64, 65, 128, 129, 4096, 4097, 9000}) {
    std::vector<float> xyz;
    for (std::int64_t i = 0; i < 3 * count; ++i) { xyz.push_back(float(1e5 + 100 * random.unit())); }
    auto p = filtered(xyz, 1000);
    draw_features(p, random, 2);
    CAPTURE(count);
    CHECK(verify(p) == "");
    CHECK(result_of(p, result::count) == numbers{double(count)});
  }
}

TEST_CASE("Voxel filter: UTM coordinates from the cloud's corner on: no point is lost, none leaves its voxel",
          "[voxels]") {
  generator random(3403);
  for (float size : {0.5f, 2.0f, 6.0f}) {
    std::vector<float> xyz;
    for (int i = 0; i < 500; ++i) {
      xyz.insert(xyz.end(), {float(500'000 + 20 * random.unit()), float(5'400'000 + 20 * random.unit()),
                             float(300 + 5 * random.unit())});
    }
    auto p = filtered(xyz, size);
    draw_features(p, random, 1);
    CAPTURE(size);
    CHECK(verify(p) == "");
    // From 0 on, voxels of half a metre end at 524,288 m, those of 2 m at 2,097,152 m.
    CHECK(result_of(p, result::dropped) == numbers{size == 6 ? 0.0 : 500.0});
    begin_at_corner(p);
    CHECK(verify(p) == "");
    CHECK(result_of(p, result::dropped) == numbers{0});
    CHECK(misplaced_points(p) == "");
    p.from.lattice.size[2] = 1e-3f;  // each axis has a size of its own
    CHECK(verify(p) == "");
  }
  // Their sum is above 2^29, where FP32 is exact to 32 m: the mean is not computed from it.
  std::vector<float> xyz;
  for (int i = 0; i < 120; ++i) { xyz.insert(xyz.end(), {5'400'001.5f, 5'400'000.5f, float(5'400'001 + i % 2)}); }
  auto p = filtered(xyz, 6);
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::points) == numbers{5'400'001.5, 5'400'000.5, 5'400'001.5});
}

TEST_CASE("Voxel filter: in spite of rounding a point lies in its voxel, between the voxel's points", "[voxels]") {
  generator random(3406);
  for (int round = 0; round < 16; ++round) {
    auto p = filtered({}, 1);
    float* const origin = p.from.lattice.origin;
    std::vector<float> xyz;
    for (int axis = 0; axis < 3; ++axis) {
      float const far = random.one_of({1e-3f, 1.0f, 60.0f, 4e4f, 5.4e6f});
      origin[axis] = random.one_of({0.0f, far, -far, float(far * random.unit())});
      p.from.lattice.size[axis] = random.one_of({0.1f, 0.3f, 1.0f, 6.0f, 1e4f, float(0.01 + random.unit())});
    }
    std::int64_t const count = random.one_of<std::int64_t>({50, 300, 700});
    double const cells = random.one_of({0.9, 2.0, 5.0, 40.0});
    for (std::int64_t i = 0; i < 3 * count; ++i) {
      double const size = double(p.from.lattice.size[i % 3]);
      double const at = random.chance(0.4) ? double(random.between(-1, 1)) : cells * (2 * random.unit() - 1);
      auto x = float(double(origin[i % 3]) + at * size);
      if (random.chance(0.3)) { x = std::nextafter(x, random.chance(0.5) ? infinity : -infinity); }
      xyz.push_back(x);
    }
    set_clouds(p, dense_clouds(xyz));
    CAPTURE(round);
    REQUIRE(verify(p) == "");
    REQUIRE(misplaced_points(p) == "");
  }
}

TEST_CASE("Voxel filter: sums that overflow give a point of the voxel", "[voxels]") {
  for (std::int64_t count : {2, 20, 65, 200}) {
    std::vector<float> xyz;
    for (std::int64_t i = 0; i < count; ++i) {
      xyz.insert(xyz.end(), {3.2e38f, -3.2e38f, i % 2 == 0 ? -3e38f : -2e38f});
    }
    auto p = filtered(xyz, 3.3e38f);
    CAPTURE(count);
    CHECK(verify(p) == "");
    auto const point = result_of(p, result::points);
    CHECK(point[0] == double(3.2e38f));
    CHECK(point[1] == double(-3.2e38f));
    CHECK(point[2] >= double(-3e38f));
    CHECK(point[2] <= double(-2e38f));
    for (auto& size : p.from.lattice.size) { size = 2e38f; }  // the corners of -2 are beyond FP32
    CHECK(verify(p) == "");
    CHECK(result_of(p, result::points)[1] == double(-3.2e38f));
  }
}

TEST_CASE("Voxel filter: clouds of every kind, and room for some of its points", "[voxels]") {
  generator random(3404);
  std::vector<float> xyz;
  for (int i = 0; i < 1200; ++i) { xyz.push_back(float(20 * random.unit() - 10)); }
  for (auto shaped : {as_one, as_three, as_padded, as_ragged}) {
    auto p = filtered({}, 3);
    set_clouds(p, shaped(xyz));
    draw_features(p, random, 3);
    CHECK(verify(p) == "");
    auto const kept = result_of(p, result::voxel_offsets).back();
    CHECK(kept >= 64);
    for (double room : {0.0, kept / 2, kept - 1, kept, kept + 1}) {
      p.capacity = std::int64_t(room);
      CAPTURE(room);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Voxel filter: what it leaves is a view of packed clouds, which it leaves as they are", "[voxels]") {
  generator random(3405);
  std::vector<float> xyz;
  for (int i = 0; i < 2400; ++i) { xyz.push_back(float(40 * random.unit() - 20)); }
  auto p = filtered({}, 0.0625f * 64);
  set_clouds(p, as_ragged(xyz));
  CHECK(verify(p) == "");
  auto const points = result_of(p, result::points);
  auto const offsets = result_of(p, result::voxel_offsets);
  std::vector<float> const thinned(points.begin(), points.end());
  set_clouds(p, ragged_clouds(thinned, {offsets.begin(), offsets.end()}));
  CHECK(verify(p) == "");
  CHECK(result_of(p, result::points) == points);
  CHECK(result_of(p, result::voxel_offsets) == offsets);
}
