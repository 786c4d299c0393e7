// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/voxelize.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {
namespace {

/// Calls `visitor(typed features, typed output)`.
template <class Visitor>
void visit_voxels(any_point_features const& features, any_voxel_output const& out, Visitor&& visitor) {
  visit_floats("features", features.type, [&](auto value) {
    visit_floats("out", out.type, [&](auto result) {
      using Result = typename decltype(result)::type;
      visitor(typed<typename decltype(value)::type>(features),
              voxel_output<Result>{out.count, out.occupied, out.occupied_type, out.occupied_bits,
                                   static_cast<Result*>(out.sum), static_cast<Result*>(out.mean),
                                   static_cast<Result*>(out.max), static_cast<Result*>(out.min), out.dropped});
    });
  });
}

}  // namespace

std::int64_t voxelize_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                              grid const& lattice, any_voxel_output const& out, voxel_options const& options) {
  std::int64_t bytes = 0;
  if (where == place::host) { return bytes; }
  visit_voxels(features, out, [&](auto const& from, auto const& to) {
    bytes = robocache::voxelize_scratch(clouds, from, lattice, to, options);
  });
  return bytes;
}

void voxelize(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
              any_voxel_output const& out, voxel_options const& options, scratch const& memory,
              stream_handle cuda_stream) {
  visit_voxels(features, out, [&](auto const& from, auto const& to) {
    require(where == place::host ? host::voxelize(clouds, from, lattice, to, options)
                                 : robocache::voxelize(clouds, from, lattice, to, options, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
