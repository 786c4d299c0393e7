// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/bounds/bounds.hpp"
#include "support/device_call.hpp"
#include "support/device_space.hpp"

namespace test {

status find_bounds_views(robocache::point_clouds const& clouds, cloud_bounds* bounds) {
  using robocache::compiled::place;
  return finished([&] { robocache::compiled::find_bounds(place::device, clouds, bounds, device_space::stream()); });
}

found_bounds find_bounds(cloud_data const& clouds) { return run_find_bounds<device_space>(clouds, find_bounds_views); }

}  // namespace test
