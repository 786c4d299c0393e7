// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "support/catch.hpp"
#include "support/voxels/scene.hpp"

// Few points, which some chips hand to one cluster of blocks. The simulated chips take turns, so a problem is tried on
// each of them.
using namespace test;

namespace {

constexpr int chips = 4;

void check_on_all_chips(sparse_problem const& p) {
  for (int chip = 0; chip < chips; ++chip) { CHECK(verify(p) == ""); }
}

}  // namespace

TEST_CASE("Voxels, few points: at the borders of blocks, and of what one cluster takes", "[voxels]") {
  generator random(3121);
  for (std::int64_t points : {1, 511, 512, 513, 1024, 1025, 16'384, 16'385, 32'768, 32'769}) {
    auto const call = random.one_of(voxel_calls);
    auto p = listed(call, {}, {40, 30, 20});
    set_clouds(p, random.between(0, 1) == 0 ? as_one(draw_points(random, p.from.lattice, points, 0.1))
                                            : ragged_clouds(draw_points(random, p.from.lattice, points, 0.1),
                                                            {0, points / 3, points / 3, points}));
    p.max_points = 5;
    draw_features(p, random, 2);
    CAPTURE(name_of(call), points);
    // A large problem costs the simulation a second: all chips are on either side of its border.
    if (points < 16'384) {
      check_on_all_chips(p);
    } else {
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Voxels, few points: neighbours in one cell, but of two clouds", "[voxels]") {
  generator random(3122);
  for (auto call : voxel_calls) {
    auto p = listed(call, {}, {4, 1, 1});
    std::vector<float> xs;
    for (int i = 0; i < 100; ++i) { xs.push_back(i < 60 ? 1.5f : 2.5f); }
    set_clouds(p, ragged_clouds(along_x(xs), {0, 20, 40, 50, 100}));
    p.max_points = 3;
    draw_features(p, random, 1);
    CAPTURE(name_of(call));
    check_on_all_chips(p);
  }
}

TEST_CASE("Voxels, few points: cells of one hash are not one cell", "[voxels]") {
  // The upper halves of the 64-bit hashes of these cells are alike.
  struct {
    float x, y, z;
  } constexpr cells[] = {{928'603, 861'146, 124'232},
                         {72'125, 627'368, 208'102},
                         {433'433, 1'023'533, 206'987},
                         {491'236, 335'995, 148'388}};
  generator random(3123);
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    auto p = listed(call, {}, {1, 1, 1});
    make_huge(p.from.lattice);
    std::vector<float> xyz;
    for (int i = 0; i < 200; ++i) {
      auto const& cell = cells[random.between(0, 3)];
      xyz.insert(xyz.end(), {cell.x, cell.y, cell.z});
    }
    set_clouds(p, as_one(xyz));
    p.max_points = 30;
    draw_features(p, random, 2);
    CAPTURE(name_of(call));
    check_on_all_chips(p);
    CHECK(result_of(p, sparse_result::voxel_offsets) == numbers{0, 4});
  }
}
