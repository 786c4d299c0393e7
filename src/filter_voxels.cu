// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/filter_voxels.cuh>
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

std::int64_t filter_voxels_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                   filter_options const& options, any_filtered_output const& out) {
  if (where == place::host) { return 0; }
  return visit_features(features, "out", out, [&](auto const& from, auto const& to) {
    return robocache::filter_voxels_scratch(clouds, from, options, to);
  });
}

void filter_voxels(place where, point_clouds const& clouds, any_point_features const& features,
                   filter_options const& options, any_filtered_output const& out, scratch const& memory,
                   stream_handle cuda_stream) {
  visit_features(features, "out", out, [&](auto const& from, auto const& to) {
    require(where == place::host ? host::filter_voxels(clouds, from, options, to)
                                 : robocache::filter_voxels(clouds, from, options, to, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
