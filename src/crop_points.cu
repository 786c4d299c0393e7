// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/crop_points.cuh>
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

std::int64_t crop_points_scratch(place where, point_clouds const& clouds) {
  return where == place::host ? 0 : robocache::crop_points_scratch(clouds);
}

void crop_points(place where, point_clouds const& clouds, any_point_features const& features,
                 crop_options const& options, any_cropped_output const& out, scratch const& memory,
                 stream_handle cuda_stream) {
  visit_value("features", features.type, [&](auto value) {
    using Value = typename decltype(value)::type;
    auto const from = typed<Value>(features);
    auto const to = typed<Value>(out);
    require(where == place::host ? host::crop_points(clouds, from, options, to)
                                 : robocache::crop_points(clouds, from, options, to, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
