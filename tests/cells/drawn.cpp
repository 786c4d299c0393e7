// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/cells/cells.hpp"
#include "support/cells/property.hpp"

// Drawn clouds, grids and options, against the oracle.
using namespace test;

TEST_CASE("Voxelize, property: what is drawn agrees with the oracle", "[voxelize_property]") {
  check_drawn(90'000, 300, "[voxelize_property]", draw_voxels);
}

TEST_CASE("Sanitize: drawn clouds in memory allocated to the byte", "[.][sanitize]") {
  check_drawn_to_the_byte(91'000, 40, draw_voxels);
}
