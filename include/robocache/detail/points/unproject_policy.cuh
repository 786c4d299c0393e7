// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tuning of `unproject` and `unproject_dense`: it changes speed, never a result.
namespace robocache::detail {

/// Threads of a block that counts the pixels of a tile, blocks that a multiprocessor should have, and how many words of
/// depth a thread loads at a time.
inline constexpr int unproject_count_threads = 128;
inline constexpr int unproject_count_blocks = 10;
inline constexpr int unproject_words_at_once = 16;

/// Threads of a block that packs points, or makes all, and blocks that a multiprocessor has at a time.
inline constexpr int unproject_threads = 256;
inline constexpr int unproject_blocks = 4;

}  // namespace robocache::detail
