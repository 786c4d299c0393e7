// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "support/cells/memory.hpp"

/// `find_bounds` under test.
namespace test {

using robocache::cloud_bounds;

/// What one call left.
struct found_bounds {
  status state{};
  std::vector<cloud_bounds> bounds{};
  std::string trouble{};
};

/// On the side under test.
found_bounds find_bounds(cloud_data const& clouds);

/// The call alone, with a view that a test made by hand: for calls that are refused.
status find_bounds_views(robocache::point_clouds const& clouds, cloud_bounds* bounds);

/// Puts the clouds into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param call  `status(point_clouds const&, cloud_bounds*)`, which returns when the bounds are written
template <class Space, class Call>
found_bounds run_find_bounds(cloud_data const& clouds, Call call) {
  voxel_problem p;
  p.clouds = clouds;
  cloud_memory<Space> const memory(p);
  guarded<Space> const bounds(nullptr, std::size_t(clouds.batch) * sizeof(cloud_bounds));
  found_bounds o;
  o.state = call(memory.clouds(), static_cast<cloud_bounds*>(bounds.data()));
  auto const bytes = bounds.read("bounds", o.trouble);
  o.bounds.resize(bytes.size() / sizeof(cloud_bounds));
  if (!bytes.empty()) { std::memcpy(o.bounds.data(), bytes.data(), bytes.size()); }
  memory.check(o.trouble);
  return o;
}

}  // namespace test
