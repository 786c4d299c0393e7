// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/voxelize.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

std::int64_t voxelize_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                              grid const& lattice, any_voxel_output const& out, voxel_options const& options) {
  if (where == place::host) { return 0; }
  return visit_features(features, "out", out, [&](auto const& from, auto const& to) {
    return robocache::voxelize_scratch(clouds, from, lattice, to, options);
  });
}

void voxelize(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
              any_voxel_output const& out, voxel_options const& options, scratch const& memory,
              stream_handle cuda_stream) {
  visit_features(features, "out", out, [&](auto const& from, auto const& to) {
    require(where == place::host ? host::voxelize(clouds, from, lattice, to, options)
                                 : robocache::voxelize(clouds, from, lattice, to, options, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
