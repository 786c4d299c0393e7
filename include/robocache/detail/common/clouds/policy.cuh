// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>

// Tuning constants of all kernels of points. They change the speed, never a result. Figures are of an H100, as in
// docs/performance.md; the letters are the cases of its table "Voxelize, dense". "Untested" means that no other number
// has been measured.
namespace robocache::detail {

/// Threads of a block that reads points. Untested.
inline constexpr int point_threads = 256;

/// Such blocks per multiprocessor at a time: 6 with 40 registers took (CU) 559 us instead of 401 and (cu)
/// 17.5 instead of 16.6.
inline constexpr int point_blocks_each = 5;

/// Points that a thread has in flight: 4 with 64 registers took (CU) 448 us instead of 401 and (CS) 153 instead of 146.
inline constexpr int points_at_once = 2;

/// Rows that a warp takes in one step.
inline constexpr int rows_a_step = 32 * points_at_once;

/// Steps per warp from which on there are more blocks than the chip holds at a time. Untested.
inline constexpr std::int64_t most_point_steps = 16;

/// The most points of a cell that a thread sorts in its registers. When one thread sorted lists of up to 64, the mean
/// of a lidar's sweep took 90 us; with warps for the longer ones it takes 59.
inline constexpr int most_few_points = 8;

/// The most points of a crowded cell that a block takes, and that a warp takes where crowded cells are many. Untested.
inline constexpr int most_block_points = 2048;
inline constexpr int most_warp_points = 256;

/// Crowded cells per block from which on they are many. Untested.
inline constexpr unsigned many_crowds = 2;

/// Bytes of shared memory for features of a crowded cell, for blocks and warps: vectors of 16 bytes of whole groups,
/// with a gap after each group. Untested.
inline constexpr unsigned block_crowd_bytes = 8 * 65 * 16;
inline constexpr unsigned warp_crowd_bytes = 2 * 65 * 16;

/// Numbers that a thread merges at a time, numbers of a huge cell's list and vectors of features that it has in flight.
/// Untested.
inline constexpr unsigned merged_at_once = 2;
inline constexpr unsigned listed_at_once = 4;
inline constexpr unsigned crowd_at_once = 4;

/// Rows that a block looks for at a time in the list of a huge cell: one bit per row in its shared memory. Untested.
inline constexpr unsigned range_words = most_block_points;
inline constexpr unsigned range_rows = 32 * range_words;

/// Threads of a block that finds places for lists, and its cells, four per thread: a vector of counts. Untested.
inline constexpr int start_threads = 256;
inline constexpr int start_cells = 4 * start_threads;

/// Threads of a block that reduces, or that sorts crowded cells. Untested.
inline constexpr int reduce_threads = 256;

/// Loads of features that a thread has in flight where it adds up a cell with few points. Untested.
inline constexpr int few_at_once = 4;

/// Cells that a warp takes at a time where they have more than a few points: what fits the block's shared memory.
inline constexpr unsigned some_cells = 8;

/// Sums of groups that a thread has in flight. Untested.
template <bool Extremes>
inline constexpr unsigned groups_at_once = Extremes ? 8 : 16;

/// Blocks per multiprocessor that reduce voxels: what crowds need more of is spilled, so that few points, which are
/// usual, do not wait.
template <int N, bool Extremes>
inline constexpr int reduce_blocks = N > 1 && Extremes ? 4 : 5;

/// Blocks per multiprocessor that reduce crowds: as many as next to nothing is spilled for.
template <bool Extremes>
inline constexpr int crowd_blocks = Extremes ? 3 : 4;

/// How many blocks reduce features.
struct reduce_shape {
  int workers_each;  ///< per multiprocessor, each for huge, for crowded, and for cells with more than a few points
  int few_each;      ///< at most, for voxels with few points: only the device knows how many there are
};

/// These numbers are untested.
constexpr reduce_shape reduce_shape_for(device_properties const&) noexcept { return {4, 32}; }

/// Blocks per multiprocessor that a kernel of gradients is compiled for, by channels per vector. Untested.
template <int N>
inline constexpr int backward_blocks = N > 4 ? 2 : 3;

/// Vectors of gradients that a thread has in flight, by channels per vector. Untested.
template <int N>
inline constexpr int gradients_at_once = N > 1 ? 2 : 4;

/// Points of a cell's list that a thread has in flight where it looks for maxima and minima. Untested.
inline constexpr int holders_at_once = 4;

/// Vectors of a crowded cell that a block takes at a time: the more there are, the fewer threads share one. Untested.
inline constexpr unsigned most_crowd_vectors = 32;

/// Blocks per multiprocessor up to which rows of gradients are cut into chunks of vectors. Untested.
constexpr int chunk_blocks_each(device_properties const&) noexcept { return 4; }

}  // namespace robocache::detail
