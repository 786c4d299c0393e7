// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>

// Tuning constants of launches that several families share. They change the speed, never a result. No other numbers
// have been measured.
namespace robocache::detail {

/// Threads of a block that fills memory, and vectors of 16 bytes per thread from which on there are more blocks.
inline constexpr int fill_threads = 256;
inline constexpr std::int64_t fill_vectors_each = 4;

/// The most blocks per multiprocessor that fill memory.
constexpr int fill_blocks_each(device_properties const&) noexcept { return 16; }

/// Threads of a block that sorts, one per value of a digit, and keys of a thread, 32 apart.
inline constexpr int digit_bits = 8;
inline constexpr int digits = 1 << digit_bits;
inline constexpr int sort_threads = digits;
inline constexpr int sort_rounds = 4;

/// Threads of a block that scans a tile, and neighbouring elements per thread; threads of the block that scans the
/// sums of tiles.
inline constexpr int scan_threads = 256;
inline constexpr int scan_elements_each = 8;
inline constexpr int scan_carry_threads = 512;

/// Tiles per lane where a warp looks back: numbering the voxels of 1 M points, 256 tiles at once, in 58 registers, took
/// 105 us; 128, in 32, took 102, of which another kernel's registers are a part.
inline constexpr unsigned tiles_a_lane = 4;

}  // namespace robocache::detail
