// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tuning of `unproject` and `unproject_dense`: it changes speed, never a result.
namespace robocache::detail {

/// Threads of a block that counts the pixels of a tile, blocks that a multiprocessor should have, and how many runs a
/// warp loads at a time. A warp of more runs spends less on each, and waits for memory more often.
inline constexpr int unproject_count_threads = 64;
inline constexpr int unproject_count_blocks = 16;
inline constexpr unsigned unproject_runs_at_once = 8;

/// The same of a block that packs points, and of one that makes all.
inline constexpr int unproject_threads = 128;
inline constexpr int unproject_blocks = 8;
inline constexpr unsigned unproject_made_at_once = 4;
inline constexpr int unproject_dense_threads = 256;
inline constexpr int unproject_dense_blocks = 4;

}  // namespace robocache::detail
