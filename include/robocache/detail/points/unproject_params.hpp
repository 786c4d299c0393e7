// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/camera.hpp>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/points/packing.hpp>

namespace robocache::detail {

/// Pixels that a warp counts, and packs, together: four of each lane, one behind the other.
inline constexpr std::uint32_t pixels_of_run = 128;

/// Runs of a tile. The last ones of an image may be shorter, or empty.
inline constexpr std::uint32_t runs_of_tile = 32;

/// Images without their type.
struct unproject_params {
  void const* depth;
  depth_dtype type;
  bool fours;  ///< four depths may be loaded at once
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
  std::uint8_t* kept;   ///< packed, `[tiles, 32]`: how many pixels of each run
};

}  // namespace robocache::detail
