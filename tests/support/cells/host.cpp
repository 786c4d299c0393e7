// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/cells/cells.hpp"

namespace test {

voxelized voxelize(voxel_problem const& p) { return voxelize_on_host(p); }

status voxelize_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                      robocache::grid const& lattice, robocache::voxel_output<float> const& out,
                      robocache::voxel_options const& options) {
  return robocache::host::voxelize(clouds, features, lattice, out, options);
}

}  // namespace test
