// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/refusal.hpp"
#include "support/points/crop_points.hpp"

// Which calls of `crop_points` are refused: the argument is named, and nothing is written.
using namespace test;

namespace {

using robocache::point_clouds;

/// Views on memory of the host that nothing reads: the calls are refused.
struct call {
  float values[64] = {};
  std::int64_t offsets[3] = {};
  std::vector<std::byte> results = std::vector<std::byte>(1000, std::byte(poison));
  alignas(16) std::byte extra[4096];
  point_clouds clouds = point_clouds::dense(values, 2, 4);
  point_features<float> features{values, 2};
  crop_options options = options_of(values);
  cropped_output<float> out{at<float>(0), at<float>(200), at<float>(400), at<std::int64_t>(600), at<std::int64_t>(800)};
  scratch memory{extra, sizeof extra};

  static crop_options options_of(float const* values) {
    crop_options o;
    o.normals = {values, 3};
    return o;
  }
  template <class T>
  T* at(std::size_t byte) {
    return reinterpret_cast<T*>(results.data() + byte);
  }
};

std::string refusal(std::function<void(call&)> const& change, status_code code = status_code::invalid_argument) {
  call c;
  change(c);
  status const s = crop_points_views(c.clouds, c.features, c.options, c.out, c.memory);
  CHECK(s.code() == code);
  CHECK(all_poison(c.results));
  return s.message();
}

}  // namespace

TEST_CASE("Crop: which clouds are refused", "[crop_points]") {
  CHECK(refusal([](call& c) { c.clouds.batch = -1; }) == "clouds.batch: found -1, want 0 or more");
  CHECK(refusal([](call& c) { c.clouds.y = nullptr; }) == "clouds.y: found a null pointer, want 8 elements");
  CHECK(refusal([](call& c) { c.clouds.length = 1 << 30; }, status_code::unsupported) ==
        "clouds.length: found 2147483648 points in all, want less than 2^31");
  CHECK(refusal([](call& c) { c.clouds = point_clouds::ragged(c.values, c.offsets, 2, std::int64_t{1} << 31); },
                status_code::unsupported) == "clouds.rows: found 2147483648 points in all, want less than 2^31");
}

TEST_CASE("Crop: which options, features and results are refused", "[crop_points]") {
  CHECK(refusal([](call& c) { c.options.poses = odd(c.values); }).find("options.poses: found address") == 0);
  CHECK(refusal([](call& c) {
          c.options.boxes = odd(reinterpret_cast<crop_box const*>(c.values));
        }).find("options.boxes: found address") == 0);
  CHECK(refusal([](call& c) { c.options.normals.channels = 4; }) ==
        "options.normals: found 4 channels, want 3 for out.normals");
  CHECK(refusal([](call& c) { c.options.normals.values = nullptr; }) ==
        "options.normals.values: found a null pointer, want 24 elements");
  CHECK(refusal([](call& c) { c.options.normals.point_stride = -1; }) ==
        "options.normals.point_stride: found -1, want 0 or more");
  CHECK(refusal([](call& c) { c.features.channels = 0; }) ==
        "features.channels: found 0, want 1 or more for out.features");
  CHECK(refusal([](call& c) { c.features.channels = (1 << 24) + 1; }, status_code::unsupported) ==
        "features.channels: found 16777217, want at most 2^24");
  CHECK(refusal([](call& c) { c.features.values = nullptr; }) ==
        "features.values: found a null pointer, want 16 elements");
  CHECK(refusal([](call& c) { c.features.batch_stride = -8; }) == "features.batch_stride: found -8, want 0 or more");
  CHECK(refusal([](call& c) { c.out.features = odd(c.out.features); }).find("out.features: found address") == 0);
  CHECK(refusal([](call& c) { c.out.normals = odd(c.out.normals); }).find("out.normals: found address") == 0);
  CHECK(refusal([](call& c) { c.out.points = nullptr; }) == "out.points: found a null pointer, want 24 elements");
  CHECK(refusal([](call& c) { c.out.offsets = nullptr; }) == "out.offsets: found a null pointer, want 3 elements");
  CHECK(refusal([](call& c) { c.out.cropped = odd(c.out.cropped); }).find("out.cropped: found address") == 0);
}
