// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/cells/property.hpp"
#include "support/voxels/draw.hpp"
#include "support/voxels/voxels.hpp"

// Drawn clouds, grids, room and rules, against the oracle.
using namespace test;

TEST_CASE("Voxels, property: what is drawn agrees with the oracle", "[voxels_property]") {
  check_drawn(100'000, 300, "[voxels_property]", draw_sparse);
}

TEST_CASE("Sanitize: drawn clouds without a grid in memory allocated to the byte", "[.][sanitize]") {
  check_drawn_to_the_byte(101'000, 60, draw_sparse);
}
