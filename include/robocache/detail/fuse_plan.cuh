// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/method_rows.cuh>
#include <robocache/detail/plan.cuh>
#include <robocache/detail/resample_policy.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/dtype.hpp>
#include <robocache/timeline.hpp>

// What the kernel of `fuse` is handed.
namespace robocache::detail {

/// Streams of one launch, gaps between their channels counted.
inline constexpr int fused_streams = 16;

/// `method_blend` and what a fusion adds.
struct stream_blend : method_blend {
  dtype value_type;
  bool wide;             ///< the values' rows are whole vectors of 16 bytes
  std::uint8_t aligned;  ///< bytes to which the results' rows are, 16 at most
  float const* scale;
  float const* shift;
};

template <class Stamp>
struct stream_plan {
  bool plain;  ///< stored stamps, as many a trajectory, and no tile has rows of two of them
  bool causal;
  int mask;  ///< its place in a row of the valid mask; -1: a gap, which has none
  device::locate_rules<Stamp> rules;
  Stamp latency;
  stream_blend blend;
  timeline<Stamp> source;
};

template <class Stamp>
struct fuse_params {
  int count;       ///< streams of this launch
  int slots;       ///< stamps that a warp can stage
  bool one_row;    ///< tiles have one row: a warp has that row of one stream
  bool alone;      ///< trajectories have so few targets that each lane searches alone
  bool continues;  ///< `all_valid` holds what the launches before made of it
  tiling tiles;
  std::uint8_t* valid;  ///< null or `[rows, valid_stride]`
  std::int64_t valid_stride;
  std::uint8_t* all_valid;
  timeline<Stamp> target;
  stream_plan<Stamp> streams[fused_streams];
};

}  // namespace robocache::detail
