// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/cleaning.hpp>
#include <robocache/dtype.hpp>
#include <robocache/series.hpp>
#include <robocache/timeline.hpp>

namespace robocache::detail {

/// What launches tell each other about rows. An element is a row that is, or may be, still there: where rows are
/// sorted it is the place in the sorted list, else the row itself.
struct clean_scratch_pieces {
  std::uint64_t* orders;   ///< `[rows]`: `device::stamp_order`
  std::int32_t* owners;    ///< `[rows]`: the trajectory; -1: dropped, or no row
  std::uint8_t* steps;     ///< `[rows]`: for each element, 0: dropped, 1: kept, 2: a duplicate of an earlier one
  std::uint32_t* kept;     ///< `[rows]`: elements that are left
  std::uint8_t* turned;    ///< `[rows]`: for each of these, which quaternions change sign; null: signs are left alone
  void* tiles;             ///< of scans
  std::uint32_t* numbers;  ///< `[rows]`: the row of each element; null where that is itself
  std::uint32_t* counts;   ///< the number of elements to be sorted, and of rows that are left
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
  int lanes;  ///< that read a row together
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
