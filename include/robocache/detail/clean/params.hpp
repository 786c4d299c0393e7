// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/cleaning.hpp>
#include <robocache/dtype.hpp>
#include <robocache/series.hpp>
#include <robocache/timeline.hpp>

namespace robocache::detail {

/// What is known of the rows between launches. An element is a row that is still there, or may be: where rows are
/// sorted the place in the sorted list, else the row itself.
struct clean_scratch_pieces {
  std::uint64_t* orders;   ///< `[rows]`: `device::stamp_order`
  std::int32_t* owners;    ///< `[rows]`: the trajectory; -1: dropped, or no row
  std::uint8_t* steps;     ///< `[rows]`: of each element, 0: dropped, 1: kept, 2: a duplicate of one before it
  std::uint32_t* kept;     ///< `[rows]`: elements that are left
  std::uint8_t* turned;    ///< `[rows]`: of each of these, which quaternions have the other sign; null: none are mended
  void* tiles;             ///< of scans
  std::uint32_t* numbers;  ///< `[rows]`: the row of each element; null where that is itself
  std::uint32_t* counts;   ///< how many elements there are to be sorted, and how many rows are left
};

/// Without the type of stamps.
struct clean_params {
  std::int64_t rows;
  std::int64_t batch;
  std::int64_t length;  ///< of padded trajectories; 0 if packed
  void const* values;
  dtype type;
  std::int64_t channels;
  std::int64_t batch_stride;
  std::int64_t row_stride;
  int lanes;  ///< that look at a row
  clean_options options;
  clean_report* reports;
  std::int64_t* offsets;
  std::int64_t* source_rows;
  void* out_values;
  clean_scratch_pieces own;
};

template <class Stamp>
struct stamped_clean_params {
  timeline<Stamp> when;
  Stamp* stamps;
  clean_params rest;
};

}  // namespace robocache::detail
