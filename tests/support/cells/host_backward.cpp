// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/cells/backward.hpp"

namespace test {

feature_gradients voxelize_backward(voxel_backward_problem const& p) { return voxelize_backward_on_host(p); }

status voxelize_backward_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                               robocache::grid const& lattice, robocache::voxel_gradients<float> const& gradients,
                               channel_order channels, robocache::feature_gradients<float> const& out) {
  return robocache::host::voxelize_backward(clouds, features, lattice, gradients, channels, out);
}

}  // namespace test
