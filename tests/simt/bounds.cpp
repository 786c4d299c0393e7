// SPDX-License-Identifier: Apache-2.0
#include "support/bounds/bounds.hpp"

#include <cuda_runtime_api.h>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"

#include <robocache/bounds.cuh>

namespace test {

status find_bounds_views(robocache::point_clouds const& clouds, cloud_bounds* bounds) {
  return robocache::find_bounds(clouds, bounds, nullptr);
}

found_bounds find_bounds(cloud_data const& clouds) { return run_find_bounds<host_space>(clouds, find_bounds_views); }

}  // namespace test
