// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace robocache::detail {

/// Threads of a block.
inline constexpr int input_threads = 128;

/// Blocks that a multiprocessor holds at a time: 96 registers a thread, of which none is spilled; 80 spill five. With
/// parameters as constants 5, 6 and 8 blocks took 92.8, 94.5 and 96.2 us where a plain fusion takes 55.4.
inline constexpr int input_resident_blocks = 5;

/// Rows of which a thread loads a channel at a time.
inline constexpr int input_batch = 4;

/// Rows of its tile at most: a warp locates them for a stream, a lane each.
inline constexpr int most_input_rows = 32;

/// Records of its shared memory: rows of its tile times streams and references. 20 kB, so that eight blocks fit.
inline constexpr int most_input_records = 256;

/// Stamps that a warp stages, of a window's trajectory all or those around its targets.
inline constexpr int input_slots = 256;

/// Windows that a tile may have for its warps to locate them together, one after the other. With more, each lane
/// searches alone: a dozen loads in a row, but all windows side by side.
inline constexpr int most_windows_together = 4;

/// Blocks that a multiprocessor should have before tiles grow.
inline constexpr int input_blocks_each = 8;

/// Leaves of 64 rows that a block of a summary makes at a time: 1,024 rows of 8 channels are 33 kB of shared memory
/// beside the 47 kB that summaries have, so that two blocks fit.
inline constexpr int input_leaves_at_a_time = 16;

}  // namespace robocache::detail
