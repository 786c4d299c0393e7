// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/bounds/bounds.hpp"
#include "support/host_space.hpp"

namespace test {

found_bounds find_bounds(cloud_data const& clouds) {
  return run_find_bounds<host_space>(clouds, [](robocache::point_clouds const& view, cloud_bounds* bounds) {
    return robocache::host::find_bounds(view, bounds);
  });
}

status find_bounds_views(robocache::point_clouds const& clouds, cloud_bounds* bounds) {
  return robocache::host::find_bounds(clouds, bounds);
}

}  // namespace test
