// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>

// The tuning of launches that several families share: it changes speed, never a result. No other numbers have been
// measured.
namespace robocache::detail {

/// Threads of a block that fills memory, and vectors of 16 bytes of each before there are more blocks.
inline constexpr int fill_threads = 256;
inline constexpr std::int64_t fill_vectors_each = 4;

/// Blocks that fill memory, of a multiprocessor, at most.
constexpr int fill_blocks_each(device_properties const&) noexcept { return 16; }

/// Threads of a block that sorts, a digit each, and keys of a thread, 32 apart.
inline constexpr int digit_bits = 8;
inline constexpr int digits = 1 << digit_bits;
inline constexpr int sort_threads = digits;
inline constexpr int sort_rounds = 4;

/// Threads of a block that scans a tile in order, and neighbouring elements of each; threads of the one that scans the
/// tiles.
inline constexpr int scan_threads = 256;
inline constexpr int scan_elements_each = 8;
inline constexpr int scan_carry_threads = 512;

/// Tiles that a lane looks at where a warp looks back: numbering the voxels of 1 M points, 256 tiles at once, in 58
/// registers, took 105 us; 128, in 32, took 102, of which another kernel's registers have a part.
inline constexpr unsigned tiles_a_lane = 4;

}  // namespace robocache::detail
