// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <robocache/device/camera.cuh>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/points/unproject.hpp"
#include "support/points/unproject_verify.hpp"
#include "support/random.hpp"

// The semantics' Points: unprojection, packed and dense.
using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
float const not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr dtype all_types[] = {dtype::float32, dtype::float16, dtype::bfloat16,
                               dtype::uint8,   dtype::int32,   dtype::int64};

/// A turn about z by a right angle, and a shift.
std::vector<float> const turned = {0, -1, 0, 10, 1, 0, 0, 20, 0, 0, 1, 30};

float draw_coordinate(generator& random) { return float(4 * random.unit() - 2); }

depth_problem draw_images(generator& random, std::int64_t pixels) {
  depth_problem p;
  p.type = all_depth_types[random.between(0, 2)];
  p.batch = random.between(0, 3);
  p.views = random.between(1, 3);
  p.height = random.between(1, 40);
  p.width = random.between(0, pixels / p.height);
  double const holes = random.one_of({0.0, 0.1, 0.9, 1.0});
  bool const uint16 = p.type == depth_dtype::uint16;
  p.fill([&](std::int64_t) {
    if (random.chance(holes)) {
      return uint16 ? 0.0 : random.one_of({0.0, -0.0, double(not_a_number), double(infinity), -1.0, 1e-7});
    }
    return uint16 ? double(random.between(1, 65535)) : 3 * random.unit();
  });
  p.options.scale = uint16 ? 0.0001f : random.one_of({1.0f, 0.37f});
  p.options.kind = random.one_of({depth_kind::axis, depth_kind::ray});
  p.options.near = random.one_of({0.0f, 0.5f});
  p.options.far = random.one_of({infinity, 2.5f});
  for (auto& x : p.intrinsics) {
    x = random.chance(0.02) ? random.one_of({0.0f, -3.0f, infinity, not_a_number, 1e-30f, 1e30f, 1e-38f})
                            : float(10 + 30 * random.unit());
  }
  for (std::int64_t i = 0; i < 12 * p.cameras() && p.batch != 1; ++i) { p.poses.push_back(draw_coordinate(random)); }
  if (random.chance(0.5)) {
    for (std::int64_t b = 0; b < p.batch; ++b) {
      crop_box box{};
      for (int axis = 0; axis < 3; ++axis) {
        box.low[axis] = random.chance(0.1) ? not_a_number : draw_coordinate(random) - 2;
        box.high[axis] = random.chance(0.2) ? random.one_of({infinity, not_a_number}) : draw_coordinate(random) + 2;
      }
      p.boxes.push_back(box);
    }
  }
  p.feature_type = all_types[random.between(0, 5)];
  p.channels = random.chance(0.1) ? random.between(30, 40) : random.between(0, 5);
  p.order = random.one_of({channel_order::last, channel_order::first});
  p.fill_features(random);
  p.misaligned = random.between(0, 3);
  p.reports = random.chance(0.8);
  p.valid = random.chance(0.8);
  return p;
}

}  // namespace

TEST_CASE("Unprojection: a pixel's centre is its whole number; the ray times z", "[unproject][sanitize]") {
  auto p = images_of(1, 1, 2, 3);  // focal length 2, centre (1, 0.5)
  CHECK(verify(p) == "");
  CHECK(unproject(p).points ==
        std::vector<float>{-0.5f, -0.25f, 1, 0, -0.5f, 2, 1.5f, -0.75f, 3, -2, 1, 4, 0, 1.25f, 5, 3, 1.5f, 6});
  p.options.scale = 0.5f;
  CHECK(unproject(p).points.at(17) == 3);
  p.options.kind = depth_kind::ray;
  CHECK(verify(p) == "");
  auto const by_ray = unproject(p).points;
  CHECK(std::abs(std::hypot(double(by_ray[15]), double(by_ray[16]), double(by_ray[17])) - 3) < 1e-6);
}

TEST_CASE("Unprojection: 0, NaN, infinite and what is beyond near or far is no depth", "[unproject][sanitize]") {
  auto p = images_of(2, 1, 1, 8);
  double const depth[] = {0, -0.0, double(not_a_number), double(infinity), -1, 1, 2, 3};
  p.fill([&](std::int64_t i) { return depth[i % 8]; });
  CHECK(verify(p) == "");
  CHECK(unproject(p).offsets == std::vector<std::int64_t>{0, 3, 6});
  CHECK(unproject(p).reports[1].no_depth == 5);
  p.options.near = 1;
  p.options.far = 2;  // both ends count
  CHECK(unproject(p).offsets == std::vector<std::int64_t>{0, 2, 4});
  CHECK(verify(p) == "");
  p.options.near = std::nextafter(1.0f, 2.0f);
  p.options.far = std::nextafter(2.0f, 1.0f);
  CHECK(unproject(p).offsets == std::vector<std::int64_t>{0, 0, 0});
  // By the ray, near and far still look at z.
  p.options = {};
  p.options.kind = depth_kind::ray;
  p.options.near = 2;
  CHECK(verify(p) == "");
  p.options.scale = 3e38f;  // 3 times as much is no float
  CHECK(verify(p) == "");
}

TEST_CASE("Unprojection: what is no depth, in images with poses whose rows are wide", "[unproject]") {
  auto p = images_of(1, 1, 2, 64);
  p.poses = turned;
  double const depth[] = {0, -0.0, double(not_a_number), double(infinity), -1, 1, 2, 3};
  p.fill([&](std::int64_t i) { return depth[i % 8]; });
  CHECK(unproject(p).reports.at(0).no_depth == 80);
  for (float far : {infinity, 2.0f}) {
    for (float near : {0.0f, 2.0f}) {
      p.options.near = near;
      p.options.far = far;
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Unprojection: a pose turns, then shifts; without one points stay with the camera", "[unproject]") {
  auto p = images_of(1, 2, 1, 1);
  p.poses = turned;
  p.poses.insert(p.poses.end(), {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0});
  CHECK(verify(p) == "");
  CHECK(unproject(p).points == std::vector<float>{10.25f, 19.5f, 31, -1, -0.5f, 2});
}

TEST_CASE("Unprojection: boxes are half-open, in the world, one a cloud", "[unproject][sanitize]") {
  auto p = images_of(2, 1, 1, 3);
  p.fill([](std::int64_t) { return 2.0; });  // x = -1, 0, 1; y = -0.5
  p.boxes = {{{-1, -0.5f, 2}, {1, 0, 3}}, {{0, -9, -9}, {9, 9, 2}}};
  CHECK(verify(p) == "");
  CHECK(unproject(p).offsets == std::vector<std::int64_t>{0, 2, 2});
  CHECK(unproject(p).reports[0].cropped == 1);
  CHECK(unproject(p).reports[1].cropped == 3);
  p.poses.clear();
  for (int i = 0; i < 2; ++i) { p.poses.insert(p.poses.end(), turned.begin(), turned.end()); }
  p.boxes = {{{10, 20, 30}, {11, 21, 33}}, {{-infinity, -infinity, -infinity}, {infinity, infinity, infinity}}};
  CHECK(verify(p) == "");
  CHECK(unproject(p).offsets == std::vector<std::int64_t>{0, 1, 4});
  p.boxes[1].low[2] = not_a_number;
  CHECK(unproject(p).offsets == std::vector<std::int64_t>{0, 1, 1});
}

TEST_CASE("Unprojection: a box with a side that is NaN holds nothing, in whichever way points are found",
          "[unproject]") {
  for (std::int64_t width : {5, 64}) {
    for (bool posed : {false, true}) {
      for (int side = 0; side < 6; ++side) {
        auto p = images_of(1, 1, 3, width);
        if (posed) { p.poses = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}; }
        p.boxes = {{{-infinity, -infinity, -infinity}, {infinity, infinity, infinity}}};
        CHECK(verify(p) == "");
        CHECK(unproject(p).offsets.back() == 3 * width);
        (side < 3 ? p.boxes[0].low : p.boxes[0].high)[side % 3] = not_a_number;
        CHECK(verify(p) == "");
        CHECK(unproject(p).offsets.back() == 0);
      }
    }
  }
}

TEST_CASE("Unprojection: NaN in the world is cropped, infinite without a box is not", "[unproject]") {
  auto p = images_of(1, 1, 1, 2);
  p.poses = turned;
  p.poses[3] = not_a_number;
  CHECK(unproject(p).reports.at(0).cropped == 2);
  CHECK(verify(p) == "");
  p.poses[3] = infinity;
  CHECK(unproject(p).offsets.back() == 2);
  CHECK(verify(p) == "");
  p.poses = turned;
  p.intrinsics[0] = 0;  // (0 - 1) / 0, (1 - 1) / 0
  CHECK(verify(p) == "");
}

TEST_CASE("Unprojection: features move unchanged, channels last or first, of every type", "[unproject]") {
  generator random(6100);
  for (dtype type : all_types) {
    for (std::int64_t channels : {1, 2, 3, 4, 8, 16, 31, 32, 33, 70}) {
      for (auto order : {channel_order::last, channel_order::first}) {
        auto p = images_of(2, 2, 3, 11);
        p.put(5, 0);
        p.feature_type = type;
        p.channels = channels;
        p.order = order;
        p.misaligned = channels % 3;
        p.fill_features(random);
        CAPTURE(name_of(type), channels, order == channel_order::last);
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Unprojection: images that end around warps, tiles and rows of them", "[unproject]") {
  generator random(6101);
  for (std::int64_t width : {1, 31, 32, 33, 255, 256, 257, 2047, 2048, 2049, 4097, 5000}) {
    for (double holes : {0.0, 0.5, 1.0}) {
      auto p = images_of(1, 2, 1, width, depth_dtype::uint16);
      p.fill([&](std::int64_t) { return random.chance(holes) ? 0.0 : double(random.between(1, 999)); });
      p.feature_type = dtype::uint8;
      p.channels = 3;
      p.fill_features(random);
      CAPTURE(width, holes);
      CHECK(verify(p) == "");
    }
  }
  CHECK(verify(images_of(3, 2, 97, 101, depth_dtype::float16)) == "");
}

TEST_CASE("Unprojection: no clouds, no views, no pixels", "[unproject][sanitize]") {
  for (int odd = 0; odd < 4; ++odd) {
    auto p = images_of(odd == 0 ? 0 : 2, odd == 1 ? 0 : 2, odd == 2 ? 0 : 2, odd == 3 ? 0 : 2);
    CHECK(verify(p) == "");
    CHECK(unproject(p).offsets == std::vector<std::int64_t>(std::size_t(p.batch + 1), 0));
  }
}

TEST_CASE("Unprojection: many small clouds, and tiles that keep nothing between", "[unproject]") {
  auto p = images_of(40, 3, 2, 5);
  p.fill([](std::int64_t i) { return i / 30 % 3 == 1 ? 0.0 : 1.0 + double(i % 5); });
  CHECK(verify(p) == "");
  CHECK(unproject(p).offsets.at(2) == 30);
}

TEST_CASE("Unprojection: drawn images", "[unproject]") {
  int const draws = count_draws(60);
  for (int seed = 0; seed < draws; ++seed) {
    generator random(6200 + std::uint64_t(seed));
    CAPTURE(seed);
    CHECK(verify(draw_images(random, random.chance(0.1) ? 5000 : 400)) == "");
  }
}

TEST_CASE("Unprojection: the projection of a point is its pixel", "[unproject]") {
  generator random(6102);
  namespace device = robocache::device;
  for (int i = 0; i < 2000; ++i) {
    auto const any = [&](double low, double high) { return float(low + (high - low) * random.unit()); };
    device::pinhole const camera{any(300, 700), any(300, 700), any(200, 400), any(200, 400)};
    auto const u = float(random.between(0, 639));
    auto const v = float(random.between(0, 479));
    float const depth = any(0.1, 10);
    for (auto kind : {depth_kind::axis, depth_kind::ray}) {
      auto const found = device::project(camera, device::unproject_pixel(camera, u, v, depth, kind));
      CHECK(std::abs(found.x - u) < 2e-4f);
      CHECK(std::abs(found.y - v) < 2e-4f);
      CHECK(found.z <= depth);
    }
  }
}

TEST_CASE("Unprojection: points are within FP32 of real numbers", "[unproject]") {
  generator random(6103);
  namespace device = robocache::device;
  for (int i = 0; i < 2000; ++i) {
    double const f = 300 + 400 * random.unit();
    double const c = 320 * random.unit();
    double const u = double(random.between(0, 639));
    double const depth = 10 * random.unit();
    device::pinhole const camera{float(f), float(f), float(c), float(c)};
    double const ray = (u - double(camera.cx)) / double(camera.fx);
    double const down = (7 - double(camera.cy)) / double(camera.fy);
    auto const axis = device::unproject_pixel(camera, float(u), 7, float(depth));
    CHECK(std::abs(double(axis.x) - ray * double(float(depth))) <= 3 * 0x1p-24 * std::abs(ray * depth));
    auto const by_ray = device::unproject_pixel(camera, float(u), 7, float(depth), depth_kind::ray);
    double const z = double(float(depth)) / std::sqrt(1 + ray * ray + down * down);
    CHECK(std::abs(double(by_ray.z) - z) <= 8 * 0x1p-24 * z);
  }
}
