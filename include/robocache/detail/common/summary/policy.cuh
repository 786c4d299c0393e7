// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// The tuning of `summarize`: it changes speed, never a result. Registers are those of sm_90 as the compiler counts
// them; no other numbers have been measured.
namespace robocache::detail {

/// Threads of a block, which goes over 64 leaves of some channels.
inline constexpr int summary_threads = 256;

/// Channels of a block at most: their histograms of 16-bit counters fill its shared memory. As many read whole sectors
/// of 32 bytes of FP32.
template <class Order>
inline constexpr int summary_channels = sizeof(Order) == 8 ? 4 : 8;

/// Blocks that a multiprocessor has at a time: the rows of a leaf are in registers, one each or two. With 128 registers
/// (int64: 255) nothing is spilled.
template <class Order>
inline constexpr int summary_blocks = sizeof(Order) == 8 ? 1 : 2;

/// Rows that a thread has under way where it counts digits of known prefixes.
inline constexpr int digit_rows = 16;

/// Threads that merge the nodes of a channel: a warp, unless there are so many nodes that more have something to do.
constexpr int summary_tree_threads(std::int64_t nodes) noexcept { return nodes > 32 * 64 ? 256 : 32; }

/// Blocks of merging and searching, at most; beyond, a block takes several channels.
inline constexpr std::int64_t most_summary_blocks = 1 << 20;

}  // namespace robocache::detail
