// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tuning of `unproject` and `unproject_dense`: it changes speed, never a result.
namespace robocache::detail {

/// Threads of a block, pixels of each, and blocks that a multiprocessor has at a time. 32 x 2 images of 480 x 640 on an
/// H200, by the first kernel (docs/performance.md, "Points"): 137 us with 6 blocks, 141 with 5, 152 with 4; with blocks
/// of 128 threads 150 and more. Of this kernel no number has been measured.
inline constexpr int unproject_threads = 256;
inline constexpr int unproject_pixels_each = 8;
inline constexpr int unproject_blocks = 6;

}  // namespace robocache::detail
