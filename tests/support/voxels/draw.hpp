// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "support/cells/draw.hpp"
#include "support/voxels/problem.hpp"

/// Random calls of `voxelize_sparse`, `voxelize_gathered` and `filter_voxels`, as in cells/draw.hpp.
namespace test {

sparse_problem draw_sparse(generator& random, voxel_limits const& limits = {});

std::string describe(sparse_problem const& p);

}  // namespace test
