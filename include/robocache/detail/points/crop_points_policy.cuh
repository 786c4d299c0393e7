// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tuning of `crop_points`: it changes speed, never a result. No other numbers have been measured.
namespace robocache::detail {

/// Threads of a block, rows of each, at most 8, and blocks that a multiprocessor has at a time.
inline constexpr int crop_threads = 256;
inline constexpr int crop_rows_each = 8;
inline constexpr int crop_blocks = 3;

/// Threads of a block that finds where clouds begin, a warp a cloud.
inline constexpr int crop_offset_threads = 128;

}  // namespace robocache::detail
