// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/params.hpp>
#include <robocache/series.hpp>

// Parameters of the kernels of `resample` and `locate`.
namespace robocache::detail {

/// How a launch goes about its rows.
enum class resample_mode : std::uint8_t {
  tiles,            ///< a block has a tile of rows: it locates them, then reads what they need
  one_row,          ///< a block has one row
  trajectory,       ///< a block has a whole trajectory, in shared memory
  bulk_trajectory,  ///< the same, copied by two instructions
};

/// Runs of bytes that a block of `bulk_trajectory` has.
struct bulk_params {
  int stamps_bytes;  ///< whole units, and they begin at a whole unit in memory
  int values_bytes;  ///< any number, from anywhere: all units that contain some of them are copied
  int results_bytes;
  int results_word;    ///< bytes of the words in which results are stored: 4, 8 or 16, aligned for each trajectory
  int results_offset;  ///< in shared memory
};

/// Parameters of `resample_kernel`.
/// @tparam Stamp  `kernel_stamp`
template <class Value, class Result, class Stamp>
struct resample_params {
  resample_mode mode;
  bool turns;  ///< tiles: values are angles
  int extra;   ///< one_row: bytes of values that a block prefetches; trajectory: where results begin in shared memory
  bulk_params bulk;
  blend_params<Value, Result> blend;
  locate_plan<Stamp> plan;  ///< last, because most of it is rarely read
};

/// Parameters of `locate_kernel`.
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

/// Parameters of the kernels of the methods beyond linear.
template <class Stamp>
struct method_params {
  method_mode mode;
  int results_offset;  ///< trajectory: where results begin in shared memory
  method_blend blend;
  locate_plan<Stamp> plan;
};

}  // namespace robocache::detail
