// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/draw.hpp"
#include "support/draw.hpp"
#include "support/points/crop_points.hpp"
#include "support/points/unproject_oracle.hpp"
#include "support/random.hpp"

// The semantics' Points: clouds that are there, posed and cropped.
using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
float const not_a_number = std::numeric_limits<float>::quiet_NaN();

/// What differs from the oracle.
std::string verify(crop_problem const& p) {
  auto const found = crop_points(p);
  if (!found.state.ok()) { return text_of("status: ", found.state.message()); }
  if (!found.trouble.empty()) { return found.trouble; }
  cloud_data const& c = p.points.clouds;
  std::vector<std::int64_t> offsets{0};
  std::size_t place = 0;
  std::size_t feature = 0;
  for (std::int64_t b = 0; b < c.batch; ++b) {
    auto const [begin, end] = c.rows_of(b);
    std::int64_t cropped = 0;
    for (std::int64_t row = begin; row < end; ++row) {
      float const* const xyz = &c.xyz[std::size_t(3 * row)];
      float point[3] = {xyz[0], xyz[1], xyz[2]};
      float const* const pose = p.poses.empty() ? nullptr : &p.poses[std::size_t(12 * b)];
      if (pose != nullptr) { oracle::transform(pose, {xyz[0], xyz[1], xyz[2]}, point); }
      if (!oracle::is_kept(p.boxes.empty() ? nullptr : &p.boxes[std::size_t(b)], point)) {
        ++cropped;
        continue;
      }
      for (std::size_t axis = 0; axis < 3; ++axis) {
        if (3 * place + axis >= found.points.size()) { return text_of("row ", row, " is missing"); }
        if (!same_float(found.points[3 * place + axis], point[axis])) { return text_of("row ", row, ", axis ", axis); }
      }
      if (!p.normals.empty()) {
        float const* const n = &p.normals[std::size_t(3 * row)];
        float normal[3] = {n[0], n[1], n[2]};
        if (pose != nullptr) { oracle::rotate(pose, {n[0], n[1], n[2]}, normal); }
        for (std::size_t axis = 0; axis < 3; ++axis) {
          if (!same_float(found.normals.at(3 * place + axis), normal[axis])) {
            return text_of("row ", row, ", normal");
          }
        }
      }
      for (std::int64_t i = 0; p.has_features() && i < p.points.channels; ++i) {
        auto const wanted = feature_bits(p.points.value_type, p.points.feature(row, i));
        if (!same(p.points.value_type, found.features.at(feature++), wanted)) {
          return text_of("row ", row, ", channel ", i);
        }
      }
      ++place;
    }
    offsets.push_back(std::int64_t(place));
    if (p.cropped && found.cropped.at(std::size_t(b)) != cropped) {
      return text_of("cloud ", b, ": ", found.cropped[std::size_t(b)], " cropped, wanted ", cropped);
    }
  }
  return offsets == found.offsets ? "" : "the offsets differ";
}

/// Points along x, from 0 on.
std::vector<float> line(std::int64_t count) {
  std::vector<float> xyz;
  for (std::int64_t i = 0; i < count; ++i) { xyz.insert(xyz.end(), {float(i), 1, -2}); }
  return xyz;
}

crop_problem problem_of(cloud_data clouds) {
  crop_problem p;
  p.points.clouds = std::move(clouds);
  return p;
}

void add_features(crop_problem& p, generator& random, std::int64_t channels, dtype type) {
  p.points.channels = channels;
  p.points.value_type = type;
  for (std::int64_t i = 0; i < p.points.clouds.total() * channels; ++i) {
    p.points.features.push_back(float(random.between(-100, 100)));
  }
}

void add_normals(crop_problem& p, generator& random) {
  for (std::int64_t i = 0; i < 3 * p.rows(); ++i) { p.normals.push_back(float(2 * random.unit() - 1)); }
}

void add_poses(crop_problem& p, generator& random) {
  for (std::int64_t i = 0; i < 12 * p.points.clouds.batch; ++i) { p.poses.push_back(float(2 * random.unit() - 1)); }
}

constexpr float far = 1e6f;

}  // namespace

TEST_CASE("Crop: half-open boxes, one a cloud; what is left is packed", "[crop_points][sanitize]") {
  auto p = problem_of(dense_clouds(line(8), 2));
  CHECK(verify(p) == "");
  CHECK(crop_points(p).offsets == std::vector<std::int64_t>{0, 4, 8});
  p.boxes = {{{1, 1, -2}, {3, 2, 0}}, {{-far, 1.5f, -far}, {far, far, far}}};
  CHECK(verify(p) == "");
  CHECK(crop_points(p).points == std::vector<float>{1, 1, -2, 2, 1, -2});
  CHECK(crop_points(p).cropped == std::vector<std::int64_t>{2, 4});
  p.boxes[1] = {{7, 1, -2}, {far, far, far}};
  CHECK(crop_points(p).offsets == std::vector<std::int64_t>{0, 2, 3});
}

TEST_CASE("Crop: a pose turns and shifts points, and turns normals", "[crop_points][sanitize]") {
  auto p = problem_of(dense_clouds({1, 2, 3, 4, 5, 6}, 2));
  p.poses = {0, -1, 0, 10, 1, 0, 0, 20, 0, 0, 1, 30, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
  p.normals = {1, 0, 0, 0, 1, 0};
  CHECK(verify(p) == "");
  CHECK(crop_points(p).points == std::vector<float>{8, 21, 33, 4, 5, 6});
  CHECK(crop_points(p).normals == std::vector<float>{0, 1, 0, 0, 1, 0});
  p.boxes = {{{8, 21, 33}, {9, 22, 34}}, {{0, 0, 0}, {1, 1, 1}}};  // behind the pose
  CHECK(verify(p) == "");
  CHECK(crop_points(p).offsets == std::vector<std::int64_t>{0, 1, 1});
}

TEST_CASE("Crop: NaN is dropped, infinite is kept without a box", "[crop_points]") {
  auto p =
      problem_of(dense_clouds({not_a_number, 0, 0, 0, not_a_number, 0, 0, 0, not_a_number, infinity, 0, 0, 1, 1, 1}));
  CHECK(verify(p) == "");
  CHECK(crop_points(p).offsets.back() == 2);
  CHECK(crop_points(p).cropped.at(0) == 3);
  p.boxes = {{{-infinity, -infinity, -infinity}, {infinity, infinity, infinity}}};
  CHECK(crop_points(p).offsets.back() == 1);
  CHECK(verify(p) == "");
}

TEST_CASE("Crop: padding and rows without a cloud are left out and not counted", "[crop_points][sanitize]") {
  CHECK(verify(problem_of(padded_clouds(line(12), {2, 4, 0}))) == "");
  CHECK(crop_points(problem_of(padded_clouds(line(12), {2, 9, -3}))).offsets == std::vector<std::int64_t>{0, 2, 6, 6});
  for (std::vector<std::int64_t> const& offsets : std::vector<std::vector<std::int64_t>>{
           {0, 3, 3, 8}, {2, 5, 7}, {-4, 20}, {5, 2, 8}, {8, 0}, {0, 8, 4, 8, 2}, {3, 3}}) {
    auto p = problem_of(ragged_clouds(line(8), offsets));
    CHECK(verify(p) == "");
    p.boxes.assign(std::size_t(p.points.clouds.batch), {{2, -far, -far}, {7, far, far}});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Crop: no clouds, no points", "[crop_points][sanitize]") {
  CHECK(verify(problem_of(dense_clouds({}, 3))) == "");
  CHECK(verify(problem_of(dense_clouds({}, 0))) == "");
  CHECK(verify(problem_of(ragged_clouds({}, {0, 0, 0}))) == "");
  auto p = problem_of(ragged_clouds(line(4), {0}));
  CHECK(crop_points(p).offsets == std::vector<std::int64_t>{0});
  CHECK(crop_points(p).trouble == "");
}

TEST_CASE("Crop: features of every type and width, normals between other data", "[crop_points]") {
  generator random(6300);
  for (dtype type : {dtype::float32, dtype::float16, dtype::bfloat16, dtype::uint8, dtype::int32, dtype::int64}) {
    for (std::int64_t channels : {1, 2, 3, 8, 31, 32, 33, 70}) {
      auto p = problem_of(padded_clouds(line(60), {13, 20, 7}));
      add_features(p, random, channels, type);
      p.points.feature_stride = channels + channels % 3;
      add_normals(p, random);
      p.normal_stride = 3 + channels % 4;
      p.boxes.assign(3, {{5, -far, -far}, {45, far, far}});
      CAPTURE(name_of(type), channels);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Crop: clouds that end around warps and tiles", "[crop_points]") {
  generator random(6301);
  for (std::int64_t count : {1, 31, 32, 33, 127, 128, 129, 1023, 1024, 1025, 2048, 4097}) {
    auto p = problem_of(dense_clouds(line(count)));
    add_poses(p, random);
    CAPTURE(count);
    CHECK(verify(p) == "");
    p = problem_of(ragged_clouds(line(count), {0, count / 2, count / 2, count}));
    add_normals(p, random);
    add_features(p, random, 2, dtype::float16);
    p.boxes.assign(3, {{float(count) / 4, -far, -far}, {float(count) * 0.9f, far, far}});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Crop: many small clouds", "[crop_points]") {
  generator random(6302);
  std::vector<std::int64_t> offsets{0};
  while (offsets.back() < 3000) { offsets.push_back(offsets.back() + random.between(0, 9)); }
  auto p = problem_of(ragged_clouds(line(offsets.back()), offsets));
  add_poses(p, random);
  for (std::int64_t b = 0; b < p.points.clouds.batch; ++b) {
    p.boxes.push_back({{-far, -far, -far}, {float(random.between(-3000, 3000)), far, far}});
  }
  CHECK(verify(p) == "");
}

TEST_CASE("Crop: drawn clouds", "[crop_points]") {
  int const draws = count_draws(60);
  for (int seed = 0; seed < draws; ++seed) {
    generator random(6400 + std::uint64_t(seed));
    voxel_limits limits;
    limits.points = random.chance(0.1) ? 3000 : 200;
    crop_problem p;
    p.points = draw_voxels(random, limits);
    bool const neighbours = !p.points.interleaved();
    if (random.chance(0.5)) { add_poses(p, random); }
    if (random.chance(0.5) && neighbours) {
      add_normals(p, random);
      p.normal_stride = random.between(3, 6);
    }
    for (std::int64_t b = 0; b < p.points.clouds.batch && seed % 3 != 0; ++b) {
      crop_box box{};
      for (int axis = 0; axis < 3; ++axis) {
        box.low[axis] = float(random.between(-20, 5));
        box.high[axis] = float(random.between(-5, 20));
      }
      p.boxes.push_back(box);
    }
    p.cropped = random.chance(0.8);
    CAPTURE(seed);
    CHECK(verify(p) == "");
  }
}
