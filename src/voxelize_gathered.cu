// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/voxelize_gathered.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {
namespace {

/// Calls `visitor(typed features, typed output)`.
template <class Visitor>
void visit_gathered(any_point_features const& features, any_gathered_output const& out, Visitor&& visitor) {
  visit_floats("features", features.type, [&](auto value) {
    visit_floats("out", out.type, [&](auto result) {
      using Result = typename decltype(result)::type;
      visitor(typed<typename decltype(value)::type>(features),
              gathered_output<Result>{out.capacity, out.max_points, static_cast<Result*>(out.values), out.coordinates,
                                      out.count, out.voxel_offsets, out.point_slots, out.dropped, out.overflow});
    });
  });
}

}  // namespace

std::int64_t voxelize_gathered_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                       grid const& lattice, any_gathered_output const& out,
                                       gather_options const& options) {
  std::int64_t bytes = 0;
  if (where == place::host) { return bytes; }
  visit_gathered(features, out, [&](auto const& from, auto const& to) {
    bytes = robocache::voxelize_gathered_scratch(clouds, from, lattice, to, options);
  });
  return bytes;
}

void voxelize_gathered(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
                       any_gathered_output const& out, gather_options const& options, scratch const& memory,
                       stream_handle cuda_stream) {
  visit_gathered(features, out, [&](auto const& from, auto const& to) {
    require(where == place::host
                ? host::voxelize_gathered(clouds, from, lattice, to, options)
                : robocache::voxelize_gathered(clouds, from, lattice, to, options, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
