// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/append.hpp>
#include <robocache/detail/common/divisor.hpp>

// What the kernel of `append` is handed.
namespace robocache::detail {

/// Streams of one launch.
inline constexpr int appended_streams = 16;

template <class Stamp>
struct append_plan {
  Stamp* stamps;
  char* values;
  std::int64_t* written;
  Stamp const* new_stamps;
  char const* new_values;
  std::int64_t const* counts;
  std::uint8_t const* present;
  append_report* reports;
  int capacity;
  divisor capacities;  ///< the same, to divide by
  int rows;
  int lanes_log2;  ///< so many lanes have a trajectory
  int word;        ///< bytes in which values are moved
  divisor words;   ///< of a row
};

template <class Stamp>
struct append_params {
  std::int64_t batch;
  std::uint8_t const* resets;
  append_plan<Stamp> streams[appended_streams];
};

}  // namespace robocache::detail
