// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tuning of `unproject` and `unproject_dense`: it changes speed, never a result. No other numbers have been
// measured.
namespace robocache::detail {

/// Threads of a block, pixels of each, and blocks that a multiprocessor has at a time.
inline constexpr int unproject_threads = 256;
inline constexpr int unproject_pixels_each = 8;
inline constexpr int unproject_blocks = 4;

}  // namespace robocache::detail
