// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/common/check.hpp>
#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/points.hpp>
#include <robocache/status.hpp>

namespace robocache::detail {

/// Everything that `find_bounds` checks, on the host and on the device alike.
inline status check_bounds(point_clouds const& clouds, cloud_bounds const* bounds) {
  status const s = check_clouds(clouds);
  return s.ok() ? check_pointer("bounds", "", bounds, clouds.batch, alignof(cloud_bounds)) : s;
}

}  // namespace robocache::detail
