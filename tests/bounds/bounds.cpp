// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/bounds/bounds.hpp"
#include "support/catch.hpp"
#include "support/cells/draw.hpp"
#include "support/guarded.hpp"

// The semantics' `find_bounds`: for each cloud the smallest and largest coordinates of its finite points.
using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
float const not_a_number = std::numeric_limits<float>::quiet_NaN();

/// True where `a` is below `b`, -0 below +0.
bool below(float a, float b) { return a < b || (a == b && std::signbit(a) && !std::signbit(b)); }

cloud_bounds expected(cloud_data const& clouds, std::int64_t b) {
  cloud_bounds box{{infinity, infinity, infinity}, {-infinity, -infinity, -infinity}, 0};
  auto const [begin, end] = clouds.rows_of(b);
  for (std::int64_t row = begin; row < end; ++row) {
    float const* const x = &clouds.xyz[std::size_t(3 * row)];
    if (!std::all_of(x, x + 3, [](float v) { return std::isfinite(v); })) { continue; }
    ++box.points;
    for (int axis = 0; axis < 3; ++axis) {
      if (below(x[axis], box.low[axis])) { box.low[axis] = x[axis]; }
      if (below(box.high[axis], x[axis])) { box.high[axis] = x[axis]; }
    }
  }
  return box;
}

std::string verify(cloud_data const& clouds) {
  found_bounds const o = find_bounds(clouds);
  if (!o.state.ok()) { return text_of("status: ", o.state.message()); }
  if (!o.trouble.empty()) { return o.trouble; }
  for (std::int64_t b = 0; b < clouds.batch; ++b) {
    cloud_bounds const wanted = expected(clouds, b);
    cloud_bounds const& found = o.bounds[std::size_t(b)];
    if (std::memcmp(&wanted, &found, sizeof wanted) != 0) {
      return text_of("cloud ", b, ": ", found.points, " points from ", found.low[0], " ", found.low[1], " ",
                     found.low[2], " to ", found.high[0], " ", found.high[1], " ", found.high[2], ", wanted ",
                     wanted.points, " from ", wanted.low[0], " ", wanted.low[1], " ", wanted.low[2], " to ",
                     wanted.high[0], " ", wanted.high[1], " ", wanted.high[2]);
    }
  }
  return {};
}

/// Coordinates of every size, some of them not finite.
std::vector<float> draw_xyz(generator& random, std::int64_t count, double odd_chance) {
  std::vector<float> xyz;
  for (std::int64_t i = 0; i < 3 * count; ++i) {
    float x = float(200 * random.unit() - 100);
    if (random.chance(odd_chance)) {
      x = random.one_of({not_a_number, infinity, -infinity, 3e38f, -3e38f, 1e-45f, -0.0f, 0.0f});
    }
    xyz.push_back(x);
  }
  return xyz;
}

}  // namespace

TEST_CASE("Bounds: the smallest and largest x, y and z, and how many points", "[bounds]") {
  auto const clouds = dense_clouds({1, 2, 3, -4, 5, 0, 2, -7, 9, 10, 20, 30, 11, 19, 31, 10, 20, 30}, 2);
  CHECK(verify(clouds) == "");
  auto const box = find_bounds(clouds).bounds.at(0);
  CHECK(std::vector<float>(box.low, box.low + 3) == std::vector<float>{-4, -7, 0});
  CHECK(std::vector<float>(box.high, box.high + 3) == std::vector<float>{2, 5, 9});
  CHECK(box.points == 3);
}

TEST_CASE("Bounds: points that are not finite in all three coordinates do not count", "[bounds]") {
  for (float odd : {not_a_number, -not_a_number, infinity, -infinity}) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      auto clouds = dense_clouds({1, 2, 3, 100, 100, 100, -100, -100, -100});
      clouds.xyz[3 + axis] = odd;
      CHECK(verify(clouds) == "");
      CHECK(find_bounds(clouds).bounds.at(0).points == 2);
    }
  }
}

TEST_CASE("Bounds: without a finite point +infinity and -infinity", "[bounds]") {
  for (auto const& clouds :
       {dense_clouds({not_a_number, 0, 0, 0, infinity, 0}), padded_clouds({1, 2, 3, 4, 5, 6}, {0, 0}),
        ragged_clouds({}, {0, 0, 0}), ragged_clouds({1, 2, 3}, {1, 1})}) {
    CHECK(verify(clouds) == "");
    auto const box = find_bounds(clouds).bounds.at(0);
    CHECK(box.points == 0);
    CHECK(box.low[1] == infinity);
    CHECK(box.high[2] == -infinity);
  }
  CHECK(verify(dense_clouds({}, 0)) == "");
  CHECK(verify(ragged_clouds({}, {0})) == "");
}

TEST_CASE("Bounds: -0 is below +0", "[bounds]") {
  auto const signs = [](std::vector<float> const& xyz) {
    CHECK(verify(dense_clouds(xyz)) == "");
    auto const box = find_bounds(dense_clouds(xyz)).bounds.at(0);
    return std::array{std::signbit(box.low[0]), std::signbit(box.high[0])};
  };
  CHECK(signs({0, 0, 0, -0.0f, 0, 0}) == std::array{true, false});
  CHECK(signs({-0.0f, 0, 0, 0, 0, 0}) == std::array{true, false});
  CHECK(signs({-0.0f, 0, 0, -0.0f, 0, 0}) == std::array{true, true});
  CHECK(signs({0, 0, 0, 0, 0, 0}) == std::array{false, false});
}

TEST_CASE("Bounds: padding and rows that no cloud owns do not count", "[bounds]") {
  std::vector<float> const xyz{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6};
  CHECK(verify(padded_clouds(xyz, {2, 9})) == "");
  CHECK(verify(padded_clouds(xyz, {-1, 1, 2})) == "");
  CHECK(verify(ragged_clouds(xyz, {1, 3, 3, 5})) == "");
  CHECK(verify(ragged_clouds(xyz, {-4, 2, 60, 70})) == "");
  CHECK(find_bounds(ragged_clouds(xyz, {1, 3})).bounds.at(0).high[0] == 3);
}

TEST_CASE("Bounds: every layout, clouds of every size", "[bounds]") {
  generator random(2700);
  for (std::int64_t count : {1, 31, 32, 33, 255, 257, 1000, 5000, 40'000}) {
    auto one = dense_clouds(draw_xyz(random, count, 0.02));
    CAPTURE(count);
    CHECK(verify(one) == "");
    // The extremes are anywhere.
    one.xyz[std::size_t(3 * random.between(0, count - 1))] = 1e30f;
    one.xyz[std::size_t(3 * random.between(0, count - 1) + 2)] = -1e30f;
    CHECK(verify(one) == "");
    one.separate = true;
    one.point_stride = 2;
    one.misaligned = 1;
    CHECK(verify(one) == "");
  }
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    generator drawn(2701 + seed);
    auto clouds = draw_clouds(drawn, {12, 900, 0}, draw_grid(drawn));
    clouds.separate = drawn.chance(0.3);
    clouds.point_stride = 3 + drawn.between(0, 4);
    clouds.misaligned = drawn.between(0, 3);
    CAPTURE(seed);
    CHECK(verify(clouds) == "");
  }
}

TEST_CASE("Bounds: many clouds, most of them tiny or empty", "[bounds]") {
  generator random(2702);
  std::vector<std::int64_t> offsets{0};
  for (int b = 0; b < 3000; ++b) {
    offsets.push_back(offsets.back() + (random.chance(0.6) ? 0 : random.chance(0.01) ? 700 : random.between(1, 5)));
  }
  CHECK(verify(ragged_clouds(draw_xyz(random, offsets.back(), 0.05), offsets)) == "");
  CHECK(verify(dense_clouds(draw_xyz(random, 6000, 0.05), 2000)) == "");
}

TEST_CASE("Bounds: offsets that descend leave rows to no cloud", "[bounds]") {
  generator random(2703);
  for (int round = 0; round < 40; ++round) {
    std::vector<std::int64_t> offsets;
    int const clouds = round % 10 == 9 ? 700 : 9;
    for (int b = 0; b < clouds; ++b) { offsets.push_back(random.between(-20, 120)); }
    exact_memory const exact;
    CHECK(verify(ragged_clouds(draw_xyz(random, 100, 0.1), offsets)) == "");
  }
}

TEST_CASE("Bounds: refused arguments are named, and nothing is written", "[bounds]") {
  float xyz[6] = {};
  cloud_bounds box[2];
  std::memset(box, poison, sizeof box);
  auto const good = robocache::point_clouds::dense(xyz, 2, 1);
  auto const refusal = [&](auto change, cloud_bounds* to) {
    auto clouds = good;
    change(clouds);
    return find_bounds_views(clouds, to);
  };
  auto const same = [](auto&) {};
  auto* const odd = reinterpret_cast<cloud_bounds*>(reinterpret_cast<std::uintptr_t>(box) + 1);
  CHECK(unlike_refusal(refusal(same, nullptr), "bounds", {"found a null pointer", "want 2 elements"}) == "");
  CHECK(unlike_refusal(refusal(same, odd), "bounds", {"found address", "want a multiple of 4 bytes"}) == "");
  CHECK(unlike_refusal(refusal([](auto& c) { c.batch = -1; }, box), "clouds.batch", {"found -1"}) == "");
  CHECK(unlike_refusal(refusal([](auto& c) { c.z = nullptr; }, box), "clouds.z", {"found a null pointer"}) == "");
  CHECK(unlike_refusal(refusal([](auto& c) { c.point_stride = -3; }, box), "clouds.point_stride", {"found -3"}) == "");
  CHECK(unlike_refusal(refusal([](auto& c) { c.rows = 3; }, box), "clouds.rows", {"want 0 without offsets"}) == "");
  auto const* bytes = reinterpret_cast<unsigned char const*>(box);
  CHECK(std::all_of(bytes, bytes + sizeof box, [](unsigned char b) { return b == poison; }));
}

TEST_CASE("Sanitize: bounds in memory allocated to the byte", "[.][sanitize]") {
  exact_memory const exact;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    generator random(2800 + seed);
    CHECK(verify(draw_clouds(random, {5, 300, 0}, draw_grid(random))) == "");
  }
}
