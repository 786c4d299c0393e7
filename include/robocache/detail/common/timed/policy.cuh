// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the families with times have in common, on every chip.
namespace robocache::detail {

/// Threads of a block.
inline constexpr int max_threads = 256;

/// Bytes of a line of the L2 cache.
inline constexpr int line_bytes = 128;

/// Stamps that are staged in shared memory at a time: what a search in steps of 512, 256, ..., 1 reaches.
inline constexpr int stage_capacity = 1023;

/// Above that only every 4^k-th is staged, at most 2^8, and the rest of the search reads global memory: a sector of 32
/// bytes holds four or eight stamps, so probes further apart than that cost a sector each.
inline constexpr int coarse_probes_log2 = 8;

/// Stamps that a warp with a tile of its own stages of a stream, and how many of them are a margin on each side of the
/// expected place. With half as many, windows of 32 targets would not fit.
inline constexpr int guessed_stamps = 128;
inline constexpr int guess_margin = 24;

}  // namespace robocache::detail
