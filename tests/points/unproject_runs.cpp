// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/points/unproject_oracle.hpp"
#include "support/points/unproject_verify.hpp"
#include "support/random.hpp"

// Kernels count runs of 128 pixels by the nearest and the farthest depth alone where these tell: images of many runs
// that lie wholly inside of a box, outside of it, or across one of its sides, of one row or of several.
using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
float const not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Depth that hardly changes for some hundred pixels, and now and then none.
depth_problem draw_surfaces(generator& random) {
  depth_problem p = images_of(random.between(1, 2), random.between(1, 2), 1, 1, all_depth_types[random.between(0, 2)]);
  p.width = random.one_of({1, 3, 60, 64, 128, 130, 203, 640});
  p.height = random.between(200, 1500) / p.width + 1;
  bool const uint16 = p.type == depth_dtype::uint16;
  double const noise = random.one_of({0.0, 0.01, 0.3});
  double const odd = random.one_of({0.0, 0.001, 0.1});
  std::int64_t const each = random.one_of({90, 128, 400, 2000});
  double level = 1;
  p.fill([&](std::int64_t i) {
    if (i % each == 0) { level = random.chance(0.15) ? 0.0 : 0.5 + 3 * random.unit(); }
    double const depth = level == 0.0 ? 0.0 : level + noise * random.unit();
    if (uint16) { return random.chance(odd) ? 0.0 : std::floor(depth * 10000); }
    return random.chance(odd) ? random.one_of({0.0, -0.0, double(not_a_number), double(infinity), -1.0, 1e30}) : depth;
  });
  p.options.scale = uint16 ? 0.0001f : random.one_of({1.0f, 0.37f});
  p.options.kind = random.one_of({depth_kind::axis, depth_kind::ray});
  p.options.near = random.one_of({0.0f, 0.2f, 1.0f});
  p.options.far = random.one_of({infinity, 2.5f});
  for (std::int64_t i = 0; i < p.cameras(); ++i) {
    for (int k = 0; k < 2; ++k) {
      float const focal = float(p.width) * float(0.5 + random.unit());
      p.intrinsics[std::size_t(4 * i + k)] = random.chance(0.1) ? -focal : focal;
      p.intrinsics[std::size_t(4 * i + 2 + k)] = float(p.width) * float(random.unit());
    }
    if (random.chance(0.03)) {
      p.intrinsics[std::size_t(4 * i + random.between(0, 3))] = random.one_of({0.0f, infinity});
    }
  }
  for (std::int64_t i = 0; i < 12 * p.cameras() && p.views == 2; ++i) {
    p.poses.push_back(random.chance(0.1) ? 0.0f : float(4 * random.unit() - 2));
  }
  return p;
}

/// A box whose sides are coordinates of points of the cloud, or beyond them.
crop_box draw_box(generator& random, depth_problem const& p, std::vector<oracle::pixel> const& pixels, std::int64_t b) {
  std::int64_t const each = p.views * p.height * p.width;
  crop_box box{};
  for (int axis = 0; axis < 3; ++axis) {
    float const a = pixels[std::size_t(b * each + random.between(0, each - 1))].point[axis];
    float const c = pixels[std::size_t(b * each + random.between(0, each - 1))].point[axis];
    box.low[axis] = random.chance(0.5) ? -infinity : a;
    box.high[axis] = random.chance(0.5) ? infinity : random.chance(0.3) ? std::nextafter(c, infinity) : c;
  }
  return box;
}

}  // namespace

TEST_CASE("Unprojection: runs of pixels inside, outside, and across the sides of a box", "[unproject]") {
  int const draws = count_draws(60);
  for (int seed = 0; seed < draws; ++seed) {
    generator random(6300 + std::uint64_t(seed));
    CAPTURE(seed);
    depth_problem p = draw_surfaces(random);
    CHECK(verify(p) == "");
    auto const pixels = oracle::unproject(p);
    for (std::int64_t b = 0; b < p.batch; ++b) { p.boxes.push_back(draw_box(random, p, pixels, b)); }
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Unprojection: a run is kept, and dropped, whole where its ends are at the limits", "[unproject]") {
  auto p = images_of(1, 1, 4, 128, depth_dtype::uint16);
  p.fill([](std::int64_t i) { return double(1000 + i % 3); });
  p.poses = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
  auto const kept = [&] {
    CHECK(verify(p) == "");
    return unproject(p).offsets.back();
  };
  p.options.near = 1000;
  p.options.far = 1002;
  CHECK(kept() == 512);
  p.boxes = {{{-infinity, -infinity, 1000}, {infinity, infinity, std::nextafter(1002.0f, infinity)}}};
  CHECK(kept() == 512);
  p.boxes[0].high[2] = 1002;
  CHECK(kept() == 342);
  p.boxes[0].low[2] = 1002;
  CHECK(kept() == 0);
  p.boxes[0].high[2] = 1003;
  CHECK(kept() == 170);
  p.boxes.clear();
  p.options.near = 1002;
  CHECK(kept() == 170);
  p.options.near = std::nextafter(1002.0f, infinity);
  p.options.far = infinity;
  CHECK(kept() == 0);
  p.options.near = 0;
  p.options.far = std::nextafter(1000.0f, 0.0f);
  CHECK(kept() == 0);
  p.put(130, 7);
  CHECK(kept() == 1);
}

TEST_CASE("Unprojection: along rays z is largest in the middle of a run", "[unproject]") {
  auto p = images_of(1, 1, 1, 128);
  p.fill([](std::int64_t) { return 2.0; });
  p.intrinsics = {64, 64, 64, 0};
  p.options.kind = depth_kind::ray;
  p.options.near = 1.9f;  // z is 2 at the centre, and 1.41 at the ends
  CHECK(verify(p) == "");
  CHECK(unproject(p).offsets.back() > 0);
}

TEST_CASE("Unprojection: more tiles than are added up in one group or hall", "[unproject]") {
  generator random(6301);
  auto p = images_of(540, 2, 3, 44, depth_dtype::uint16);
  p.fill([&](std::int64_t i) { return i / 132 % 5 == 0 ? double(random.between(0, 3)) : 2.0; });
  p.options.near = 1;
  p.boxes.assign(540, {{-infinity, -infinity, 0}, {infinity, infinity, 3}});
  CHECK(verify(p) == "");
}
