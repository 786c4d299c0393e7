// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/cropping.hpp>
#include <robocache/detail/points/packing.hpp>
#include <robocache/points.hpp>

namespace robocache::detail {

struct crop_points_params {
  point_clouds clouds;  ///< strides filled in
  std::int64_t rows;
  float const* poses;
  crop_box const* boxes;
  float const* normals;  ///< null without
  std::int64_t normal_stride;
  std::int64_t normal_batch_stride;
  float* points;
  float* out_normals;
  std::int64_t* offsets;
  std::int64_t* cropped;
  moved_rows features;
  packing_scratch own;
  std::uint32_t* kept;  ///< a bit for each row
};

}  // namespace robocache::detail
