// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/device/locate.cuh>
#include <robocache/dtype.hpp>
#include <robocache/options.hpp>
#include <robocache/timeline.hpp>

// What kernels are handed: trivially copyable, passed by value in the parameter bank.
namespace robocache::detail {

/// How the target rows are cut into tiles, one a block.
struct tiling {
  divisor tiles_each;        ///< aligned: tiles a trajectory
  int rows = 1;              ///< rows of a tile; the last one of a trajectory, or of all, may have fewer
  bool aligned = false;      ///< no tile crosses from one trajectory into the next
  bool single = false;       ///< tiles have one row for want of targets
  std::int64_t length = 0;   ///< targets a trajectory; unused if they are packed
  std::int64_t targets = 0;  ///< rows of all trajectories together
  std::int64_t tiles = 0;
};

/// All that locating needs. Cold lines of the parameter bank cost a few hundred cycles each, so what the plain case
/// reads stands together, and the whole timelines behind it.
template <class Stamp>
struct locate_plan {
  bool plain;  ///< stored stamps, sources of one length, targets likewise or packed: what is kept short
  device::locate_rules<Stamp> rules;
  tiling tiles;
  int plain_length;  ///< samples a trajectory
  Stamp const* plain_stamps;
  std::int64_t plain_stamps_stride;
  Stamp const* plain_targets;
  std::int64_t plain_targets_stride;
  timeline<Stamp> target;
  timeline<Stamp> source;
};

template <class Stamp>
locate_plan<Stamp> make_locate_plan(timeline<Stamp> const& source, timeline<Stamp> const& target,
                                    resample_options<Stamp> const& options, tiling const& tiles) {
  auto const plain = [](timeline<Stamp> const& when) { return when.stored() && when.lengths == nullptr; };
  return {plain(source) && !source.packed() && source.length > 0 && plain(target) &&
              (tiles.aligned || (target.packed() && target.batch <= INT32_MAX)),
          device::rules_of(options),
          tiles,
          static_cast<int>(source.length),
          source.stamps,
          source.stride,
          target.stamps,
          target.stride,
          target,
          source};
}

/// What blending a tile is told: values, results and how they lie, strides in elements.
template <class Value, class Result>
struct blend_params {
  Value const* values;
  Result* results;
  std::uint8_t* valid;
  std::int64_t values_batch_stride;
  std::int64_t results_batch_stride;
  std::int64_t values_row_stride;
  std::int64_t results_row_stride;
  bool target_packed;
  Result fill;
  divisor chunk;              ///< vectors of a row that one block handles
  std::int64_t vectors_each;  ///< vectors of a row
};

/// `blend_params`, for results whose type is a value.
struct method_blend {
  void const* values;
  void* results;
  std::uint8_t* valid;
  std::int64_t values_batch_stride;
  std::int64_t results_batch_stride;
  std::int64_t values_row_stride;
  std::int64_t results_row_stride;
  interpolation method;
  dtype result_type;
  bool target_packed;
  float fill;
  divisor chunk;              ///< vectors of a row that one block handles; slerp: 1
  std::int64_t vectors_each;  ///< vectors of a row
};

}  // namespace robocache::detail
