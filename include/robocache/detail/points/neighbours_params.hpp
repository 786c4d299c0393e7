// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/points.hpp>
#include <robocache/sampling.hpp>

namespace robocache::detail {

struct neighbours_params {
  point_clouds queries;  ///< strides filled in, as of the clouds
  point_clouds clouds;
  std::int64_t k;
  float squared_radius;
  neighbour_output out;
  int lanes;  ///< that share a query: a power of two up to 32
};

}  // namespace robocache::detail
