// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/voxels.hpp>

#include "cells/cases.hpp"
#include "support/requirement.hpp"

namespace robocache::bench {

enum class voxels_operation : std::uint8_t { sparse, gathered, filter };

/// What a call may be asked for.
enum class voxels_result : std::uint8_t {
  values,  ///< means, gathered values, the features of filtered points
  points,  ///< filtered ones
  coordinates,
  count,
  voxel_offsets,
  point_voxels,
};

inline constexpr int voxels_result_kinds = 6;
inline constexpr voxels_result all_voxels_results[] = {voxels_result::values,        voxels_result::points,
                                                       voxels_result::coordinates,   voxels_result::count,
                                                       voxels_result::voxel_offsets, voxels_result::point_voxels};

constexpr char const* name_of(voxels_result kind) {
  switch (kind) {
    case voxels_result::values: return "values";
    case voxels_result::points: return "points";
    case voxels_result::coordinates: return "coordinates";
    case voxels_result::count: return "count";
    case voxels_result::voxel_offsets: return "voxel_offsets";
    case voxels_result::point_voxels: return "point_voxels";
  }
  return "?";
}

/// One line of the table; FP32 throughout.
struct voxels_case {
  voxels_operation what = voxels_operation::sparse;
  scene from = scene::inside;
  std::int64_t points = 0;    ///< of a cloud, about where there are several; of recordings: 0
  std::int64_t channels = 0;  ///< 4: a point's own x y z intensity; others are stored separately. Filters: 0
  requirement required{};

  std::int64_t batch = 1;       ///< packed where more than one
  std::int64_t max_points = 0;  ///< gathered: of a voxel
  std::int64_t max_voxels = 0;  ///< gathered: of a cloud
  float leaf = 0.0f;            ///< filter: the size of a voxel
  voxel_order order = voxel_order::first_point;
  bool point_voxels = false;  ///< also the voxel of each point
  bool one_by_one = false;    ///< calls are also timed one at a time
  bool hot = false;           ///< one set of buffers, so that what fits stays in L2; else they rotate

  bool recorded() const { return from >= scene::table; }
  bool owns_features() const { return channels == 4; }
  bool wants(voxels_result kind) const {
    switch (kind) {
      case voxels_result::values: return what != voxels_operation::filter || from == scene::lidar;
      case voxels_result::points: return what == voxels_operation::filter;
      case voxels_result::coordinates: return what != voxels_operation::filter;
      case voxels_result::point_voxels: return point_voxels;
      default: return true;
    }
  }
};

/// "voxelize_sparse/mean/fp32/N:250k/C:4/square/hot"; what differs from the plain case is named before the last part.
std::string name_of(voxels_case const& one);

/// All cases.
std::vector<voxels_case> all_voxels_cases();

/// A small one, on which the host time of one call is measured.
voxels_case small_sparse();

}  // namespace robocache::bench
