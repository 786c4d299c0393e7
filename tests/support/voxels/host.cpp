// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/voxels/voxels.hpp"

namespace test {

sparse_voxelized voxelize(sparse_problem const& p) { return voxelize_on_host(p); }

status sparse_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                    robocache::grid const& lattice, robocache::sparse_output<float> const& out,
                    robocache::sparse_options const& options) {
  return robocache::host::voxelize_sparse(clouds, features, lattice, out, options);
}

status gathered_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                      robocache::grid const& lattice, robocache::gathered_output<float> const& out,
                      robocache::gather_options const& options) {
  return robocache::host::voxelize_gathered(clouds, features, lattice, out, options);
}

status filter_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                    robocache::filter_options const& options, robocache::filtered_output<float> const& out) {
  return robocache::host::filter_voxels(clouds, features, options, out);
}

}  // namespace test
