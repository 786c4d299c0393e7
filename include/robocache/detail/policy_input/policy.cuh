// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

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

/// Threads of a block for windows, each of its warps with a tile, and blocks that a multiprocessor holds at a time: of
/// 4,096 windows all are under way at once.
inline constexpr int window_threads = 128;
inline constexpr int window_resident_blocks = 8;

/// Rows of which a thread loads a channel at a time, for windows.
inline constexpr int window_batch = 4;

/// Clocks whose stamps a warp stages at the same time: 4 kB.
inline constexpr int window_clocks_together = 4;

/// Rows of a warp's tile at most and at least, its warps on a multiprocessor, and values that could be made while a
/// tile is located.
inline constexpr int most_window_rows = 32;
inline constexpr int least_window_rows = 4;
inline constexpr int most_window_warps = 32;
inline constexpr int values_of_locating = 2000;

/// Rows of a window from which it is worth a warp, and channels of a stream that go by single values at most.
inline constexpr int fewest_window_rows = 2;
inline constexpr std::int64_t most_window_channels = 128;

/// Leaves of 64 rows that a block of a summary makes at a time: 1,024 rows of 8 channels are 33 kB of shared memory
/// beside the 47 kB that summaries have, so that two blocks fit.
inline constexpr int input_leaves_at_a_time = 16;

}  // namespace robocache::detail
