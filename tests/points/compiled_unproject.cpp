// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"
#include "support/typed_array.hpp"

// Unprojection and crop through the compiled API on host memory.
using namespace test;
namespace compiled = robocache::compiled;
using compiled::place;
using robocache::depth_images;

namespace {

float const intrinsics[] = {1, 1, 0, 0};

/// Points of two pixels, of which the first has no depth.
template <class Depth>
std::vector<float> point_of(Depth const* depth, dtype type) {
  std::size_t const size = robocache::size_of(type);
  std::vector<std::byte> colours(2 * size, std::byte{1});
  std::vector<std::byte> left(2 * size, std::byte{0});
  for (std::size_t i = 0; i < size; ++i) { colours[size + i] = static_cast<std::byte>(2 + i); }
  float points[6] = {};
  std::int64_t offsets[2] = {};
  depth_images<Depth> const images{depth, 1, 1, 1, 2, intrinsics};
  CHECK(compiled::unproject_scratch(place::host, images) == 0);
  compiled::unproject(place::host, images, {colours.data(), type, 1}, {}, {points, left.data(), offsets});
  CHECK(offsets[1] == 1);
  CHECK(std::equal(left.begin(), left.begin() + std::ptrdiff_t(size), colours.begin() + std::ptrdiff_t(size)));
  CHECK(left.back() == std::byte{0});
  float dense[6] = {};
  std::uint8_t valid[2] = {7, 7};
  compiled::unproject_dense(place::host, images, {}, {dense, valid});
  CHECK(valid[0] == 0);
  CHECK(dense[5] == points[2]);
  return {points, points + 3};
}

}  // namespace

TEST_CASE("Compiled API: unprojection of every type of depth and features", "[compiled]") {
  std::uint16_t const whole[] = {0, 3};
  float const single[] = {0, 3};
  typed_array half(dtype::float16, {0, 3});
  for (dtype type : {dtype::float32, dtype::float16, dtype::bfloat16, dtype::uint8, dtype::int32, dtype::int64}) {
    CHECK(point_of(whole, type) == std::vector<float>{3, 0, 3});
    CHECK(point_of(single, type) == std::vector<float>{3, 0, 3});
    CHECK(point_of(half.as<__half const>(), type) == std::vector<float>{3, 0, 3});
  }
}

TEST_CASE("Compiled API: crop of every type of features", "[compiled]") {
  float const xyz[] = {1, 2, 3, 4, 5, 6};
  robocache::crop_box const box{{2, 2, 2}, {9, 9, 9}};
  robocache::crop_options options;
  options.boxes = &box;
  for (dtype type : {dtype::float32, dtype::float16, dtype::bfloat16}) {
    typed_array from(type, {1, 2}), left(type, {0, 0});
    float points[6] = {};
    std::int64_t offsets[2] = {};
    CHECK(compiled::crop_points_scratch(place::host, robocache::point_clouds::dense(xyz, 1, 2)) == 0);
    compiled::crop_points(place::host, robocache::point_clouds::dense(xyz, 1, 2), {from.data(), type, 1}, options,
                          {points, nullptr, left.data(), offsets});
    CHECK(offsets[1] == 1);
    CHECK(points[0] == 4);
    CHECK(left.numbers() == std::vector<double>{2, 0});
  }
}

TEST_CASE("Compiled API: refusals of unprojection and crop are thrown", "[compiled]") {
  compiled::any_depth_images images;
  images.type = static_cast<robocache::depth_dtype>(3);
  CHECK(std::string(error_of([&] { compiled::unproject_dense(place::host, images, {}, {}); }).what()) ==
        "images.type: found 3, want a depth_dtype");
  compiled::any_point_features features;
  features.type = dtype::uint8;
  CHECK(std::string(error_of([&] { compiled::crop_points(place::host, {}, features, {}, {}); }).what()) ==
        "features.type: found uint8, want fp32, fp16 or bf16");
}
