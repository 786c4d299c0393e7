// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>

// The tuning of `unproject` and `unproject_dense`: it changes speed, never a result.
namespace robocache::detail {

/// Threads of a block that counts the pixels of tiles, blocks that a multiprocessor should have, and how many words of
/// depth a thread loads at a time.
inline constexpr int unproject_count_threads = 128;
inline constexpr int unproject_count_blocks = 10;
inline constexpr int unproject_words_at_once = 16;

/// Threads of a block that packs points, or makes all, and blocks that a multiprocessor has at a time.
inline constexpr int unproject_threads = 256;
inline constexpr int unproject_blocks = 4;

/// Whether all warps of a block count a tile together: where tiles are few, their warps would wait for memory once
/// after the other. Else each warp has a tile, and what it does once is shared by more runs.
inline bool counts_tiles_together(device_properties const& device, std::int64_t tiles) noexcept {
  constexpr std::int64_t few = 8;  // of a multiprocessor
  return tiles <= few * device.multiprocessors;
}

}  // namespace robocache::detail
