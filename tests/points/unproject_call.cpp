// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/refusal.hpp"
#include "support/points/unproject.hpp"

// Which unprojections are refused: the argument is named, and nothing is written.
using namespace test;

namespace {

/// Views on memory of the host that nothing reads: the calls are refused.
struct call {
  std::uint16_t depth[24] = {};
  float intrinsics[16] = {};
  float values[72] = {};
  std::vector<std::byte> results = std::vector<std::byte>(1200, std::byte(poison));
  alignas(16) std::byte extra[4096];
  depth_images<std::uint16_t> images{depth, 2, 2, 2, 3, intrinsics};
  image_features<float> features{values, 3};
  unproject_options options{};
  unprojected_output<float> out{at<float>(0), at<float>(400), at<std::int64_t>(800), at<unprojection_report>(1000)};
  scratch memory{extra, sizeof extra};

  template <class T>
  T* at(std::size_t byte) {
    return reinterpret_cast<T*>(results.data() + byte);
  }
};

/// The refusal of `unproject`, which is also that of `unproject_dense` unless it is about features or offsets.
std::string refusal(std::function<void(call&)> const& change, status_code code = status_code::invalid_argument) {
  call c;
  change(c);
  status const s = unproject_views(c.images, c.features, c.options, c.out, c.memory);
  CHECK(s.code() == code);
  std::string const argument = s.argument();
  if (argument.find("features") == std::string::npos && argument != "out.offsets") {
    status const dense = unproject_dense_views(c.images, c.options, {c.out.points, nullptr, c.out.reports});
    CHECK(std::string(dense.message()) == s.message());
  }
  CHECK(all_poison(c.results));
  return s.message();
}

float const not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("Unprojection: which images are refused", "[unproject]") {
  CHECK(refusal([](call& c) { c.images.batch = -1; }) == "images.batch: found -1, want 0 or more");
  CHECK(refusal([](call& c) { c.images.width = -2; }) == "images.width: found -2, want 0 or more");
  CHECK(refusal([](call& c) { c.images.values = nullptr; }) == "images.values: found a null pointer, want 24 elements");
  CHECK(refusal([](call& c) { c.images.values = odd(c.images.values); }).find("images.values: found address") == 0);
  CHECK(refusal([](call& c) { c.images.intrinsics = nullptr; }) ==
        "images.intrinsics: found a null pointer, want 16 elements");
  CHECK(refusal([](call& c) { c.images.poses = odd(c.intrinsics); }).find("images.poses: found address") == 0);
  for (std::int64_t const many : {std::int64_t{1} << 28, INT64_MAX}) {
    CHECK(refusal([&](call& c) { c.images.height = many; }, status_code::unsupported) ==
          text_of("images.values: found 2 x 2 images of ", many, " x 3 pixels, want less than 2^31 in all"));
  }
}

TEST_CASE("Unprojection: which rules are refused", "[unproject]") {
  CHECK(refusal([](call& c) { c.options.scale = 0; }) == "options.scale: found 0, want it above 0 and finite");
  CHECK(refusal([](call& c) { c.options.scale = infinity; }) == "options.scale: found inf, want it above 0 and finite");
  CHECK(refusal([](call& c) { c.options.scale = not_a_number; }).find("options.scale: found") == 0);
  CHECK(refusal([](call& c) { c.options.kind = static_cast<depth_kind>(2); }) ==
        "options.kind: found 2, want a depth_kind");
  CHECK(refusal([](call& c) { c.options.near = -1; }) == "options.near: found -1, want 0 or more");
  CHECK(refusal([](call& c) { c.options.near = not_a_number; }).find("options.near: found") == 0);
  CHECK(refusal([](call& c) {
          c.options.near = 2;
          c.options.far = 1;
        }) == "options.far: found 1, want near (2) or more");
  CHECK(refusal([](call& c) { c.options.far = not_a_number; }).find("options.far: found") == 0);
  CHECK(refusal([](call& c) {
          c.options.boxes = odd(reinterpret_cast<crop_box const*>(c.values));
        }).find("options.boxes: found address") == 0);
}

TEST_CASE("Unprojection: which features and results are refused", "[unproject]") {
  CHECK(refusal([](call& c) { c.features.channels = -1; }) == "features.channels: found -1, want 0 or more");
  CHECK(refusal([](call& c) { c.features.channels = 0; }) ==
        "features.channels: found 0, want 1 or more for out.features");
  CHECK(refusal([](call& c) { c.features.channels = (1 << 24) + 1; }, status_code::unsupported) ==
        "features.channels: found 16777217, want at most 2^24");
  CHECK(refusal([](call& c) { c.features.order = static_cast<channel_order>(2); }) ==
        "features.order: found 2, want a channel_order");
  CHECK(refusal([](call& c) { c.features.values = nullptr; }) ==
        "features.values: found a null pointer, want 72 elements");
  CHECK(refusal([](call& c) { c.out.features = odd(c.out.features); }).find("out.features: found address") == 0);
  CHECK(refusal([](call& c) { c.out.points = nullptr; }) == "out.points: found a null pointer, want 72 elements");
  CHECK(refusal([](call& c) { c.out.offsets = nullptr; }) == "out.offsets: found a null pointer, want 3 elements");
  CHECK(refusal([](call& c) { c.out.reports = odd(c.out.reports); }).find("out.reports: found address") == 0);
}
