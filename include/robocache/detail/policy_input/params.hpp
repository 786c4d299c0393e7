// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/derivative.hpp>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/device/locate.cuh>
#include <robocache/dtype.hpp>
#include <robocache/rotation.hpp>
#include <robocache/timeline.hpp>

// What the kernel of `policy_input` is handed.
namespace robocache::detail {

/// Streams, references and fusions of one launch; gaps between channels count as streams.
inline constexpr int input_streams = 16;
inline constexpr int input_references = 16;
inline constexpr int input_fusions = 8;

/// How a stream's values are dealt out to the threads of a block.
enum class input_path : std::uint8_t {
  whole_rows,  ///< a row each
  vectors,     ///< of straight methods, 16 bytes of values each
  lines,       ///< of straight methods, a channel of some rows each
  channels,    ///< of the rest, a channel of a row each
};

/// What is read of a stream.
template <class Stamp>
struct input_reader {
  bool causal;
  bool is_rotation;
  dtype type;
  rotation_layout layout;
  device::locate_rules<Stamp> rules;
  Stamp latency;
  Stamp const* latencies;
  void const* values;
  std::int64_t batch_stride;
  std::int64_t row_stride;
  std::int64_t channels;
  timeline<Stamp> source;
};

/// When and for which windows a reference is read.
template <class Stamp>
struct input_reference {
  timeline<Stamp> windows;
  Stamp at;
};

/// What becomes of a stream's values.
template <class Stamp>
struct input_stream {
  input_path path;
  derivative_order order;
  bool passes;  ///< samples of a rotation stay as they are
  bool sin_cos;
  bool world_frame;
  float ticks_per_second;
  std::uint8_t aligned;  ///< bytes to which all vectors of results are
  std::int8_t to;        ///< the reference, counted inside the fusion; -1: none
  std::int8_t frame;     ///< so
  quaternion_sign sign;
  dtype result_type;
  rotation_layout layout;  ///< of results
  int mask;                ///< its place in a row of the valid mask; -1: a gap, which has none
  float fill;
  divisor line;  ///< vectors of a row of values, or channels; of `lines` at most the threads of a block
  std::int64_t result_channels;
  void* results;
  std::int64_t batch_stride;  ///< of results, so are the rest
  std::int64_t row_stride;
  float const* scale;
  float const* shift;
  std::int64_t affine_stride;
  float const* low;
  float const* high;
};

/// A fusion: its streams and references are neighbours.
template <class Stamp>
struct input_fusion {
  timeline<Stamp> target;
  std::int64_t rows;  ///< of all trajectories
  divisor length;     ///< of the targets, if that is below 2^31
  std::int64_t end;   ///< of its blocks
  int tile_rows;
  int first_stream;
  int streams;
  int first_reference;
  int references;
  bool together;        ///< a tile has so few windows that a warp locates each of them
  bool continues;       ///< `all_valid` holds what the launches before made of it
  std::uint8_t* valid;  ///< null or `[rows, valid_stride]`
  std::int64_t valid_stride;
  std::uint8_t* all_valid;
  Stamp* ages;  ///< null or `[rows, valid_stride]`
};

template <class Stamp>
struct input_params {
  int fusions;
  input_fusion<Stamp> fusion[input_fusions];
  input_reader<Stamp> reader[input_streams + input_references];  ///< of streams, then of references
  input_stream<Stamp> stream[input_streams];
  input_reference<Stamp> reference[input_references];
};

}  // namespace robocache::detail
