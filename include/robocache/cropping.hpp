// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/points.hpp>

namespace robocache {

/// The part of the world that a cloud is cropped to: points with `low <= x < high` along all three axes. A NaN is in no
/// box.
struct crop_box {
  float low[3];
  float high[3];
};

/// The rules of `crop_points`. Pointers are to memory of the side that computes.
struct crop_options {
  float const* poses = nullptr;     ///< optional `[B, 3, 4]`, row by row: the rotation and, last in a row, the shift
  crop_box const* boxes = nullptr;  ///< optional `[B]`: behind the pose
  point_features<float> normals{};  ///< optional, of three channels: turned by the pose's rotation, and not shifted
};

/// Where `crop_points` puts the points that are kept: packed, cloud behind cloud, in their order. There is room for all
/// points; memory behind the last one that is kept is not touched. Apart from the input, and from each other.
///
/// @tparam Value  of the features
template <class Value>
struct cropped_output {
  static_assert(sizeof(detail::result_type<Value>) > 0);

  float* points = nullptr;          ///< `[rows, 3]`
  float* normals = nullptr;         ///< `[rows, 3]`; null without normals
  Value* features = nullptr;        ///< `[rows, C]`, moved unchanged; null without features
  std::int64_t* offsets = nullptr;  ///< `[B + 1]`: cloud b owns rows `offsets[b]` to `offsets[b + 1]`
  std::int64_t* cropped = nullptr;  ///< optional `[B]`: how many points of each cloud were not kept
};

}  // namespace robocache
