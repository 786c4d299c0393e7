// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "support/cells/problem.hpp"
#include "support/draw.hpp"

/// Random calls of `voxelize`. What a seed draws never depends on the machine.
namespace test {

struct voxel_limits {
  std::int64_t batch = 5;
  std::int64_t points = 200;  ///< of all clouds together, about
  std::int64_t channels = 20;
};

/// Clouds of any shape, in place for a grid: at faces, beside them, between them, crowded, far away, not finite.
cloud_data draw_clouds(generator& random, voxel_limits const& limits, robocache::grid const& lattice);

/// A grid of awkward sizes.
robocache::grid draw_grid(generator& random);

/// Everything: clouds, grid, features, which results, types, options, what they hold before.
voxel_problem draw_voxels(generator& random, voxel_limits const& limits = {});

/// As `describe` of draw.hpp.
std::string describe(voxel_problem const& p);

}  // namespace test
