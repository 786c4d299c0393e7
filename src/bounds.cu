// SPDX-License-Identifier: Apache-2.0
#include <robocache/bounds.cuh>
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

void find_bounds(place where, point_clouds const& clouds, cloud_bounds* bounds, stream_handle cuda_stream) {
  require(where == place::host ? host::find_bounds(clouds, bounds)
                               : robocache::find_bounds(clouds, bounds, cuda_stream));
}

}  // namespace robocache::compiled
