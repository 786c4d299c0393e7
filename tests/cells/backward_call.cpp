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
#include "support/cells/backward.hpp"
#include "support/cells/refusal.hpp"
#include "support/cells/scene.hpp"

// What `voxelize_backward` refuses: each check names its argument, says what was found and what is wanted, and nothing
// is written.
using namespace test;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

/// Everything that a call takes, over host memory, on both sides: a call that is refused reads and writes nothing.
struct views {
  float xyz[12] = {};
  float values[8] = {};
  float incoming[16] = {};
  float results[8];

  robocache::point_clouds clouds = robocache::point_clouds::dense(xyz, 2, 2);
  robocache::point_features<float> features{values, 2};
  robocache::grid lattice{};
  robocache::voxel_gradients<float> gradients{incoming, incoming, incoming, incoming};
  channel_order channels = channel_order::last;
  robocache::feature_gradients<float> out{results};

  views() {
    std::memset(results, poison, sizeof results);
    lattice.cells[0] = lattice.cells[1] = lattice.cells[2] = 1;
  }
  views(views const&) = delete;
  views& operator=(views const&) = delete;
};

template <class Change>
std::string refused_with(Change change, std::string const& argument, std::vector<std::string> const& words,
                         status_code code = status_code::invalid_argument) {
  views v;
  change(v);
  status const s = voxelize_backward_views(v.clouds, v.features, v.lattice, v.gradients, v.channels, v.out);
  return unlike_refusal(s, argument, words, code, v.results);
}

}  // namespace

TEST_CASE("A call of voxelize_backward, what voxelize refuses", "[voxelize_backward]") {
  CHECK(refused_with([](views& v) { v.clouds.batch = -2; }, "clouds.batch", {"found -2", "want 0 or more"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.y = nullptr; }, "clouds.y", {"found a null pointer"}) == "");
  CHECK(refused_with([](views& v) { v.clouds.point_stride = -1; }, "clouds.point_stride", {"found -1"}) == "");
  CHECK(refused_with([](views& v) { v.lattice.size[2] = 0; }, "lattice.size", {"found 0 for z", "above 0"}) == "");
  CHECK(refused_with([](views& v) { v.lattice.cells[1] = 0; }, "lattice.cells", {"found 0 for y"}) == "");
  CHECK(refused_with([](views& v) { v.features.channels = 0; }, "features.channels", {"found 0", "1 or more"}) == "");
  CHECK(refused_with([](views& v) { v.features.values = odd(v.values); }, "features.values", {"found address"}) == "");
  CHECK(refused_with([](views& v) { v.features.point_stride = -2; }, "features.point_stride", {"found -2"}) == "");
  CHECK(refused_with(
            [](views& v) {
              v.clouds.batch = 3;
              v.clouds.length = INT32_MAX;
            },
            "clouds.length", {"6442450941 points in all", "2^32"}, status_code::unsupported) == "");
}

TEST_CASE("A call of voxelize_backward: features may be null without max and min, not with them",
          "[voxelize_backward]") {
  for (bool of_max : {false, true}) {
    CHECK(refused_with(
              [&](views& v) {
                v.features.values = nullptr;
                v.gradients = {v.incoming, v.incoming, of_max ? v.incoming : nullptr, of_max ? nullptr : v.incoming};
              },
              "features.values", {"found a null pointer", "want 8 elements"}) == "");
  }
}

TEST_CASE("A call of voxelize_backward, gradients and where they go", "[voxelize_backward]") {
  CHECK(refused_with([](views& v) { v.channels = channel_order(4); }, "channels",
                     {"found 4", "want a channel_order"}) == "");
  CHECK(refused_with([](views& v) { v.gradients.sum = odd(v.incoming); }, "gradients.sum", {"found address"}) == "");
  CHECK(refused_with([](views& v) { v.gradients.mean = odd(v.incoming); }, "gradients.mean", {"found address"}) == "");
  CHECK(refused_with([](views& v) { v.gradients.max = odd(v.incoming); }, "gradients.max", {"found address"}) == "");
  CHECK(refused_with([](views& v) { v.gradients.min = odd(v.incoming); }, "gradients.min", {"found address"}) == "");
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

TEST_CASE("A call of voxelize_backward: scratch that is too small, misaligned or null", "[voxelize_backward]") {
  if (std::string(backend_name()) == "host") { return; }  // the host takes none
  generator random(2600);
  for (auto r : reductions) {
    voxel_backward_problem p;
    p.forward = voxels_of({}, {4, 4, 4});
    p.forward.clouds = dense_clouds(draw_points(random, p.forward.lattice, 500));
    p.forward.draw_features(random, 3);
    p.forward.want({r});
    p.draw_incoming(random);
    CAPTURE(name_of(r));
    REQUIRE(verify(p) == "");
    if (voxelize_backward(p).scratch_bytes == 0) {
      CHECK(r == voxel_result::sum);  // needs to know nothing of other points
      continue;
    }
    p.forward.scratch_missing = 1;
    CHECK(refused(p, "memory.bytes", {"found", "want", "voxelize_backward_scratch"}) == "");
    p.forward.scratch_missing = 1 << 24;
    CHECK(refused(p, "memory.bytes", {"found 0", "want"}) == "");
    p.forward.scratch_missing = 0;
    p.forward.scratch_offset = 4;
    CHECK(refused(p, "memory.memory", {"found address", "want a multiple of 16 bytes"}) == "");
    p.forward.scratch_offset = 0;
    p.forward.scratch_null = true;
    CHECK(refused(p, "memory.memory", {"found a null pointer", "want"}) == "");
  }
}
