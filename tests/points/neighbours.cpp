// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/points/sampling_scene.hpp"

// The semantics' neighbours: the nearest, and the first within a radius.
using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
float const not_a_number = std::numeric_limits<float>::quiet_NaN();
using list = std::vector<std::int64_t>;

neighbourhood between(cloud_data queries, cloud_data clouds, std::int64_t k, float radius = -1.0f) {
  neighbourhood p;
  p.queries = std::move(queries);
  p.clouds = std::move(clouds);
  p.k = k;
  p.radius = radius;
  return p;
}

cloud_data on_axis(std::vector<float> const& x) {
  std::vector<float> xyz;
  for (float one : x) { xyz.insert(xyz.end(), {one, 0, 0}); }
  return dense_clouds(xyz);
}

list indices_of(neighbourhood const& p) {
  CHECK(verify(p) == "");
  return find_neighbours(p).indices;
}

}  // namespace

TEST_CASE("Nearest: by distance, then by index", "[neighbours]") {
  auto const p = between(on_axis({0, 5}), on_axis({3, 1, -1, 4, 1}), 4);
  CHECK(indices_of(p) == list{1, 2, 4, 0, 3, 0, 1, 4});
  CHECK(find_neighbours(p).distances == std::vector<float>{1, 1, 1, 9, 1, 4, 16, 16});
  CHECK(find_neighbours(p).counts == list{4, 4});
}

TEST_CASE("Radius: the first by index, the border included", "[neighbours]") {
  auto const clouds = on_axis({3, 1, -2, 4, 0.5f});
  CHECK(indices_of(between(on_axis({0}), clouds, 3, 2)) == list{1, 2, 4});
  CHECK(indices_of(between(on_axis({0}), clouds, 2, 2)) == list{1, 2});
  CHECK(indices_of(between(on_axis({0}), clouds, 2, 1.999f)) == list{1, 4});
  CHECK(indices_of(between(on_axis({0}), clouds, 6, infinity)) == list{0, 1, 2, 3, 4, -1});
  CHECK(indices_of(between(on_axis({3}), clouds, 2, 0)) == list{0, -1});
  auto const p = between(on_axis({0}), clouds, 4, 2);
  CHECK(find_neighbours(p).counts == list{3});
  CHECK(find_neighbours(p).distances == std::vector<float>{1, 4, 0.25f, infinity});
}

TEST_CASE("Neighbours: none of a query that is not finite, and none that is not", "[neighbours]") {
  for (float radius : {-1.0f, 5.0f, infinity}) {
    for (float odd : {not_a_number, infinity, -infinity}) {
      for (std::size_t axis = 0; axis < 3; ++axis) {
        auto queries = on_axis({0, 0});
        auto clouds = on_axis({1, 0, 2});
        queries.xyz[3 + axis] = odd;
        clouds.xyz[3 + axis] = odd;
        CAPTURE(radius, odd, axis);
        CHECK(indices_of(between(queries, clouds, 3, radius)) == list{0, 2, -1, -1, -1, -1});
        CHECK(find_neighbours(between(queries, clouds, 3, radius)).counts == list{2, 0});
      }
    }
  }
}

TEST_CASE("Neighbours: distances beyond FP32 are infinite, and count", "[neighbours]") {
  CHECK(indices_of(between(on_axis({0}), on_axis({1e30f, -3e38f, 1}), 3)) == list{2, 0, 1});
  CHECK(indices_of(between(on_axis({0}), on_axis({1e30f, -3e38f, 1}), 3, infinity)) == list{0, 1, 2});
  CHECK(indices_of(between(on_axis({0}), on_axis({1e30f, -3e38f, 1}), 3, 1e20f)) == list{0, 1, 2});
  CHECK(indices_of(between(on_axis({0}), on_axis({1e30f, -3e38f, 1}), 3, 1e19f)) == list{2, -1, -1});
}

TEST_CASE("Neighbours: nothing to find, or nobody who asks", "[neighbours]") {
  for (float radius : {-1.0f, 1.0f}) {
    CHECK(verify(between(on_axis({0}), on_axis({}), 2, radius)) == "");
    CHECK(verify(between(on_axis({}), on_axis({1}), 2, radius)) == "");
    CHECK(verify(between(on_axis({0, 1}), on_axis({1}), 0, radius)) == "");
    CHECK(verify(between(dense_clouds({}, 0), dense_clouds({}, 0), 2, radius)) == "");
    CHECK(verify(between(ragged_clouds({1, 2, 3, 4, 5, 6}, {0}), dense_clouds({}, 0), 2, radius)) == "");
  }
}

TEST_CASE("Nearest: any k", "[neighbours]") {
  generator random(4600);
  auto const clouds = dense_clouds(draw_scene(random, scene::lattice, 300), 2);
  auto const queries = dense_clouds(draw_scene(random, scene::lattice, 14), 2);
  for (std::int64_t k : {1, 2, 4, 5, 8, 9, 16, 17, 32, 33, 63, 64}) {
    CAPTURE(k);
    CHECK(verify(between(queries, clouds, k)) == "");
  }
}

TEST_CASE("Nearest: the last of k ties, among so many queries that each has a lane for itself", "[neighbours]") {
  generator random(4603);
  auto const clouds = dense_clouds(draw_scene(random, scene::lattice, 60));
  auto const queries = dense_clouds(draw_scene(random, scene::lattice, 600));
  for (int chip = 0; chip < 4; ++chip) { CHECK(verify(between(queries, clouds, 4)) == ""); }
}

TEST_CASE("Radius: more than any cloud has", "[neighbours]") {
  generator random(4601);
  auto const clouds = dense_clouds(draw_scene(random, scene::lattice, 1400), 2);
  CHECK(verify(between(dense_clouds(draw_scene(random, scene::lattice, 14), 2), clouds, 900, 3)) == "");
}

TEST_CASE("Neighbours: tiles of points, and blocks of queries", "[neighbours]") {
  generator random(4602);
  for (std::int64_t points : {511, 512, 513, 1025}) {
    for (std::int64_t count : {1, 5, 127, 128, 129}) {
      auto const clouds = dense_clouds(draw_scene(random, scene::lattice, points));
      auto const queries = dense_clouds(draw_scene(random, scene::lattice, count));
      CAPTURE(points, count);
      CHECK(verify(between(queries, clouds, 5)) == "");
      CHECK(verify(between(queries, clouds, 5, 1)) == "");
    }
  }
}

TEST_CASE("Neighbours: every layout", "[neighbours]") {
  for (int i = 0; i < count_draws(60); ++i) {
    generator random(4610 + std::uint64_t(i));
    CAPTURE(i);
    std::int64_t const batch = random.between(1, 7);
    auto const queries = draw_layout(random, scenes[random.between(0, 5)], batch, random.between(0, 300));
    auto const clouds = draw_layout(random, scenes[random.between(0, 5)], batch, random.between(0, 1500));
    auto p = between(queries, clouds, random.between(0, 20),
                     random.one_of({-1.0f, -1.0f, 0.0f, 0.5f, 2.0f, 30.0f, infinity}));
    p.rest = random.chance(0.8);
    CHECK(verify(p) == "");
  }
}

// PointNet++'s `ball_query` takes the first points whose distance is below the radius, and fills up with the first of
// them: the same where none is on the border.
TEST_CASE("Radius: as PointNet++ on points that are not on the border", "[neighbours]") {
  CHECK(indices_of(between(on_axis({1, 9}), on_axis({4, 0.5f, 1, 2, 3, 8}), 2, 1.5f)) == list{1, 2, 5, -1});
}

TEST_CASE("Sanitize: neighbours in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  generator random(4690);
  for (float radius : {-1.0f, 0.5f}) {
    auto const queries = draw_layout(random, scene::odd, 3, 200);
    CHECK(verify(between(queries, draw_layout(random, scene::odd, 3, 700), 6, radius)) == "");
  }
}
