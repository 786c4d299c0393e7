// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/points.hpp>

namespace robocache::detail {

struct bounds_params {
  point_clouds clouds;  ///< strides filled in
  cloud_bounds* bounds;
  std::int64_t rows_each;  ///< rows that a warp takes
};

}  // namespace robocache::detail
