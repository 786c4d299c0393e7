// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/params.hpp>
#include <robocache/device/locate.cuh>
#include <robocache/dtype.hpp>
#include <robocache/timeline.hpp>

// Parameters of the kernels of `fuse`.
namespace robocache::detail {

/// Streams of one launch, gaps between their channels counted.
inline constexpr int fused_streams = 16;

/// `method_blend`, and what a fusion needs besides.
struct stream_blend : method_blend {
  dtype value_type;
  bool wide;                ///< the values' rows are whole vectors of 16 bytes
  std::uint8_t aligned;     ///< alignment of all vectors of results in bytes, 16 at most
  std::uint8_t vector;      ///< in runs: channels per word, 2 if both are read at once, or 1
  std::uint8_t lanes_log2;  ///< in runs: log2 of the lanes that share a row of at most 32 words
  std::int64_t channels;
  float const* scale;
  float const* shift;
};

template <class Stamp>
struct stream_plan {
  bool together;  ///< stamps are stored, and no tile has rows of two trajectories
  bool plain;     ///< the same, and trajectories are equally long and each has its own targets, none of them padding
  bool causal;
  bool has_samples;  ///< there is a row of values
  bool pinned;       ///< its rows are copied to shared memory before they are blended
  int mask;          ///< its place in a row of the valid mask; -1: a gap, which has none
  device::locate_rules<Stamp> rules;
  Stamp latency;
  stream_blend blend;
  timeline<Stamp> source;
};

/// Results of neighbouring rows as one run of bytes: where rows are not whole vectors, a warp assembles a run in
/// shared memory and stores it as a whole.
struct result_run {
  int rows;       ///< of a run at most; 0: each vector is stored by itself
  int row_bytes;  ///< of a row; rows are contiguous
  char* results;
  int together;    ///< streams whose stamps are staged at the same time; 0: none is located this way
  int abreast;     ///< log2 of how many streams of a tile the lanes of a warp locate at the same time
  int room;        ///< bytes of shared memory per warp for results or stamps
  int warp_bytes;  ///< of shared memory per warp in all
};

template <class Stamp>
struct fuse_params {
  int count;       ///< streams of this launch
  int slots;       ///< stamps that a warp can stage
  bool one_row;    ///< tiles have one row: a warp handles that row of one stream
  bool alone;      ///< trajectories have so few targets that each lane searches by itself
  bool continues;  ///< `all_valid` holds the result of the launches before
  tiling tiles;
  result_run run;
  std::uint8_t* valid;  ///< null or `[rows, valid_stride]`
  std::int64_t valid_stride;
  std::uint8_t* all_valid;
  timeline<Stamp> target;
  stream_plan<Stamp> streams[fused_streams];
  int staged_bytes;  ///< of shared memory, for rows of pinned streams
};

}  // namespace robocache::detail
