// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/voxelize_backward.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

std::int64_t voxelize_backward_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                       grid const& lattice, any_voxel_gradients const& gradients) {
  if (where == place::host) { return 0; }
  return visit_features(features, "gradients", gradients, [&](auto const& from, auto const& given) {
    return robocache::voxelize_backward_scratch(clouds, from, lattice, given);
  });
}

void voxelize_backward(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
                       any_voxel_gradients const& gradients, channel_order channels, any_feature_gradients const& out,
                       scratch const& memory, stream_handle cuda_stream) {
  visit_features(features, "gradients", gradients, [&](auto const& from, auto const& given) {
    auto const to = typed(out, from);
    require(where == place::host
                ? host::voxelize_backward(clouds, from, lattice, given, channels, to)
                : robocache::voxelize_backward(clouds, from, lattice, given, channels, to, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
