// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/divisor.hpp>

// Parameters of the kernels of cells.
namespace robocache::detail {

struct cell_mark_params {
  cloud_points points;
  cell_marks marks;
  std::int32_t* count;
  std::int32_t* dropped;
  std::uint32_t* left;         ///< `[rows]`: cells of points that are left to further slabs, in the place of each warp
  std::uint32_t* left_counts;  ///< how many are left, for each warp
  std::int64_t slab_begin;     ///< cells that scattered points may touch now: as many as stay in the L2 cache
  std::int64_t slab_end;
};

/// How the cells of each cloud's grid are dealt out to bins, and rows to tiles.
struct cell_bins {
  std::int64_t first_cell;   ///< of each grid, in this round
  std::uint32_t cells;       ///< of each grid, in this round
  std::uint32_t count;       ///< bins of a grid, a power of 2
  std::uint32_t count_bits;  ///< log2 of `count`
  std::uint32_t run_bits;    ///< log2 of how many neighbouring cells are in the same bin
  std::uint32_t flips;       ///< bits of a bin's number that differ from row to row of places
  std::uint32_t most_cells;  ///< of a bin
  bool hashed;               ///< a block looks for words of cells by hashing: there are more cells than it has words
  std::uint32_t tile_bits;   ///< log2 of the rows of a tile
  std::uint32_t stride;      ///< of `starts`, a multiple of 4
  std::uint16_t* starts;     ///< `[tiles, stride]`: where each bin begins in a tile, and where the last one ends
  std::uint32_t* entries;    ///< `[rows]`: cell of the bin and row of the tile, sorted by bin within each tile
};

struct cell_bin_params {
  cloud_points points;
  cell_bins bins;
  std::int32_t* dropped;
  list_counters* counters;  ///< to be cleared
};

/// From bins to results.
struct cell_bin_reduce_params : cell_reduce_params {
  cloud_points points;
  cell_bins bins;
  cell_marks marks;     ///< what else is written for cells with points
  std::int32_t* count;  ///< null: not wanted
  float max_fill;
  float min_fill;
  bool filled;    ///< cells without points have their results already
  char* plain;    ///< the sum or mean, where only that is wanted and all its vectors are aligned; else null
  divisor empty;  ///< vectors of 16 bytes that a cell of `plain` has; 0 if they are not whole
};

struct cell_add_params {
  cloud_points points;
  cloud_features features;
  float* sums;          ///< `[cells, channels]`
  std::int32_t* count;  ///< null: not wanted
  std::int32_t* dropped;
};

struct cell_divide_params {
  float const* sums;  ///< `[cells, channels]`
  float* means;       ///< may be `sums`
  std::int32_t const* count;
  std::int64_t vectors;  ///< of 4 channels, of all cells
  divisor vectors_each;  ///< of a cell
  bool narrow;           ///< less than 2^31 vectors
};

}  // namespace robocache::detail
