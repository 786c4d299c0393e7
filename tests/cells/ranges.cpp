// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <utility>

#include "support/catch.hpp"
#include "support/cells/scene.hpp"

// What the host side does in parts: it deals points out to ranges of cells, in pieces, and treats small and large
// clouds apart. None of it may show.
using namespace test;

namespace {

/// Random points with random features, of which everything is asked for.
voxel_problem scattered(generator& random, std::int64_t points, cell_counts const& cells, std::int64_t channels) {
  auto p = voxels_of({}, cells);
  p.clouds = dense_clouds(draw_points(random, p.lattice, points, 0.02));
  p.draw_features(random, channels);
  p.want_all();
  return p;
}

}  // namespace

TEST_CASE("Host voxels: places of several digits are sorted", "[voxelize]") {
  generator random(2400);
  CHECK(verify(scattered(random, 20'000, {300, 20, 5}, 1)) == "");
  CHECK(verify(scattered(random, 20'000, {1, 1, 40'000}, 2)) == "");
  CHECK(verify(scattered(random, 300, {1 << 20, 1, 1}, 1)) == "");
}

TEST_CASE("Host voxels: ranges of few cells share no word of bits", "[voxelize]") {
  generator random(2401);
  for (std::int64_t nx : {3, 31, 33, 70}) {
    CAPTURE(nx);
    CHECK(verify(scattered(random, 100, {nx, 3, 2}, 5000)) == "");
  }
}

TEST_CASE("Host voxels: the order of points outlasts the pieces of a cloud", "[voxelize]") {
  generator random(2402);
  auto p = scattered(random, 200'000, {20, 20, 4}, 1);
  CHECK(verify(p) == "");
  // Without features points are kept by their cells alone.
  p.want({voxel_result::count, voxel_result::occupied, voxel_result::occupied_bits, voxel_result::dropped});
  CHECK(verify(p) == "");
  p.want({voxel_result::dropped});
  CHECK(verify(p) == "");
}

TEST_CASE("Host voxels: large clouds beside small ones", "[voxelize]") {
  generator random(2403);
  auto p = scattered(random, 150'000, {9, 8, 7}, 2);
  p.clouds = ragged_clouds(std::move(p.clouds.xyz), {0, 10, 140'000, 140'000, 145'000, 150'000});
  p.options.accumulate = true;  // a cloud that comes twice is seen
  p.want_all();
  for (auto r : all_voxel_results) { p.before[r].resize(p.wants[r] ? p.bytes_of(r) : 0); }
  CHECK(verify(p) == "");
}
