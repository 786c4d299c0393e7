// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <robocache/camera.hpp>

#include "support/requirement.hpp"

namespace robocache::bench {

/// What becomes of the images.
enum class unprojection : std::uint8_t {
  packed,   ///< `unproject`
  dense,    ///< `unproject_dense`
  crop,     ///< the points are there, as packed clouds of 4 floats: `crop_points`
  samples,  ///< a whole observation: `unproject`, and 1,024 farthest points of each cloud
};

enum class crop_part : std::uint8_t { all, half, tenth };

/// One line of the table: images of 480 x 640 that are posed and cropped, `uint16` millimetres.
struct unproject_case {
  std::int64_t batch = 32;
  std::int64_t views = 2;
  unprojection becomes = unprojection::packed;
  depth_kind kind = depth_kind::axis;
  crop_part kept = crop_part::all;  ///< which part of the points the box holds
  std::int64_t channels = 0;        ///< of features, `uint8` images
  channel_order order = channel_order::last;
  requirement required{};
};

inline constexpr std::int64_t observation_samples = 1024;
inline constexpr std::int64_t image_height = 480, image_width = 640;

/// "unproject/B:32/V:2/480x640/cold"; what differs from the plain case is named before the last part.
std::string name_of(unproject_case const& one);

std::vector<unproject_case> all_unproject_cases();

/// A small one, on which the host time of one call is measured.
unproject_case small_unprojection();

}  // namespace robocache::bench
