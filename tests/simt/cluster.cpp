// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <robocache/detail/cluster.cuh>

#include "support/catch.hpp"
#include "support/voxels/scene.hpp"

// Which calls one cluster of blocks takes, on a chip that has some, and how many launches they are.
namespace test {
namespace {

struct way {
  int clusters;  ///< of the call
  int launches;  ///< likewise
};

/// The call on all chips, the one with the most clusters.
way taken(sparse_problem const& p) {
  way found{-1, 0};
  for (int chip = 0; chip < 4; ++chip) {
    int const clusters = robocache::detail::cluster_count;
    int const launches = robocache::detail::launch_count;
    CHECK(verify(p) == "");
    way const here{robocache::detail::cluster_count - clusters, robocache::detail::launch_count - launches};
    if (here.clusters > found.clusters) { found = here; }
  }
  return found;
}

sparse_problem drawn(voxel_call call, std::int64_t points) {
  generator random(3131);
  auto p = listed(call, {}, {32, 32, 32});
  set_clouds(p, as_one(draw_points(random, p.from.lattice, points)));
  p.max_points = 2;
  if (call != voxel_call::filter) { p.from.draw_features(random, 1); }
  p.want({call == voxel_call::gathered ? sparse_result::values
          : call == voxel_call::filter ? sparse_result::points
                                       : sparse_result::mean,
          sparse_result::voxel_offsets});
  return p;
}

TEST_CASE("Cluster: taken up to 32,768 points, and never for voxels that get other numbers", "[voxels]") {
  auto p = drawn(voxel_call::sparse, 1);
  CHECK(taken(p).clusters == 1);
  for (std::int64_t points : {32'768, 32'769}) {
    CHECK(taken(drawn(voxel_call::filter, points)).clusters == (points <= 32'768 ? 1 : 0));
  }
  p.order = voxel_order::cell;
  CHECK(taken(p).clusters == 0);
}

TEST_CASE("Cluster: two launches, and one more where voxels may be huge or points are put in order", "[voxels]") {
  for (auto call : voxel_calls) {
    for (std::int64_t points : {64, 65, 2048, 2049}) {
      way const found = taken(drawn(call, points));
      CAPTURE(name_of(call), points);
      CHECK(found.clusters == 1);
      CHECK(found.launches == (call == voxel_call::gathered || points > 2048 ? 3 : 2));
    }
  }
}

}  // namespace
}  // namespace test
