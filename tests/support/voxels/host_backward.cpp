// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/voxels/backward.hpp"

namespace test {

feature_gradients voxelize_backward(sparse_backward_problem const& p) { return voxelize_backward_on_host(p); }

status sparse_backward_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                             robocache::sparse_voxels const& voxels, robocache::voxel_gradients<float> const& gradients,
                             robocache::feature_gradients<float> const& out) {
  return robocache::host::voxelize_sparse_backward(clouds, features, voxels, gradients, out);
}

status gathered_backward_views(robocache::point_clouds const& clouds, std::int64_t channels,
                               std::int64_t const* point_slots, float const* gradients,
                               robocache::feature_gradients<float> const& out) {
  return robocache::host::voxelize_gathered_backward(clouds, channels, point_slots, gradients, out);
}

}  // namespace test
