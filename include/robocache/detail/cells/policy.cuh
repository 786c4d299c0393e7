// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>

// Tuning constants of voxelizing into a grid. They change the speed, never a result. Figures are of an H100, as in
// docs/performance.md; the letters are the cases of its table "Voxelize, dense". "Untested" means that no other number
// has been measured.
namespace robocache::detail {

/// Bytes of results that stay in an L2 cache of 50 MB while points stream through it: (CU) took 401 us in three slabs
/// of 22 MB; in two of 32 MB it took 560, the same as in one; four cost more than they gained.
constexpr std::int64_t most_cached_bytes(device_properties const&) noexcept { return std::int64_t{22} << 20; }

/// The most slabs in which counts are taken. More are untested.
inline constexpr std::int64_t most_slabs = 4;

/// The number of points from which on counting should not wait for memory. Untested.
inline constexpr std::int64_t slab_rows = 1 << 20;

/// In how many slabs counts are taken, if there is scratch for it: several where the cache does not hold the grid, and
/// there are so many points that counting should not wait for memory. Each slab costs time, so there are few.
constexpr std::int64_t count_slabs(device_properties const& device, std::int64_t rows, std::int64_t cells) noexcept {
  std::int64_t const slabs = cells > 0 ? (cells * 4 - 1) / most_cached_bytes(device) + 1 : 0;
  return rows >= slab_rows && slabs <= most_slabs ? slabs : 1;
}

/// The number of runs among a warp's 32 points from which on they count as scattered, and are left to their slab.
/// Untested; leaving some at all brought (CU) from 401 us to 358 and (CS) from 146 to 114.
inline constexpr int many_runs = 16;

/// Cells of a further slab that a thread has in flight. Untested.
inline constexpr int slab_at_once = 4;

/// Vectors of features that a thread has in flight where they are added up in memory. Untested.
inline constexpr int add_at_once = 4;

// Bins: figures are of an H200. (B) (4 D) (16 D) (200) are the cases of the table "On the H200".

/// Threads of a block that deals a tile of rows out to bins, rows per thread at most, rows that a thread has in flight,
/// and blocks per multiprocessor: three would spill 44 bytes per thread. Otherwise untested.
inline constexpr int bin_threads = 512;
inline constexpr int bin_rows_each = 8;
inline constexpr int bin_rows_at_once = 4;
inline constexpr int bin_blocks_each = 2;

/// log2 of the most rows of a tile: those that the threads above take.
inline constexpr int most_tile_bits = 12;

/// The most bins of a grid: four per thread. More are untested.
inline constexpr int most_bins = 2048;

/// Runs among a warp's 32 points, each in one bin or cell, up to which they take their places together. Untested.
inline constexpr int most_joint_runs = 16;

/// Points of a bin that a thread has in flight. Untested.
inline constexpr unsigned bin_points_at_once = 4;

/// Cells of a bin that a block takes at a time, and points that it lists in its shared memory: 16 and 12 kB, so that
/// five blocks fit. Untested.
inline constexpr unsigned bin_range_cells = 4096;
inline constexpr unsigned bin_list_rows = 2048;

/// The least number of cells that a block writes at a time where channels come first: with the width of a warp, means
/// of the recordings took 127 us instead of 194.
inline constexpr unsigned channel_tile = 32;

/// Cells per point from which on all results are filled before points are dealt out, as if no cell had any, and then
/// only those of cells with points are written: a block need not know then where cells without points are. With 8
/// (200), 254 us were taken instead of 243, with 2.6 (B) 134 instead of 113; with 285 the mean of a wide lidar's sweep
/// took 147 us instead of 555. Otherwise untested.
inline constexpr std::int64_t filled_cells_a_point = 16;

constexpr bool fills_before(std::int64_t rows, std::int64_t cells) noexcept {
  return cells / filled_cells_a_point >= rows;
}

/// The most blocks per multiprocessor that fill them: so few that the points can be dealt out at the same time.
inline constexpr int bin_fill_blocks = 4;

/// log2 of the neighbouring cells that share a bin where results are written in long runs: where they are many times
/// what the cache holds, or few cells are without points. With runs of 128 bytes, (200) took 265 us instead of 243;
/// without runs, (4 D) 58 instead of 56.
inline constexpr std::uint32_t bin_run_bits = 6;
inline constexpr std::int64_t long_run_bytes = std::int64_t{128} << 20;

/// The same where crowds should be dealt out evenly: without runs the fullest bin of a depth camera's frame has 950
/// points, with runs of 4 cells 2,900, with 64 8,700. The mean of 16 scans took 152 us instead of 254, where 128 bytes
/// of results lie side by side; with less than this, the cache holds all, and cells stand alone.
inline constexpr std::int64_t cached_result_bytes = std::int64_t{16} << 20;

/// @param rows, cells  of all clouds
/// @param bytes        of a cell's results
/// @param by_channel   whether those of a channel lie side by side
constexpr std::uint32_t run_bits_for(std::int64_t rows, std::int64_t cells, std::int64_t bytes,
                                     bool by_channel) noexcept {
  if (fills_before(rows, cells) && !by_channel) { return 0; }
  if (by_channel || cells < rows / 2 || cells * bytes > long_run_bytes) { return bin_run_bits; }
  std::uint32_t bits = 0;
  while (cells * bytes > cached_result_bytes && bits < bin_run_bits - 1 && bytes << bits < 128) { ++bits; }
  return bits;
}

/// Places to try for a cell's word, of twice as many words as there should be cells, before they count as full.
/// Untested.
inline constexpr unsigned most_bin_tries = 64;

/// Points of a bin up to which a block should look for words by hashing. Untested.
inline constexpr std::int64_t most_hashed_rows = 1024;

/// log2 of the most cells of a bin.
inline constexpr int most_place_bits = 19;

/// Points that a bin should have, roughly. Untested.
inline constexpr std::int64_t bin_rows_wanted = 1024;

/// Tiles of rows that keep the chip busy: two per multiprocessor. The size of the scratch depends on it, so it is the
/// same for all chips.
inline constexpr std::int64_t bin_tiles_wanted = 264;

/// Blocks that keep the chip busy, likewise, and the fewest points of a bin for which there are more bins. Untested.
inline constexpr std::int64_t bin_blocks_wanted = 528;
inline constexpr std::int64_t least_bin_rows = 256;

/// Blocks per multiprocessor that reduce bins: as many as next to nothing is spilled for. With four instead of five
/// (and features copied to shared memory) (B) took 134 us instead of 114, (4 D) 64 instead of 53.
template <bool Extremes>
inline constexpr int bin_reduce_blocks = Extremes ? 4 : 5;

/// The most blocks per multiprocessor that divide sums. Untested.
constexpr int divide_blocks_each(device_properties const&) noexcept { return 32; }

}  // namespace robocache::detail
