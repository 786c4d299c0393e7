// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>

// What voxelizing into a grid is tuned by: it changes speed, never a result. Figures are of an H100, as
// docs/performance.md has them; the letters are the cases of its table "Voxelize, dense". Where it says "untested", no
// other number has been measured.
namespace robocache::detail {

/// Bytes of results that stay in the L2 cache, of 50 MB, beside points that stream through it: (CU) took 401 us in
/// three slabs of 22 MB; in two of 32 MB 560, as with one; four cost more than they gained.
constexpr std::int64_t most_cached_bytes(device_properties const&) noexcept { return std::int64_t{22} << 20; }

/// How many slabs counts are taken in at most. More are untested.
inline constexpr std::int64_t most_slabs = 4;

/// Points from which on they should not wait for memory. Untested.
inline constexpr std::int64_t slab_rows = 1 << 20;

/// How many slabs counts are taken in, if there is scratch for it: a grid that the cache does not hold, and so many
/// points that they should not wait for memory. The points are read anew for each slab, so there are few or none.
constexpr std::int64_t count_slabs(device_properties const& device, std::int64_t rows, std::int64_t cells) noexcept {
  std::int64_t const slabs = cells > 0 ? (cells * 4 - 1) / most_cached_bytes(device) + 1 : 0;
  return rows >= slab_rows && slabs <= most_slabs ? slabs : 1;
}

/// Runs of a warp's 32 points from which on they count as scattered, and are left to their slab. Untested; that some
/// are left is worth (CU) 358 us instead of 401 and (CS) 114 instead of 146.
inline constexpr int many_runs = 16;

/// Cells of a further slab that a thread has under way. Untested.
inline constexpr int slab_at_once = 4;

/// Vectors of features that a thread has under way where they are added up in memory. Untested.
inline constexpr int add_at_once = 4;

// Bins: figures are of an H200. (B) (4 D) (16 D) (200) are the cases of the table "On the H200".

/// Threads of a block that deals a tile of rows out to bins, rows of each thread at most, rows that it has under way,
/// and blocks of a multiprocessor: three would spill 44 bytes per thread. Otherwise untested.
inline constexpr int bin_threads = 512;
inline constexpr int bin_rows_each = 8;
inline constexpr int bin_rows_at_once = 4;
inline constexpr int bin_blocks_each = 2;

/// Rows of a tile at most, as a power of 2: what the threads above take.
inline constexpr int most_tile_bits = 12;

/// Bins of a grid at most: four a thread. More are untested.
inline constexpr int most_bins = 2048;

/// Points of a bin that a thread has under way. Untested.
inline constexpr unsigned bin_points_at_once = 4;

/// Cells of a bin that a block takes at a time, and points that it lists in its shared memory: 16 and 12 kB, so that
/// five blocks have room. Untested.
inline constexpr unsigned bin_range_cells = 4096;
inline constexpr unsigned bin_list_rows = 2048;

/// Cells that a block writes at a time at least where channels are first: as wide as a warp, means of the recordings
/// took 127 us instead of 194.
inline constexpr unsigned channel_tile = 32;

/// Neighbouring cells that share a bin, as a power of 2: what is written of them is written side by side. Fewer would
/// even out the bins of crowded clouds. Untested.
inline constexpr int bin_run_bits = 6;

/// Points that a bin should have, about. Untested.
inline constexpr std::int64_t bin_rows_wanted = 1024;

/// Tiles of rows that keep the chip busy: two a multiprocessor. Scratch is counted by it, so it is the same for all
/// chips.
inline constexpr std::int64_t bin_tiles_wanted = 264;

/// Blocks that keep the chip busy, likewise, and points that a bin should have at least before there are more.
/// Untested.
inline constexpr std::int64_t bin_blocks_wanted = 528;
inline constexpr std::int64_t least_bin_rows = 256;

/// Blocks of a multiprocessor that reduce bins: as many as spill next to nothing. With four instead of five (and
/// features brought to shared memory) (B) took 134 us instead of 114, (4 D) 64 instead of 53.
template <bool Extremes>
inline constexpr int bin_reduce_blocks = Extremes ? 4 : 5;

/// Blocks of a multiprocessor that divide sums, at most. Untested.
constexpr int divide_blocks_each(device_properties const&) noexcept { return 32; }

}  // namespace robocache::detail
