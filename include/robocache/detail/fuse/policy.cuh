// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/arch.cuh>

namespace robocache::detail {

/// Threads of a block that fuses.
inline constexpr int fuse_threads = 128;

/// Rows of its tile: a warp locates them for a stream, one per lane.
inline constexpr int most_fused_rows = 32;

/// Records in its shared memory: rows of its tile times streams.
inline constexpr int most_fused_records = 256;

/// Vectors of a stream's row that one block handles at most, unless the row is too wide for the largest launch grid.
inline constexpr int fuse_chunk = 1024;

/// Bytes of results that a warp assembles in shared memory at a time.
inline constexpr int most_run_bytes = 5120;

/// Bytes of stamps that a warp with a tile of its own stages at a time.
inline constexpr int most_warp_stage_bytes = 6144;

/// Warps that have a tile each: as many as a multiprocessor holds at a time. Then the least number of rows of a tile,
/// and the words that could be blended while a tile is located.
inline constexpr int most_run_warps = 32;
inline constexpr int least_warp_rows = 4;
inline constexpr int words_of_locating = 2000;

/// Shared memory of a block that fuses pinned values, at most: nearly what a block may have without opting in to more.
inline constexpr int pinned_block_bytes = 46 * 1024;

/// Rows of a pinned stream that there is room for, for each row of a tile: sources up to twice as fast as their targets
/// are copied at once. Of narrow rows that is little, and more blocks wait for the link side by side.
inline constexpr int pinned_rows_each = 2;

/// Up to so many bytes of rows, a tile of one stream is left to one warp: a second one would only wait until the rows
/// are located, and so four times as many tiles wait for the link side by side.
inline constexpr int pinned_warp_bytes = 8 * 1024;

/// Vectors of 16 bytes of a pinned stream's row that one block handles at most: some twenty rows of this width fit its
/// memory.
inline constexpr int pinned_chunk = 128;

/// Warps of a block in which each warp has one row of one stream.
inline constexpr int most_one_row_warps = 8;

/// Stamps that a warp can stage, at least and at most. Trajectories that are all shorter are staged whole.
inline constexpr int least_staged_stamps = 64;
inline constexpr int most_staged_stamps = 512;

/// Stamps that a warp with one row keeps in registers.
inline constexpr int one_row_stamps = 256;

/// The shape of a fusion's launch.
struct fuse_shape {
  int rows;         ///< of a tile at most
  int blocks_each;  ///< blocks that a multiprocessor holds at a time
  int locating;     ///< vectors that could be blended while a tile is located
};

/// A fusion of `streams` streams, on every chip. Blocks are small, so that many of them wait for memory side by side.
constexpr fuse_shape fuse_shape_for(device_properties const&, int streams) noexcept {
  int const rows = most_fused_records / streams;
  return {rows < most_fused_rows ? rows : most_fused_rows, 8, 200};
}

}  // namespace robocache::detail
