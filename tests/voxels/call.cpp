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
#include "support/voxels/scene.hpp"

// What `voxelize_sparse`, `voxelize_gathered` and `filter_voxels` refuse: each check names its argument, says what was
// found and what is wanted, and nothing is written.
using namespace test;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t two_to_31 = std::int64_t(1) << 31;
float const not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr auto invalid = status_code::invalid_argument;
constexpr auto unsupported = status_code::unsupported;

/// Everything that the calls take, over host memory, on both sides: a call that is refused reads and writes nothing.
struct views {
  float xyz[6] = {0.5f, 0.5f, 0.5f, 1.5f, 0.5f, 0.5f};
  float values[4] = {1, 2, 3, 4};
  std::int64_t indices[3] = {0, 1, 2};
  alignas(16) unsigned char results[10][64];

  robocache::point_clouds clouds = robocache::point_clouds::dense(xyz, 1, 2);
  robocache::point_features<float> features{values, 2};
  robocache::grid lattice{};
  robocache::sparse_output<float> sparse{};
  robocache::sparse_options rules{};
  robocache::gathered_output<float> gathered{};
  robocache::gather_options gather{};
  robocache::filtered_output<float> filtered{};
  robocache::filter_options filter{};

  views() {
    std::memset(results, poison, sizeof results);
    lattice.cells[0] = lattice.cells[1] = lattice.cells[2] = 2;
    sparse.capacity = gathered.capacity = filtered.capacity = 2;
    gathered.max_points = 2;
    sparse.coordinates = gathered.coordinates = at<std::int32_t>(0);
    sparse.count = gathered.count = filtered.count = at<std::int32_t>(1);
    sparse.sum = gathered.values = filtered.features = at<float>(2);
    sparse.mean = filtered.points = at<float>(3);
    sparse.max = at<float>(4);
    sparse.min = at<float>(5);
    sparse.voxel_offsets = gathered.voxel_offsets = filtered.voxel_offsets = at<std::int64_t>(6);
    sparse.point_voxels = filtered.point_voxels = at<std::int32_t>(7);
    gathered.point_slots = at<std::int64_t>(7);
    sparse.dropped = gathered.dropped = filtered.dropped = at<std::int32_t>(8);
    sparse.overflow = gathered.overflow = filtered.overflow = at<std::int32_t>(9);
  }
  views(views const&) = delete;
  views& operator=(views const&) = delete;

  template <class T>
  T* at(int i) {
    return reinterpret_cast<T*>(results[i]);
  }
  status made(voxel_call call) const {
    switch (call) {
      case voxel_call::gathered: return gathered_views(clouds, features, lattice, gathered, gather);
      case voxel_call::filter: return filter_views(clouds, features, filter, filtered);
      default: return sparse_views(clouds, features, lattice, sparse, rules);
    }
  }
};

/// Why a call with a change is not refused as it should be; empty where it is.
template <class Change>
std::string refused_with(voxel_call call, Change change, std::string const& argument,
                         std::vector<std::string> const& words, status_code code = invalid) {
  views v;
  change(v);
  auto const text = unlike_refusal(v.made(call), argument, words, code, v.results);
  return text.empty() ? "" : text_of(name_of(call), ": ", text);
}

/// The same of all three calls.
template <class Change>
std::string refused_with(Change change, std::string const& argument, std::vector<std::string> const& words,
                         status_code code = invalid) {
  std::string text;
  for (auto call : voxel_calls) { text += refused_with(call, change, argument, words, code); }
  return text;
}

}  // namespace

TEST_CASE("A call for voxels, clouds: sizes; less than 2^31 points in all", "[voxels]") {
  CHECK(refused_with([](views& v) { v.clouds.batch = -1; }, "clouds.batch", {"found -1", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.length = -7; }, "clouds.length", {"found -7", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.rows = 2; }, "clouds.rows", {"found 2", "want 0 without offsets"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.offsets = v.indices; }, "clouds.length",
                     {"found 2", "want 0 with offsets"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.length = two_to_31; }, "clouds.length",
                     {"found 2147483648", "less than 2^31 points"}, unsupported) == "");
  CHECK(refused_with(
            [](views& v) {
              v.clouds.batch = 2;
              v.clouds.length = 1 << 30;
            },
            "clouds.length", {"found 2147483648 points in all", "want less than 2^31"}, unsupported) == "");
  CHECK(refused_with([](views& v) { v.clouds = robocache::point_clouds::ragged(v.xyz, v.indices, 2, two_to_31); },
                     "clouds.rows", {"found 2147483648 points in all", "want less than 2^31"}, unsupported) == "");
}

TEST_CASE("A call for voxels, clouds: pointers and strides", "[voxels]") {
  CHECK(refused_with([](views& v) { v.clouds.x = nullptr; }, "clouds.x", {"found a null pointer", "want 2 elements"}) ==
        "");
  CHECK(refused_with([](views& v) { v.clouds.z = odd(v.xyz); }, "clouds.z", {"found address", "4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.lengths = odd(v.indices); }, "clouds.lengths",
                     {"found address", "want a multiple of 8 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.clouds = robocache::point_clouds::ragged(v.xyz, odd(v.indices), 2, 2); },
                     "clouds.offsets", {"found address", "want a multiple of 8 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.point_stride = -3; }, "clouds.point_stride",
                     {"found -3", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.batch_stride = -6; }, "clouds.batch_stride",
                     {"found -6", "want 0 or more"}) == "");
}

TEST_CASE("A call for voxels, the grid", "[voxels]") {
  char const* const axes[] = {"for x", "for y", "for z"};
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    for (int axis = 0; axis < 3; ++axis) {
      for (float x : {not_a_number, infinity}) {
        CHECK(refused_with(call, [&](views& v) { v.lattice.origin[axis] = x; }, "lattice.origin",
                           {"found", axes[axis], "want a finite number"}) == "");
      }
      for (float x : {0.0f, -1.0f, not_a_number, infinity}) {
        CHECK(refused_with(call, [&](views& v) { v.lattice.size[axis] = x; }, "lattice.size",
                           {"found", axes[axis], "want it above 0 and finite"}) == "");
      }
      for (std::int64_t n : {std::int64_t(0), std::int64_t(-4), two_to_31, huge}) {
        CHECK(refused_with(call, [&](views& v) { v.lattice.cells[axis] = n; }, "lattice.cells",
                           {"found " + std::to_string(n), axes[axis], "want 1 or more and less than 2^31"}) == "");
      }
    }
    CHECK(refused_with(
              call,
              [](views& v) {
                for (auto& n : v.lattice.cells) { n = 1'000'000; }
              },
              "lattice.cells", {"found 1000000 x 1000000 x 1000000 cells for 1 clouds", "2^58"}, unsupported) == "");
    CHECK(refused_with(
              call,
              [](views& v) {
                make_large(v.lattice);
                v.clouds.batch = 64;
                v.clouds.batch_stride = 0;
              },
              "lattice.cells", {"for 64 clouds", "2^58"}, unsupported) == "");
    CHECK(refused_with(call, [](views& v) { v.lattice.origins = odd(v.values); }, "lattice.origins",
                       {"found address", "want a multiple of 4 bytes"}) == "");
  }
  for (int axis = 0; axis < 3; ++axis) {
    for (float x : {not_a_number, infinity, -infinity}) {
      CHECK(refused_with(voxel_call::filter, [&](views& v) { v.filter.origin[axis] = x; }, "options.origin",
                         {"found", axes[axis], "want a finite number"}) == "");
    }
    for (float x : {0.0f, -0.0f, -1.0f, not_a_number, infinity, -infinity}) {
      CHECK(refused_with(voxel_call::filter, [&](views& v) { v.filter.size[axis] = x; }, "options.size",
                         {"found", axes[axis], "want it above 0 and finite"}) == "");
    }
  }
}

TEST_CASE("A call for voxels, rules", "[voxels]") {
  for (int order : {2, 255}) {
    CHECK(refused_with(voxel_call::sparse, [&](views& v) { v.rules.order = voxel_order(order); }, "options.order",
                       {"found " + std::to_string(order), "want a voxel_order"}) == "");
  }
  for (std::int64_t n : {std::int64_t(-1), -huge}) {
    CHECK(refused_with(voxel_call::gathered, [&](views& v) { v.gather.max_voxels = n; }, "options.max_voxels",
                       {"found " + std::to_string(n), "want 0 or more"}) == "");
  }
  for (std::int64_t n : {std::int64_t(0), std::int64_t(-1), two_to_31, huge, -huge}) {
    CHECK(refused_with(voxel_call::gathered, [&](views& v) { v.gathered.max_points = n; }, "out.max_points",
                       {"found " + std::to_string(n), "want 1 or more and less than 2^31"}) == "");
  }
}

TEST_CASE("A call for voxels, room", "[voxels]") {
  for (std::int64_t n : {std::int64_t(-1), two_to_31, huge, -huge}) {
    CHECK(refused_with([&](views& v) { v.sparse.capacity = v.gathered.capacity = v.filtered.capacity = n; },
                       "out.capacity", {"found " + std::to_string(n), "want 0 or more and less than 2^31"}) == "");
  }
}

TEST_CASE("A call for voxels, where results go", "[voxels]") {
  auto const misplaced = [](voxel_call call, auto field, char const* argument, int bytes) {
    return refused_with(call, [&](views& v) { field(v) = odd(field(v)); }, std::string("out.") + argument,
                        {"found address", "want a multiple of " + std::to_string(bytes) + " bytes"});
  };
  using v = views;
  auto const sparse = voxel_call::sparse;
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.coordinates; }, "coordinates", 4) == "");
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.count; }, "count", 4) == "");
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.sum; }, "sum", 4) == "");
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.mean; }, "mean", 4) == "");
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.max; }, "max", 4) == "");
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.min; }, "min", 4) == "");
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.voxel_offsets; }, "voxel_offsets", 8) == "");
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.point_voxels; }, "point_voxels", 4) == "");
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.dropped; }, "dropped", 4) == "");
  CHECK(misplaced(
            sparse, [](v & o) -> auto& { return o.sparse.overflow; }, "overflow", 4) == "");
  auto const gathered = voxel_call::gathered;
  CHECK(misplaced(
            gathered, [](v & o) -> auto& { return o.gathered.values; }, "values", 4) == "");
  CHECK(misplaced(
            gathered, [](v & o) -> auto& { return o.gathered.coordinates; }, "coordinates", 4) == "");
  CHECK(misplaced(
            gathered, [](v & o) -> auto& { return o.gathered.count; }, "count", 4) == "");
  CHECK(misplaced(
            gathered, [](v & o) -> auto& { return o.gathered.voxel_offsets; }, "voxel_offsets", 8) == "");
  CHECK(misplaced(
            gathered, [](v & o) -> auto& { return o.gathered.point_slots; }, "point_slots", 8) == "");
  CHECK(misplaced(
            gathered, [](v & o) -> auto& { return o.gathered.dropped; }, "dropped", 4) == "");
  CHECK(misplaced(
            gathered, [](v & o) -> auto& { return o.gathered.overflow; }, "overflow", 4) == "");
  auto const filter = voxel_call::filter;
  CHECK(misplaced(
            filter, [](v & o) -> auto& { return o.filtered.points; }, "points", 4) == "");
  CHECK(misplaced(
            filter, [](v & o) -> auto& { return o.filtered.features; }, "features", 4) == "");
  CHECK(misplaced(
            filter, [](v & o) -> auto& { return o.filtered.count; }, "count", 4) == "");
  CHECK(misplaced(
            filter, [](v & o) -> auto& { return o.filtered.voxel_offsets; }, "voxel_offsets", 8) == "");
  CHECK(misplaced(
            filter, [](v & o) -> auto& { return o.filtered.point_voxels; }, "point_voxels", 4) == "");
  CHECK(misplaced(
            filter, [](v & o) -> auto& { return o.filtered.dropped; }, "dropped", 4) == "");
  CHECK(misplaced(
            filter, [](v & o) -> auto& { return o.filtered.overflow; }, "overflow", 4) == "");
}

TEST_CASE("A call for voxels, features", "[voxels]") {
  char const* const reasons[] = {"sum, mean, max or min", "values", "features"};
  for (auto call : voxel_calls) {
    CHECK(refused_with(call, [](views& v) { v.features.channels = 0; }, "features.channels",
                       {"found 0", std::string("want 1 or more for ") + reasons[std::size_t(call)]}) == "");
  }
  CHECK(refused_with([](views& v) { v.features.channels = -1; }, "features.channels", {"found -1"}) == "");
  CHECK(refused_with([](views& v) { v.features.channels = (1 << 24) + 1; }, "features.channels",
                     {"found 16777217", "want at most 2^24"}, unsupported) == "");
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
  CHECK(refused_with(
            voxel_call::gathered,
            [](views& v) {
              v.gathered.capacity = v.gathered.max_points = INT32_MAX;
              v.features.channels = 1;
            },
            "features.channels", {"found 1 for 4611686014132420609 rows", "want a product of at most 2^58"},
            unsupported) == "");
  CHECK(refused_with(
            voxel_call::gathered,
            [](views& v) {
              v.gathered.capacity = 1 << 20;
              v.gathered.max_points = 1 << 20;
              v.features.channels = 1 << 20;
            },
            "features.channels", {"found 1048576 for 1099511627776 rows", "2^58"}, unsupported) == "");
}

TEST_CASE("A call for voxels: features that nobody asks for may be absent", "[voxels]") {
  for (auto call : voxel_calls) {
    views v;
    v.features = {odd(v.values), -5};
    v.sparse.sum = v.sparse.mean = v.sparse.max = v.sparse.min = v.gathered.values = v.filtered.features = nullptr;
    v.sparse.voxel_offsets = v.gathered.voxel_offsets = v.filtered.voxel_offsets = nullptr;  // host memory
    v.clouds.batch = 0;
    CAPTURE(name_of(call));
    CHECK(std::string(v.made(call).message()) == "");
    CHECK(untouched(v.results));
  }
}

TEST_CASE("A call for voxels: scratch that is too small, misaligned or null", "[voxels]") {
  if (std::string(backend_name()) == "host") { return; }  // the host takes none
  generator random(3500);
  for (auto call : voxel_calls) {
    for (auto order : {voxel_order::first_point, voxel_order::cell}) {
      for (bool large : {false, true}) {
        auto p = listed(call, {}, {4, 4, 4});
        set_clouds(p, dense_clouds(draw_points(random, p.from.lattice, 500)));
        if (large) { make_large(p.from.lattice); }
        p.order = order;
        draw_features(p, random, 3);
        REQUIRE(voxelize(p).scratch_bytes > 0);
        std::string const function = std::string(name_of(call)) + "_scratch";
        p.from.scratch_missing = 1;
        CHECK(refused(p, "memory.bytes", {"found", "want", function}) == "");
        p.from.scratch_missing = std::int64_t(1) << 40;
        CHECK(refused(p, "memory.bytes", {"found 0", "want"}) == "");
        p.from.scratch_missing = 0;
        p.from.scratch_offset = 4;
        CHECK(refused(p, "memory.memory", {"found address", "want a multiple of 16 bytes"}) == "");
        p.from.scratch_offset = 0;
        p.from.scratch_null = true;
        CHECK(refused(p, "memory.memory", {"found a null pointer", "want"}) == "");
      }
    }
  }
}

TEST_CASE("A call for voxels: refused arguments need no scratch", "[voxels]") {
  generator random(3501);
  for (auto call : voxel_calls) {
    auto p = listed(call, {}, {4, 4, 4});
    set_clouds(p, dense_clouds(draw_points(random, p.from.lattice, 100)));
    p.from.lattice.size[1] = 0;
    CHECK(voxelize(p).scratch_bytes == 0);
    CHECK(refused(p, call == voxel_call::filter ? "options.size" : "lattice.size", {"found 0 for y"}) == "");
  }
}
