// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/points/sampling_scene.hpp"

// The semantics' farthest point sampling.
using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
float const not_a_number = std::numeric_limits<float>::quiet_NaN();
using list = std::vector<std::int64_t>;

sampling sampling_of(cloud_data clouds, std::int64_t samples, std::int64_t start = 0) {
  sampling p;
  p.clouds = std::move(clouds);
  p.samples = samples;
  p.start = start;
  return p;
}

/// Points on the x axis.
cloud_data on_axis(std::vector<float> const& x) {
  std::vector<float> xyz;
  for (float one : x) { xyz.insert(xyz.end(), {one, 0, 0}); }
  return dense_clouds(xyz);
}

list indices_of(sampling const& p) {
  CHECK(verify_farthest(p) == "");
  return sample_farthest(p).indices;
}

}  // namespace

TEST_CASE("Farthest: the point that is farthest from all that were taken", "[sampling]") {
  CHECK(indices_of(sampling_of(on_axis({0, 1, 2, 10}), 4)) == list{0, 3, 2, 1});
  CHECK(indices_of(sampling_of(on_axis({0, 1, 2, 10}), 2, 1)) == list{1, 3});
  auto p = sampling_of(on_axis({5, 1, 7}), 2);
  CHECK(verify_farthest(p) == "");
  CHECK(sample_farthest(p).points == std::vector<float>{5, 0, 0, 1, 0, 0});
  CHECK(sample_farthest(p).counts == list{2});
}

TEST_CASE("Farthest: ties go to the lowest index, and no point is taken twice", "[sampling]") {
  CHECK(indices_of(sampling_of(on_axis({0, 4, -4, 4, -4}), 5)) == list{0, 1, 2, 3, 4});
  CHECK(indices_of(sampling_of(on_axis({0, -4, 4, 4, -4}), 5)) == list{0, 1, 2, 3, 4});
  CHECK(indices_of(sampling_of(on_axis({7, 7, 7, 7, 7}), 5, 3)) == list{3, 0, 1, 2, 4});
  CHECK(indices_of(sampling_of(on_axis({0, 1, 2, 3, 4, 5, 6, 7, 8}), 9)) == list{0, 8, 4, 2, 6, 1, 3, 5, 7});
}

TEST_CASE("Farthest: distances beyond FP32 tie", "[sampling]") {
  CHECK(indices_of(sampling_of(on_axis({0, 1e30f, 3e38f, -1e25f, 1}), 5)) == list{0, 1, 2, 3, 4});
  CHECK(indices_of(sampling_of(on_axis({3e38f, -3e38f, 3e38f}), 3)) == list{0, 1, 2});
}

TEST_CASE("Farthest: a point that is not finite is never taken", "[sampling]") {
  for (float odd : {not_a_number, -not_a_number, infinity, -infinity}) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      auto clouds = on_axis({1, 100, 2, 4});
      clouds.xyz[3 + axis] = odd;
      CHECK(indices_of(sampling_of(clouds, 4)) == list{0, 3, 2, -1});
      CHECK(sample_farthest(sampling_of(clouds, 4)).counts == list{3});
    }
  }
}

TEST_CASE("Farthest: a start that cannot be one is the first finite point", "[sampling]") {
  auto const clouds = on_axis({infinity, 1, 2, not_a_number, 9});
  for (std::int64_t start : {std::int64_t{-1}, std::int64_t{5}, std::int64_t{0}, std::int64_t{3}, INT64_MIN, INT64_MAX,
                             std::int64_t{1} << 32}) {
    CAPTURE(start);
    CHECK(indices_of(sampling_of(clouds, 3, start)) == list{1, 4, 2});
  }
  CHECK(indices_of(sampling_of(clouds, 3, 4)) == list{4, 1, 2});
  // There is a point behind the cloud's last one, but it is padding.
  CHECK(indices_of(sampling_of(padded_clouds({1, 0, 0, 2, 0, 0, 9, 0, 0, 50, 0, 0}, {3}), 2, 3)) == list{0, 2});
  auto p = sampling_of(dense_clouds({1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0}, 2), 1);
  p.starts = {1, 9};
  CHECK(indices_of(p) == list{1, 0});
}

TEST_CASE("Farthest: what stands behind the samples of a small cloud", "[sampling]") {
  auto p = sampling_of(padded_clouds({1, 0, 0, 2, 0, 0, 9, 0, 0, 5, 0, 0, 6, 0, 0, 7, 0, 0}, {2, 0}), 5);
  CHECK(indices_of(p) == list{0, 1, -1, -1, -1, -1, -1, -1, -1, -1});
  p.shortage = shortage_rule::repeat;
  CHECK(indices_of(p) == list{0, 1, 0, 1, 0, -1, -1, -1, -1, -1});
  CHECK(sample_farthest(p).counts == list{2, 0});
  p.rest = false;
  CHECK(verify_farthest(p) == "");
}

TEST_CASE("Farthest: nothing to take", "[sampling]") {
  CHECK(verify_farthest(sampling_of(on_axis({1, 2}), 0)) == "");
  CHECK(verify_farthest(sampling_of(dense_clouds({}, 0), 3)) == "");
  CHECK(verify_farthest(sampling_of(ragged_clouds({}, {0, 0, 0}), 3)) == "");
  CHECK(verify_farthest(sampling_of(ragged_clouds({1, 2, 3}, {0}), 3)) == "");
  CHECK(indices_of(sampling_of(on_axis({not_a_number, infinity}), 2)) == list{-1, -1});
}

TEST_CASE("Farthest: clouds of every size", "[sampling]") {
  generator random(4410);
  for (std::int64_t count : {1, 2, 31, 32, 33, 511, 512, 513, 1024, 1025, 2048, 2049, 3072, 3073, 4097, 6145, 8192}) {
    for (auto kind : {scene::anywhere, scene::lattice}) {
      CAPTURE(count, int(kind));
      CHECK(verify_farthest(sampling_of(dense_clouds(draw_scene(random, kind, count)), 9, count - 1)) == "");
    }
  }
  for (auto kind : scenes) {
    CAPTURE(int(kind));
    CHECK(verify_farthest(sampling_of(dense_clouds(draw_scene(random, kind, 40)), 45)) == "");
  }
}

TEST_CASE("Farthest: clouds that are put in order in space", "[sampling]") {
  generator random(4411);
  for (auto kind : scenes) {
    CAPTURE(int(kind));
    CHECK(verify_farthest(sampling_of(dense_clouds(draw_scene(random, kind, 8193)), 12, 77)) == "");
  }
  // Where the start cannot be one, the first finite point.
  auto late = dense_clouds(draw_scene(random, scene::anywhere, 8200));
  std::fill_n(late.xyz.begin(), 3 * 40, infinity);
  CHECK(indices_of(sampling_of(late, 3, 39)).front() == 40);
  // Small ones, where many samples are wanted.
  for (std::int64_t count : {2047, 2048, 2560}) {
    CHECK(verify_farthest(sampling_of(dense_clouds(draw_scene(random, scene::lattice, count)), 384)) == "");
  }
  // Most clouds are smaller than one is.
  std::vector<std::int64_t> offsets{0, 3, 3, 40, 9000};
  for (int b = 0; b < 40; ++b) { offsets.push_back(offsets.back() + random.between(0, 30)); }
  CHECK(verify_farthest(sampling_of(ragged_clouds(draw_scene(random, scene::lattice, offsets.back()), offsets), 9)) ==
        "");
  // More points than registers of 16 blocks hold, and more buckets than lanes, if one had 128 points.
  CHECK(verify_farthest(sampling_of(dense_clouds(draw_scene(random, scene::anywhere, 70'000)), 3)) == "");
}

TEST_CASE("Farthest: all points of a large cloud, most of them equal", "[sampling]") {
  generator random(4412);
  auto xyz = draw_scene(random, scene::equal, 2200);
  for (int i = 0; i < 20; ++i) { xyz[std::size_t(3 * random.between(0, 2199))] = float(random.between(0, 2)); }
  CHECK(verify_farthest(sampling_of(dense_clouds(xyz), 400, 2199)) == "");
}

TEST_CASE("Farthest: every layout", "[sampling]") {
  for (int i = 0; i < count_draws(40); ++i) {
    generator random(4420 + std::uint64_t(i));
    CAPTURE(i);
    // Every other time more than a block has in its registers, of all clouds together.
    std::int64_t const points = i % 2 == 0 ? random.between(0, 600) : random.between(8200, 9500);
    std::int64_t const batch = random.between(1, 6);
    auto p = sampling_of(draw_layout(random, scenes[random.between(0, 5)], batch, points), random.between(0, 20),
                         random.between(-1, 60));
    for (std::int64_t b = 0; b < p.clouds.batch && random.chance(0.5); ++b) {
      p.starts.resize(std::size_t(p.clouds.batch), random.between(-1, 60));
    }
    if (random.chance(0.5)) { p.shortage = shortage_rule::repeat; }
    p.rest = random.chance(0.8);
    CHECK(verify_farthest(p) == "");
  }
}

// PyTorch3D's `sample_farthest_points` and PointNet++'s `furthest_point_sample` begin at index 0 and take the point
// with the largest smallest distance. Both skip nothing here: no point is near to the origin, and nothing ties.
TEST_CASE("Farthest: as PyTorch3D and PointNet++ on points that all treat alike", "[sampling]") {
  auto const square = dense_clouds({1, 1, 1, 1, 2, 1, 2, 1, 1.5f, 2, 2, 1, 4, 4, 4, 1.25f, 1.5f, 1});
  CHECK(indices_of(sampling_of(square, 4)) == list{0, 4, 3, 2});
}

TEST_CASE("Sanitize: farthest points in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    generator random(4480 + seed);
    auto clouds = draw_layout(random, scene::odd, 2, seed % 2 == 0 ? 300 : 9000);
    CHECK(verify_farthest(sampling_of(clouds, 6)) == "");
  }
}
