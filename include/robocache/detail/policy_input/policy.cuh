// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace robocache::detail {

/// Threads of a block.
inline constexpr int input_threads = 128;

/// Rows of its tile at most: a warp locates them for a stream, a lane each.
inline constexpr int most_input_rows = 32;

/// Records of its shared memory: rows of its tile times streams and references. 20 kB, so that eight blocks fit.
inline constexpr int most_input_records = 256;

/// Blocks that a multiprocessor should have before tiles grow.
inline constexpr int input_blocks_each = 8;

}  // namespace robocache::detail
