// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/cells/scene.hpp"

// Kernels deal points out to bins of cells, fill results before or not, and look for cells in one way or another. None
// of it may show.
using namespace test;

namespace {

cell_counts const many_cells = {61, 67, 32};

/// Asks for everything, with results that hold something already where they are accumulated.
void want_all(voxel_problem& p, bool accumulate) {
  p.options.accumulate = accumulate;
  p.want_all();
  for (auto r : all_voxel_results) { p.before[r].resize(accumulate && p.wants[r] ? p.bytes_of(r) : 0); }
}

}  // namespace

TEST_CASE("Cells, bins: few points in a grid of many cells, some of them in crowds", "[voxelize][sums]") {
  generator random(2500);
  auto p = voxels_of({}, many_cells);
  std::vector<float> xyz = draw_points(random, p.lattice, 900, 0.02);
  for (int i = 0; i < 700; ++i) {
    auto const cell = float(random.between(0, 40));
    xyz.insert(xyz.end(), {cell + 0.5f, cell < 4 ? 8.5f : cell + 0.25f, 30.5f});
  }
  p.clouds = dense_clouds(xyz);
  for (auto const& [result, channels] : {std::pair{dtype::float32, 4}, {dtype::float16, 3}, {dtype::bfloat16, 8}}) {
    p.result_type = result;
    p.options.max_fill = -2.5;
    p.options.min_fill = 7.25;
    for (bool accumulate : {false, true}) {
      CAPTURE(channels, accumulate);
      want_all(p, accumulate);
      p.draw_features(random, channels);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Cells, bins: one cloud of many has more cells with points than a block has words for", "[voxelize][sums]") {
  generator random(2501);
  auto p = voxels_of({}, many_cells);
  std::vector<std::int64_t> offsets = {0, 10};
  for (std::int64_t b = 2; b <= 20; ++b) { offsets.push_back(19'900 + 5 * b); }
  p.clouds = ragged_clouds(draw_points(random, p.lattice, offsets.back(), 0.02), offsets);
  p.draw_features(random, 1);
  p.want({voxel_result::count, voxel_result::mean});
  CHECK(verify(p) == "");
}

TEST_CASE("Cells, bins: a wall across a grid whose width is a power of 2", "[voxelize][sums]") {
  generator random(2502);
  auto p = voxels_of({}, {64, 64, 64});
  std::vector<float> xyz;
  for (int i = 0; i < 5000; ++i) {
    xyz.insert(xyz.end(), {20.5f, float(64 * random.unit()), float(64 * random.unit())});
  }
  p.clouds = dense_clouds(xyz);
  p.draw_features(random, 2);
  p.want({voxel_result::sum, voxel_result::max});
  CHECK(verify(p) == "");
}

TEST_CASE("Cells, bins: more points than cells, in both orders of channels", "[voxelize][sums]") {
  generator random(2503);
  auto p = voxels_of({}, {13, 9, 31});
  p.clouds = dense_clouds(draw_points(random, p.lattice, 9000, 0.02));
  for (auto order : {channel_order::first, channel_order::last}) {
    p.options.channels = order;
    for (std::int64_t channels : {1, 4}) {
      CAPTURE(channels);
      p.draw_features(random, channels);
      p.want_all();
      CHECK(verify(p) == "");
      p.want({voxel_result::mean});
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Cells, bins: so many crowds that warps take the small ones", "[voxelize][sums]") {
  generator random(2504);
  auto p = voxels_of({}, {40, 30, 1});
  std::vector<float> xyz;
  for (int turn = 0; turn < 66; ++turn) {
    for (int cell = 0; cell < 1100; ++cell) {
      xyz.insert(xyz.end(), {float(cell % 40) + 0.5f, float(cell / 40), 0.5f});
    }
  }
  for (int i = 0; i < 1000; ++i) {  // around the limits of warps, and of what they have room for
    int const cell = i % 100 < 62 ? 7 : i % 100 < 81 ? 77 : 777;
    xyz.insert(xyz.end(), {float(cell % 40) + 0.5f, float(cell / 40), 0.5f});
  }
  p.clouds = dense_clouds(xyz);
  for (std::int64_t channels : {3, 4}) {
    CAPTURE(channels);
    p.draw_features(random, channels);
    p.want({voxel_result::mean});
    CHECK(verify(p) == "");
  }
}
