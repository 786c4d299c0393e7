// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/points/sampling_scene.hpp"

// The semantics' samples without replacement.
using namespace test;

namespace {

using list = std::vector<std::int64_t>;

sampling drawn(cloud_data clouds, std::int64_t samples, std::uint64_t seed = 42) {
  sampling p;
  p.clouds = std::move(clouds);
  p.samples = samples;
  p.seed = seed;
  return p;
}

cloud_data cloud_of(std::int64_t count) {
  generator random(4500);
  return dense_clouds(draw_scene(random, scene::anywhere, count));
}

}  // namespace

// Those of tests/golden/permutation.py for 10 numbers, seed 42 and number 7.
TEST_CASE("Uniform: known samples", "[sampling]") {
  auto p = drawn(cloud_of(10), 9);
  p.ids = {7};
  CHECK(sample_uniform(p).indices == list{9, 7, 0, 4, 6, 2, 8, 3, 1});
  CHECK(verify_uniform(p) == "");
}

TEST_CASE("Uniform: each point at most once", "[sampling]") {
  auto found = sample_uniform(drawn(cloud_of(1000), 999)).indices;
  std::sort(found.begin(), found.end());
  CHECK(std::adjacent_find(found.begin(), found.end()) == found.end());
  CHECK(found.front() >= 0);
  CHECK(found.back() < 1000);
}

TEST_CASE("Uniform: all points in their order where as many are wanted, or more", "[sampling]") {
  CHECK(sample_uniform(drawn(cloud_of(3), 3)).indices == list{0, 1, 2});
  auto p = drawn(cloud_of(3), 8);
  CHECK(sample_uniform(p).indices == list{0, 1, 2, -1, -1, -1, -1, -1});
  CHECK(verify_uniform(p) == "");
  p.shortage = shortage_rule::repeat;
  CHECK(sample_uniform(p).indices == list{0, 1, 2, 0, 1, 2, 0, 1});
  CHECK(verify_uniform(p) == "");
}

TEST_CASE("Uniform: a cloud's samples are those of its number, wherever it is", "[sampling]") {
  generator random(4501);
  auto p = drawn(dense_clouds(draw_scene(random, scene::anywhere, 300), 3), 20);
  auto const by_place = sample_uniform(p).indices;
  p.ids = {2, 1, 0};
  auto const by_number = sample_uniform(p).indices;
  for (std::size_t k = 0; k < 20; ++k) {
    CHECK(by_place[k] == by_number[40 + k]);
    CHECK(by_place[20 + k] == by_number[20 + k]);
  }
  CHECK(verify_uniform(p) == "");
  p.seed = 43;
  CHECK(sample_uniform(p).indices != by_number);
}

TEST_CASE("Uniform: points that are not finite count as any other", "[sampling]") {
  auto p = drawn(cloud_of(40), 12);
  auto const finite = sample_uniform(p).indices;
  for (float& x : p.clouds.xyz) { x = std::numeric_limits<float>::infinity(); }
  CHECK(sample_uniform(p).indices == finite);
}

TEST_CASE("Uniform: nothing to take", "[sampling]") {
  CHECK(verify_uniform(drawn(cloud_of(5), 0)) == "");
  CHECK(verify_uniform(drawn(dense_clouds({}, 0), 3)) == "");
  auto p = drawn(ragged_clouds({}, {0, 0, 0}), 3);
  p.shortage = shortage_rule::repeat;
  CHECK(verify_uniform(p) == "");
}

TEST_CASE("Uniform: every layout", "[sampling]") {
  for (int i = 0; i < count_draws(40); ++i) {
    generator random(4510 + std::uint64_t(i));
    CAPTURE(i);
    auto p = drawn(draw_layout(random, scene::odd, random.between(1, 6), random.between(0, 900)),
                   random.between(0, 300), random.next());
    if (random.chance(0.5)) {
      for (std::int64_t b = 0; b < p.clouds.batch; ++b) { p.ids.push_back(std::int64_t(random.next())); }
    }
    if (random.chance(0.5)) { p.shortage = shortage_rule::repeat; }
    p.rest = random.chance(0.8);
    CHECK(verify_uniform(p) == "");
  }
}

TEST_CASE("Sanitize: uniform samples in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  generator random(4590);
  CHECK(verify_uniform(drawn(draw_layout(random, scene::odd, 3, 500), 130)) == "");
}
