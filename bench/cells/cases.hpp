// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>

#include "support/requirement.hpp"

namespace robocache::bench {

enum class operation : std::uint8_t { voxelize, voxelize_backward, find_bounds };

/// Where points come from. The first three are drawn, for a grid over the unit cube, the next two for one in metres;
/// the others are recordings.
enum class scene : std::uint8_t {
  uniform,     ///< U(-0.02, 1.02) on each axis: about 11 % are outside
  inside,      ///< U(0, 1) on each axis
  scan,        ///< 64 rings of a lidar in a round room, one point next to the other
  street,      ///< x y z intensity: what 64 rings of a lidar see of a street in the quarter ahead
  square,      ///< x y z intensity: ten whole turns of it, driving across a wide square
  table,       ///< a depth camera's frame, row by row, a third of it NaN
  lidar,       ///< a sweep of 70 k points, x y z intensity
  lidar_wide,  ///< a sweep of 120 k points, x y z, that sees farther
};

/// What a call may be asked for; in a backward pass, what the gradients are of.
enum class result : std::uint8_t { count, occupied, occupied_bits, mean, max, min, dropped };

inline constexpr int result_kinds = 7;

constexpr char const* name_of(result kind) {
  switch (kind) {
    case result::count: return "count";
    case result::occupied: return "occupied";
    case result::occupied_bits: return "occupied_bits";
    case result::mean: return "mean";
    case result::max: return "max";
    case result::min: return "min";
    case result::dropped: return "dropped";
  }
  return "?";
}

/// One line of the table.
struct voxelize_case {
  scene from = scene::uniform;
  std::int64_t points = 0;  ///< of a cloud, about where there are several; of recordings: 0
  std::int64_t cells = 0;   ///< per axis; recordings: 0, their grid is sized by `cell_size` and their bounds
  std::vector<result> wanted;
  std::int64_t channels = 0;  ///< recordings: 0, a point's features are its own numbers
  requirement required{};

  operation what = operation::voxelize;
  std::int64_t batch = 1;  ///< packed where more than one
  float cell_size = 0.0f;
  dtype value = dtype::float32;  ///< of features and what is made of them
  summation sums = summation::ordered;
  channel_order order = channel_order::last;
  bool split = false;       ///< also timed as several calls, each for one of the results
  bool one_by_one = false;  ///< calls are also timed one at a time
  bool hot = false;         ///< one set of buffers, so that what fits stays in L2; else they rotate

  bool wants(result kind) const { return std::find(wanted.begin(), wanted.end(), kind) != wanted.end(); }
  bool reduces() const { return wants(result::mean) || wants(result::max) || wants(result::min); }
  bool recorded() const { return from >= scene::table; }
};

char const* name_of(scene from);

/// "1M", "100k".
std::string short_number(std::int64_t n);

/// "voxelize/mean/fp32/N:1M/C:16/inside/G:64x64x64/cold"; what differs from the plain case is named before the last
/// part.
std::string name_of(voxelize_case const& one);

/// All cases.
std::vector<voxelize_case> all_voxelize_cases();

/// A small count, on which the host time of one call is measured.
voxelize_case small_count();

}  // namespace robocache::bench
