// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/backend.hpp"
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/refusal.hpp"
#include "support/voxels/backward.hpp"
#include "support/voxels/scene.hpp"

// What `voxelize_sparse_backward` and `voxelize_gathered_backward` refuse: each check names its argument, says what was
// found and what is wanted, and nothing is written.
using namespace test;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t two_to_31 = std::int64_t(1) << 31;
constexpr auto invalid = status_code::invalid_argument;
constexpr auto unsupported = status_code::unsupported;

/// Everything that the calls take, over host memory, on both sides: a call that is refused reads and writes nothing.
struct views {
  float xyz[12] = {};
  float values[8] = {};
  float incoming[16] = {};
  std::int32_t point_voxels[4] = {};
  std::int32_t count[4] = {4};
  std::int64_t slots[4] = {0, 1, 2, 3};
  float results[8];

  robocache::point_clouds clouds = robocache::point_clouds::dense(xyz, 2, 2);
  robocache::point_features<float> features{values, 2};
  robocache::sparse_voxels voxels{4, point_voxels, count};
  robocache::voxel_gradients<float> gradients{incoming, incoming, incoming, incoming};
  robocache::feature_gradients<float> out{results};
  std::int64_t channels = 2;
  std::int64_t const* point_slots = slots;
  float const* of_values = incoming;

  views() { std::memset(results, poison, sizeof results); }
  views(views const&) = delete;
  views& operator=(views const&) = delete;

  status made(voxel_call call) const {
    return call == voxel_call::gathered ? gathered_backward_views(clouds, channels, point_slots, of_values, out)
                                        : sparse_backward_views(clouds, features, voxels, gradients, out);
  }
};

constexpr auto sparse = voxel_call::sparse;
constexpr auto gathered = voxel_call::gathered;

template <class Change>
std::string refused_with(voxel_call call, Change change, std::string const& argument,
                         std::vector<std::string> const& words, status_code code = invalid) {
  views v;
  change(v);
  auto const text = unlike_refusal(v.made(call), argument, words, code, v.results);
  return text.empty() ? "" : text_of(name_of(call), ": ", text);
}

/// The same of both calls.
template <class Change>
std::string refused_with(Change change, std::string const& argument, std::vector<std::string> const& words,
                         status_code code = invalid) {
  return refused_with(sparse, change, argument, words, code) + refused_with(gathered, change, argument, words, code);
}

}  // namespace

TEST_CASE("A call for gradients of voxels, clouds", "[voxels_backward]") {
  CHECK(refused_with([](views& v) { v.clouds.batch = -2; }, "clouds.batch", {"found -2", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.y = nullptr; }, "clouds.y", {"found a null pointer"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.point_stride = -1; }, "clouds.point_stride", {"found -1"}) == "");
  CHECK(refused_with(
            [](views& v) {
              v.clouds.batch = 2;
              v.clouds.length = 1 << 30;
            },
            "clouds.length", {"found 2147483648 points in all", "want less than 2^31"}, unsupported) == "");
}

TEST_CASE("A call for gradients of sparse voxels, what voxelize_sparse said", "[voxels_backward]") {
  for (std::int64_t n : {std::int64_t(-1), two_to_31, huge}) {
    CHECK(refused_with(sparse, [&](views& v) { v.voxels.capacity = n; }, "voxels.capacity",
                       {"found " + std::to_string(n), "want 0 or more and less than 2^31"}) == "");
  }
  CHECK(refused_with(sparse, [](views& v) { v.voxels.point_voxels = nullptr; }, "voxels.point_voxels",
                     {"found a null pointer", "want 4 elements"}) == "");
  CHECK(refused_with(sparse, [](views& v) { v.voxels.point_voxels = odd(v.point_voxels); }, "voxels.point_voxels",
                     {"found address", "want a multiple of 4 bytes"}) == "");
  CHECK(refused_with(sparse, [](views& v) { v.voxels.count = nullptr; }, "voxels.count", {"found a null pointer"}) ==
        "");
  CHECK(refused_with(sparse, [](views& v) { v.voxels.count = odd(v.count); }, "voxels.count", {"found address"}) == "");
}

TEST_CASE("A call for gradients of sparse voxels, features", "[voxels_backward]") {
  CHECK(refused_with(sparse, [](views& v) { v.features.channels = 0; }, "features.channels",
                     {"found 0", "1 or more"}) == "");
  CHECK(refused_with(sparse, [](views& v) { v.features.values = odd(v.values); }, "features.values",
                     {"found address"}) == "");
  CHECK(refused_with(sparse, [](views& v) { v.features.point_stride = -2; }, "features.point_stride", {"found -2"}) ==
        "");
  for (bool of_max : {false, true}) {
    CHECK(refused_with(
              sparse,
              [&](views& v) {
                v.features.values = nullptr;
                v.gradients = {v.incoming, v.incoming, of_max ? v.incoming : nullptr, of_max ? nullptr : v.incoming};
              },
              "features.values", {"found a null pointer", "want 8 elements"}) == "");
  }
}

TEST_CASE("A call for gradients of gathered voxels, slots and channels", "[voxels_backward]") {
  for (std::int64_t n : {std::int64_t(0), std::int64_t(-1), std::int64_t((1 << 24) + 1), huge}) {
    CHECK(refused_with(gathered, [&](views& v) { v.channels = n; }, "channels",
                       {"found " + std::to_string(n), "want 1 or more and at most 2^24"}) == "");
  }
  CHECK(refused_with(gathered, [](views& v) { v.point_slots = nullptr; }, "point_slots",
                     {"found a null pointer", "want 4 elements"}) == "");
  CHECK(refused_with(gathered, [](views& v) { v.point_slots = odd(v.slots); }, "point_slots",
                     {"found address", "want a multiple of 8 bytes"}) == "");
  CHECK(refused_with(gathered, [](views& v) { v.of_values = odd(v.incoming); }, "gradients", {"found address"}) == "");
}

TEST_CASE("A call for gradients of voxels, gradients and where they go", "[voxels_backward]") {
  CHECK(refused_with(sparse, [](views& v) { v.gradients.sum = odd(v.incoming); }, "gradients.sum", {"found address"}) ==
        "");
  CHECK(refused_with(sparse, [](views& v) { v.gradients.mean = odd(v.incoming); }, "gradients.mean",
                     {"found address"}) == "");
  CHECK(refused_with(sparse, [](views& v) { v.gradients.max = odd(v.incoming); }, "gradients.max", {"found address"}) ==
        "");
  CHECK(refused_with(sparse, [](views& v) { v.gradients.min = odd(v.incoming); }, "gradients.min", {"found address"}) ==
        "");
  CHECK(refused_with([](views& v) { v.out.values = nullptr; }, "out.values",
                     {"found a null pointer", "want 8 elements"}) == "");
  CHECK(refused_with([](views& v) { v.out.values = odd(v.results); }, "out.values",
                     {"found address", "want a multiple of 4 bytes"}) == "");
  CHECK(refused_with([](views& v) { v.out.point_stride = -2; }, "out.point_stride", {"found -2", "want 0 or more"}) ==
        "");
  CHECK(refused_with([](views& v) { v.out.batch_stride = -4; }, "out.batch_stride", {"found -4"}) == "");
  CHECK(refused_with([](views& v) { v.out.point_stride = huge / 3; }, "out.point_stride", {"below 2^58"}) == "");
  CHECK(refused_with([](views& v) { v.out.point_stride = 1; }, "out.point_stride",
                     {"2 channels", "want rows that do not overlap"}) == "");
  CHECK(refused_with([](views& v) { v.out.batch_stride = 3; }, "out.batch_stride",
                     {"2 channels", "want rows that do not overlap"}) == "");
}

TEST_CASE("A call for gradients of sparse voxels: scratch that is too small, misaligned or null; none without extremes",
          "[voxels_backward]") {
  if (std::string(backend_name()) == "host") { return; }  // the host takes none
  generator random(3700);
  for (auto r : {sparse_result::sum, sparse_result::mean, sparse_result::max, sparse_result::min}) {
    sparse_backward_problem p;
    p.forward = listed(sparse, {}, {4, 4, 4});
    set_clouds(p.forward, dense_clouds(draw_points(random, p.forward.from.lattice, 500)));
    p.forward.from.draw_features(random, 3);
    p.forward.want({r});
    p.draw_incoming(random);
    CAPTURE(name_of(r));
    REQUIRE(verify(p) == "");
    bool const of_extremes = r == sparse_result::max || r == sparse_result::min;
    CHECK((voxelize_backward(p).scratch_bytes > 0) == of_extremes);
    if (!of_extremes) { continue; }
    p.forward.from.scratch_missing = 1;
    CHECK(refused(p, "memory.bytes", {"found", "want", "voxelize_sparse_backward_scratch"}) == "");
    p.forward.from.scratch_missing = std::int64_t(1) << 40;
    CHECK(refused(p, "memory.bytes", {"found 0", "want"}) == "");
    p.forward.from.scratch_missing = 0;
    p.forward.from.scratch_offset = 4;
    CHECK(refused(p, "memory.memory", {"found address", "want a multiple of 16 bytes"}) == "");
    p.forward.from.scratch_offset = 0;
    p.forward.from.scratch_null = true;
    CHECK(refused(p, "memory.memory", {"found a null pointer", "want"}) == "");
  }
}
