// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/backend.hpp"
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/refusal.hpp"
#include "support/cells/scene.hpp"

// What `voxelize` refuses: each check names its argument, says what was found and what is wanted, and nothing is
// written.
using namespace test;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
float const not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// Everything that a call takes, over host memory, on both sides: a call that is refused reads and writes nothing.
struct views {
  float xyz[6] = {0.5f, 0.5f, 0.5f, 1.5f, 0.5f, 0.5f};
  float values[4] = {1, 2, 3, 4};
  std::int64_t indices[3] = {0, 1, 2};
  alignas(16) unsigned char results[8][64];

  robocache::point_clouds clouds = robocache::point_clouds::dense(xyz, 1, 2);
  robocache::point_features<float> features{values, 2};
  robocache::grid lattice{};
  robocache::voxel_output<float> out{};
  robocache::voxel_options options{};

  views() {
    std::memset(results, poison, sizeof results);
    lattice.cells[0] = lattice.cells[1] = lattice.cells[2] = 2;
    out.count = reinterpret_cast<std::int32_t*>(results[0]);
    out.occupied = results[1];
    out.occupied_bits = reinterpret_cast<std::uint32_t*>(results[2]);
    out.sum = reinterpret_cast<float*>(results[3]);
    out.mean = reinterpret_cast<float*>(results[4]);
    out.max = reinterpret_cast<float*>(results[5]);
    out.min = reinterpret_cast<float*>(results[6]);
    out.dropped = reinterpret_cast<std::int32_t*>(results[7]);
  }
  views(views const&) = delete;
  views& operator=(views const&) = delete;
};

/// Why a call with a change is not refused as it should be; empty where it is.
template <class Change>
std::string refused_with(Change change, std::string const& argument, std::vector<std::string> const& words,
                         status_code code = status_code::invalid_argument) {
  views v;
  change(v);
  status const s = voxelize_views(v.clouds, v.features, v.lattice, v.out, v.options);
  return unlike_refusal(s, argument, words, code, v.results);
}

constexpr auto unsupported = status_code::unsupported;

}  // namespace

TEST_CASE("A call of voxelize, clouds: sizes", "[voxelize]") {
  CHECK(refused_with([](views& v) { v.clouds.batch = -1; }, "clouds.batch", {"found -1", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.length = -7; }, "clouds.length", {"found -7", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.rows = -2; }, "clouds.rows", {"found -2", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.rows = 2; }, "clouds.rows", {"found 2", "want 0 without offsets"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.offsets = v.indices; }, "clouds.length",
                     {"found 2", "want 0 with offsets"}) == "");
  CHECK(refused_with(
            [](views& v) {
              v.clouds = robocache::point_clouds::ragged(v.xyz, v.indices, 2, 2);
              v.clouds.lengths = v.indices;
            },
            "clouds.lengths", {"found a pointer", "without offsets only"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.length = std::int64_t(1) << 31; }, "clouds.length",
                     {"found 2147483648", "less than 2^31 points"}, unsupported) == "");
  CHECK(refused_with(
            [](views& v) {
              v.clouds.batch = huge / 2;
              v.clouds.length = 3;
            },
            "clouds.length", {"found batch", "times length 3", "want a product below 2^63"}) == "");
}

TEST_CASE("A call of voxelize, clouds: pointers and strides", "[voxelize]") {
  CHECK(refused_with([](views& v) { v.clouds.x = nullptr; }, "clouds.x", {"found a null pointer", "want 2 elements"}) ==
        "");
  CHECK(refused_with([](views& v) { v.clouds.y = nullptr; }, "clouds.y", {"found a null pointer", "want"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.z = nullptr; }, "clouds.z", {"found a null pointer", "want"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.x = odd(v.xyz); }, "clouds.x",
                     {"found address", "want a multiple of 4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.z = odd(v.xyz); }, "clouds.z", {"found address"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.lengths = odd(v.indices); }, "clouds.lengths",
                     {"found address", "want a multiple of 8 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.clouds = robocache::point_clouds::ragged(v.xyz, odd(v.indices), 2, 2); },
                     "clouds.offsets", {"found address", "want a multiple of 8 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.point_stride = -3; }, "clouds.point_stride",
                     {"found -3", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.batch_stride = -6; }, "clouds.batch_stride",
                     {"found -6", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.point_stride = huge / 2; }, "clouds.point_stride",
                     {"found 1 x 2 rows with strides", "want below 2^58"}) == "");
}

TEST_CASE("A call of voxelize, the grid", "[voxelize]") {
  char const* const axes[] = {"for x", "for y", "for z"};
  for (int axis = 0; axis < 3; ++axis) {
    for (float x : {not_a_number, infinity, -infinity}) {
      CHECK(refused_with([&](views& v) { v.lattice.origin[axis] = x; }, "lattice.origin",
                         {"found", axes[axis], "want a finite number"}) == "");
    }
    for (float x : {0.0f, -0.0f, -1.0f, not_a_number, infinity}) {
      CHECK(refused_with([&](views& v) { v.lattice.size[axis] = x; }, "lattice.size",
                         {"found", axes[axis], "want it above 0 and finite"}) == "");
    }
    for (std::int64_t n : {std::int64_t(0), std::int64_t(-4), std::int64_t(1) << 31, huge}) {
      CHECK(refused_with([&](views& v) { v.lattice.cells[axis] = n; }, "lattice.cells",
                         {"found " + std::to_string(n), axes[axis], "want 1 or more and less than 2^31"}) == "");
    }
  }
  CHECK(refused_with(
            [](views& v) {
              for (auto& n : v.lattice.cells) { n = 1'000'000; }
            },
            "lattice.cells", {"found 1000000 x 1000000 x 1000000 cells for 1 clouds", "want a product of at most 2^58"},
            unsupported) == "");
  CHECK(refused_with(
            [](views& v) {
              v.clouds.batch = 1 << 20;
              v.clouds.batch_stride = 0;
              for (auto& n : v.lattice.cells) { n = 10'000; }
            },
            "lattice.cells", {"for 1048576 clouds", "2^58"}, unsupported) == "");
  CHECK(refused_with([](views& v) { v.lattice.origins = odd(v.values); }, "lattice.origins",
                     {"found address", "want a multiple of 4 bytes"}) == "");
}

TEST_CASE("A call of voxelize, options", "[voxelize]") {
  CHECK(refused_with([](views& v) { v.options.channels = channel_order(7); }, "options.channels",
                     {"found 7", "want a channel_order"}) == "");
  CHECK(refused_with([](views& v) { v.options.sums = summation(2); }, "options.sums",
                     {"found 2", "want a summation"}) == "");
  CHECK(refused_with([](views& v) { v.options.accumulate = true; }, "out.mean",
                     {"found a pointer", "want null with options.accumulate", "add up sum and count"}) == "");
}

TEST_CASE("A call of voxelize, where results go", "[voxelize]") {
  CHECK(refused_with([](views& v) { v.out.count = odd(v.out.count); }, "out.count",
                     {"found address", "want a multiple of 4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.out.occupied_bits = odd(v.out.occupied_bits); }, "out.occupied_bits",
                     {"found address", "4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.out.dropped = odd(v.out.dropped); }, "out.dropped",
                     {"found address", "4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.out.sum = odd(v.out.sum); }, "out.sum", {"found address", "4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.out.mean = odd(v.out.mean); }, "out.mean", {"found address", "4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.out.max = odd(v.out.max); }, "out.max", {"found address", "4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.out.min = odd(v.out.min); }, "out.min", {"found address", "4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.out.occupied_type = dtype(9); }, "out.occupied_type",
                     {"found 9", "want a dtype"}) == "");
  for (auto type : {dtype::int32, dtype::int64, dtype::float32, dtype::float16, dtype::bfloat16}) {
    auto const bytes = std::to_string(robocache::size_of(type));
    CHECK(refused_with(
              [&](views& v) {
                v.out.occupied_type = type;
                v.out.occupied = v.results[1] + 1;
              },
              "out.occupied", {"found address", "want a multiple of " + bytes + " bytes"}) == "");
  }
}

TEST_CASE("A call of voxelize, features", "[voxelize]") {
  CHECK(refused_with([](views& v) { v.features.channels = 0; }, "features.channels",
                     {"found 0", "want 1 or more for sum, mean, max or min"}) == "");
  CHECK(refused_with([](views& v) { v.features.channels = -1; }, "features.channels", {"found -1"}) == "");
  CHECK(refused_with([](views& v) { v.features.values = nullptr; }, "features.values",
                     {"found a null pointer", "want 4 elements"}) == "");
  CHECK(refused_with([](views& v) { v.features.values = odd(v.values); }, "features.values",
                     {"found address", "want a multiple of 4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.features.point_stride = -2; }, "features.point_stride",
                     {"found -2", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.features.batch_stride = -2; }, "features.batch_stride",
                     {"found -2", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.features.point_stride = huge / 3; }, "features.point_stride",
                     {"1 x 2 rows", "want below 2^58"}) == "");
  CHECK(refused_with([](views& v) { v.features.channels = (1 << 24) + 1; }, "features.channels",
                     {"found 16777217", "want at most 2^24"}, unsupported) == "");
  CHECK(refused_with(
            [](views& v) {
              v.features.channels = 1 << 20;
              v.lattice.cells[0] = v.lattice.cells[1] = 1 << 20;
            },
            "features.channels", {"found 1048576 for 1 grids of", "want a product of at most 2^58"},
            unsupported) == "");
  CHECK(refused_with(
            [](views& v) {
              v.clouds.batch = 3;
              v.clouds.length = INT32_MAX;
            },
            "clouds.length", {"found 6442450941 points in all", "want less than 2^32 with features"},
            unsupported) == "");
  CHECK(
      refused_with([](views& v) { v.clouds = robocache::point_clouds::ragged(v.xyz, v.indices, 2, INT64_C(1) << 32); },
                   "clouds.rows", {"found 4294967296 points in all", "less than 2^32"}, unsupported) == "");
  // Without anything to reduce they are not checked.
  views v;
  v.features = {odd(v.values), -5};
  v.out.sum = v.out.mean = v.out.max = v.out.min = nullptr;
  v.clouds.batch = 0;
  CHECK(voxelize_views(v.clouds, v.features, v.lattice, v.out, v.options).ok());
}

TEST_CASE("A call of voxelize, an empty batch: success, and nothing is written", "[voxelize]") {
  views v;
  v.clouds = {};
  v.features = {nullptr, 2};
  CHECK(voxelize_views(v.clouds, v.features, v.lattice, v.out, v.options).ok());
  v.clouds = robocache::point_clouds::ragged(nullptr, v.indices, 0, 0);
  CHECK(voxelize_views(v.clouds, v.features, v.lattice, v.out, v.options).ok());
  CHECK(untouched(v.results));
}

TEST_CASE("A call of voxelize: scratch that is too small, misaligned or null", "[voxelize]") {
  if (std::string(backend_name()) == "host") { return; }  // the host takes none
  generator random(2300);
  auto p = voxels_of({}, {4, 4, 4});
  p.clouds = dense_clouds(draw_points(random, p.lattice, 500));
  p.draw_features(random, 3);
  for (auto r : reductions) {
    for (auto sums : {summation::ordered, summation::unordered}) {
      auto q = p;
      q.want({r, voxel_result::count});
      q.options.sums = sums;
      if (voxelize(q).scratch_bytes == 0) { continue; }
      q.scratch_missing = 1;
      CHECK(refused(q, "memory.bytes", {"found", "want", "voxelize_scratch"}) == "");
      q.scratch_missing = 1 << 24;
      CHECK(refused(q, "memory.bytes", {"found 0", "want"}) == "");
      q.scratch_missing = 0;
      q.scratch_offset = 4;
      CHECK(refused(q, "memory.memory", {"found address", "want a multiple of 16 bytes"}) == "");
      q.scratch_offset = 0;
      q.scratch_null = true;
      CHECK(refused(q, "memory.memory", {"found a null pointer", "want"}) == "");
    }
  }
  p.want({voxel_result::max});
  CHECK(voxelize(p).scratch_bytes > 0);
}
