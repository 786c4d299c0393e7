// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/cells/cells.hpp"
#include "support/cells/property.hpp"

// Clouds, grids and options of whatever is drawn, against the oracle.
using namespace test;

TEST_CASE("Voxelize, property: whatever is drawn is what the oracle says", "[voxelize_property]") {
  check_drawn(90'000, 300, "[voxelize_property]", draw_voxels);
}

TEST_CASE("Sanitize: drawn clouds in memory allocated to the byte", "[.][sanitize]") {
  check_drawn_to_the_byte(91'000, 40, draw_voxels);
}
