// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/filter_voxels.cuh>
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {
namespace {

/// Calls `visitor(typed features, typed output)`.
template <class Visitor>
void visit_filtered(any_point_features const& features, any_filtered_output const& out, Visitor&& visitor) {
  visit_floats("features", features.type, [&](auto value) {
    visit_floats("out", out.type, [&](auto result) {
      using Result = typename decltype(result)::type;
      visitor(typed<typename decltype(value)::type>(features),
              filtered_output<Result>{out.capacity, out.points, static_cast<Result*>(out.features), out.count,
                                      out.voxel_offsets, out.point_voxels, out.dropped, out.overflow});
    });
  });
}

}  // namespace

std::int64_t filter_voxels_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                   filter_options const& options, any_filtered_output const& out) {
  std::int64_t bytes = 0;
  if (where == place::host) { return bytes; }
  visit_filtered(features, out, [&](auto const& from, auto const& to) {
    bytes = robocache::filter_voxels_scratch(clouds, from, options, to);
  });
  return bytes;
}

void filter_voxels(place where, point_clouds const& clouds, any_point_features const& features,
                   filter_options const& options, any_filtered_output const& out, scratch const& memory,
                   stream_handle cuda_stream) {
  visit_filtered(features, out, [&](auto const& from, auto const& to) {
    require(where == place::host ? host::filter_voxels(clouds, from, options, to)
                                 : robocache::filter_voxels(clouds, from, options, to, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
