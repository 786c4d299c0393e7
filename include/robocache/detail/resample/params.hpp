// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/params.hpp>
#include <robocache/series.hpp>

// What the kernels of `resample` and `locate` are handed.
namespace robocache::detail {

/// How a launch goes about its rows.
enum class resample_mode : std::uint8_t {
  tiles,            ///< a block has a tile of rows: locate them, then read what they need
  one_row,          ///< a block has one row
  trajectory,       ///< a block has a whole trajectory, in shared memory
  bulk_trajectory,  ///< the same, which comes by two instructions
};

/// Runs of bytes that a block of `bulk_trajectory` has.
struct bulk_params {
  int stamps_bytes;  ///< whole units, as is where they begin in memory
  int values_bytes;  ///< any number, from anywhere: what comes are the units that have some of them
  int results_bytes;
  int results_word;    ///< bytes of the words that results leave in, 4, 8 or 16: they suit each trajectory
  int results_offset;  ///< in shared memory
};

/// What `resample_kernel` is handed.
/// @tparam Stamp  `kernel_stamp`
template <class Value, class Result, class Stamp>
struct resample_params {
  resample_mode mode;
  bool turns;  ///< tiles: values are angles
  int extra;   ///< one_row: bytes of values that a block prefetches; trajectory: where results begin in shared memory
  bulk_params bulk;
  blend_params<Value, Result> blend;
  locate_plan<Stamp> plan;  ///< last: most of it is cold
};

/// What `locate_kernel` is handed.
template <class Stamp>
struct locate_params {
  locate_plan<Stamp> plan;
  located out;
};

/// How a launch by a method beyond linear goes about its rows.
enum class method_mode : std::uint8_t {
  vectors,     ///< a block has a tile of rows, and reads them in vectors of 16 bytes
  scalars,     ///< the same, for rows that are not whole vectors, and for slerp
  trajectory,  ///< a block has a whole trajectory, in shared memory
};

/// What the kernels of the methods beyond linear are handed.
template <class Stamp>
struct method_params {
  method_mode mode;
  int results_offset;  ///< trajectory: where results begin in shared memory
  method_blend blend;
  locate_plan<Stamp> plan;
};

}  // namespace robocache::detail
