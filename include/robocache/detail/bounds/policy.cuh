// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Tuning constants of `find_bounds`. They change the speed, never a result. No other numbers have been measured; with
// these, 16 M points take 70 us on an H100, 1.07 times as long as copying them.
namespace robocache::detail {

/// Threads of a block.
inline constexpr int bounds_threads = 256;

/// Blocks that a multiprocessor holds at a time.
inline constexpr int bounds_blocks = 6;

/// Points that a thread has in flight.
inline constexpr int bounds_points = 4;

/// Rows that each warp takes where `warps` share them: enough to keep a warp's loads together.
constexpr std::int64_t bounds_rows_each(std::int64_t rows, std::int64_t warps) noexcept {
  constexpr std::int64_t at_once = 32 * bounds_points;
  std::int64_t const shares = (rows + at_once - 1) / at_once;
  return (shares + warps - 1) / warps * at_once;
}

}  // namespace robocache::detail
