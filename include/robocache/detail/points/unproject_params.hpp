// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/camera.hpp>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/points/packing.hpp>

namespace robocache::detail {

/// Images without their type.
struct unproject_params {
  void const* depth;
  depth_dtype type;
  std::int64_t batch;
  std::uint32_t views;
  std::uint32_t width;
  std::uint32_t pixels;      ///< of an image
  std::uint32_t tiles_each;  ///< of an image: no tile is of two
  std::uint32_t tiles;
  divisor by_width;
  divisor by_tiles;
  divisor by_views;
  float const* intrinsics;
  float const* poses;
  unproject_options options;  ///< `far` finite
  float* points;
  std::uint8_t* valid;    ///< dense
  std::int64_t* offsets;  ///< packed
  unprojection_report* reports;
  moved_rows features;  ///< a batch step from image to image
  packing_scratch own;  ///< packed
};

}  // namespace robocache::detail
