// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/policy_input/params.hpp>
#include <robocache/device/locate.cuh>
#include <robocache/dtype.hpp>
#include <robocache/rotation.hpp>
#include <robocache/timeline.hpp>

// What the kernel of `policy_input` for windows is handed: fusions whose windows have the same anchors.
namespace robocache::detail {

/// Fusions, streams, clocks and references of one launch; gaps between channels count as streams.
inline constexpr int window_fusions = 4;
inline constexpr int window_streams = 16;
inline constexpr int window_clocks = 12;
inline constexpr int window_references = 8;

/// What decides which samples a target reads. Streams that agree in it, of whatever fusion, are located once.
template <class Stamp>
struct window_clock {
  timeline<Stamp> source;
  device::locate_rules<Stamp> rules;
  Stamp latency;
  Stamp const* latencies;
  Stamp const* as_of;
  bool causal;
  int first_row;  ///< of a window's rows, those of fusions that read it, and references
  int end_row;
};

/// Where values are.
struct window_values {
  void const* values;
  std::int64_t batch_stride;  ///< in bytes
  int row_stride;             ///< in bytes
  std::uint8_t clock;
  bool is_rotation;
  bool is_slerp;  ///< a quaternion that is treated as channels
  dtype type;
  rotation_layout layout;
};

/// A stream of a fusion, or of several that do the same with it: the rows of these are neighbours.
template <class Stamp>
struct window_stream {
  window_values from;
  bool finishes;   ///< its values are scaled, shifted or clamped
  int lanes_log2;  ///< log2 of the lanes that share a row of results
  int first_row;   ///< of a window's rows, those that it has
  int end_row;     ///< ...
  int place;       ///< of its first channel in a row of results, in bytes
  input_stream<Stamp> of;
};

template <class Stamp>
struct window_reference {
  window_values from;
  Stamp at;
};

/// A fusion: `length` of the rows that each window has, after those of the fusions before.
template <class Stamp>
struct window_fusion {
  Stamp const* deltas;
  int first_row;
  int length;
  unsigned clocks;  ///< a bit for each that its streams read
  char* results;
  std::int64_t batch_stride;  ///< of results, in bytes
  std::int64_t row_stride;    ///< ...
  std::uint8_t* valid;
  std::int64_t valid_stride;
  std::uint8_t* all_valid;
};

template <class Stamp>
struct window_params {
  Stamp const* anchors;
  std::int64_t const* trajectory;
  int fusions;
  int streams;
  int clocks;
  int references;
  bool has_masks;
  int rows;            ///< of a window, of all fusions
  int tile_rows;       ///< of a tile, at most 32
  unsigned tiles;      ///< of all windows
  divisor tiles_each;  ///< of a window
  int together;        ///< clocks whose stamps are staged at the same time
  int room;            ///< bytes of a warp's shared memory for stamps, and for rows whose channels are made together
  int at_rotations;    ///< where the parts of a warp's shared memory lie, in bytes: see `window_memory`
  int at_sources;
  int at_places;
  int at_targets;
  int at_distinct;
  int at_flags;
  int warp_bytes;
  window_fusion<Stamp> fusion[window_fusions];
  window_clock<Stamp> clock[window_clocks];
  window_stream<Stamp> stream[window_streams];
  window_reference<Stamp> reference[window_references];
};

}  // namespace robocache::detail
