// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/check.hpp>
#include <robocache/detail/common/timed/plan.cuh>

namespace robocache::detail {

/// The shape of a resampling launch: changes its speed, never a result.
struct resample_shape {
  int threads;             ///< a block
  int vectors;             ///< a thread blends in one tile, where the job is large enough
  int blocks_each;         ///< blocks that a multiprocessor should at least get before tiles grow
  int trajectory_vectors;  ///< rows of at most this many vectors
  int trajectory_bytes;    ///< and this much shared memory: a block takes a whole trajectory
};

/// @param compute_capability  times ten
/// @param elements            channels in one vector of values: 1 where rows cannot be read in vectors
constexpr resample_shape resample_shape_for(int compute_capability, int elements) noexcept {
  if (compute_capability >= arch::sm90) {
    return elements > 1 ? resample_shape{256, 8, 4, 2, 24576} : resample_shape{256, 16, 4, 32, 24576};
  }
  return elements > 1 ? resample_shape{256, 8, 4, 2, 16384} : resample_shape{256, 16, 4, 32, 16384};
}

/// Shared memory for a trajectory by a method beyond linear: what a block may have, 48 kB, less what the kernel
/// declares.
inline constexpr int method_trajectory_bytes = 16384;

/// The same for the methods beyond linear, on every chip.
constexpr resample_shape method_shape_for(int elements) noexcept {
  return {256, elements > 1 ? 8 : 16, 4, 16, method_trajectory_bytes};
}

/// Threads of a block that fuses.
inline constexpr int fuse_threads = 128;

/// Rows of its tile: a warp locates them for a stream, a lane each.
inline constexpr int most_fused_rows = 32;

/// Records of its shared memory: rows of its tile times streams.
inline constexpr int most_fused_records = 256;

/// Vectors of a stream's row that one block handles at most, unless the row is too wide for the largest grid.
inline constexpr int fuse_chunk = 1024;

/// Bytes of results that a block puts together in shared memory at a time, and rows that this must be enough for.
inline constexpr int most_run_bytes = 20480;
inline constexpr int least_run_rows = 4;

/// Shared memory of a block that fuses pinned values: nearly what a block may have unasked.
inline constexpr int pinned_block_bytes = 46 * 1024;

/// Vectors of 16 bytes of a pinned stream's row that one block handles at most: of rows as wide as this, some twenty
/// fit its memory.
inline constexpr int pinned_chunk = 128;

/// Warps of a block whose warps have a row of a stream each.
inline constexpr int most_one_row_warps = 8;

/// Stamps that a warp keeps in registers where it has one row.
inline constexpr int one_row_stamps = 256;

/// The shape of a fusion's launch.
struct fuse_shape {
  int rows;         ///< of a tile at most
  int blocks_each;  ///< blocks that a multiprocessor has at a time
  int locating;     ///< vectors that could be blended while a tile is located
};

/// A fusion of `streams` streams, on every chip. Blocks are small: many of them wait for memory side by side.
constexpr fuse_shape fuse_shape_for(int streams) noexcept {
  int const rows = most_fused_records / streams;
  return {rows < most_fused_rows ? rows : most_fused_rows, 8, 200};
}

/// Cuts the targets into tiles.
/// @param vectors_each  vectors a row has
template <class Stamp>
tiling tile_targets(timeline<Stamp> const& target, std::int64_t vectors_each, resample_shape shape,
                    int multiprocessors) {
  tiling cut;
  cut.targets = target.total();
  cut.length = target.length;
  std::int64_t rows = std::int64_t(shape.threads) * shape.vectors / vectors_each;
  std::int64_t const spread = cut.targets / (std::int64_t(multiprocessors) * shape.blocks_each);
  rows = rows < spread ? rows : spread;
  rows = rows < 1 ? 1 : (rows > shape.threads ? shape.threads : rows);

  // Short trajectories share tiles, long ones are cut into equal parts.
  cut.aligned = !target.packed() && (cut.length >= 16 || cut.length >= rows) && target.batch <= INT32_MAX &&
                cut.length <= INT32_MAX;
  if (cut.aligned) {
    // Rather somewhat larger tiles than a few more: a grid of just over one wave takes two.
    std::int64_t each = cut.length / rows;
    if (each == 0 || (cut.length + each - 1) / each > shape.threads) { each = (cut.length + rows - 1) / rows; }
    cut.rows = static_cast<int>((cut.length + each - 1) / each);
    each = (cut.length + cut.rows - 1) / cut.rows;  // larger tiles may be fewer
    cut.single = cut.rows == 1 && spread < 2;
    cut.tiles = each <= INT32_MAX ? each * target.batch : INT64_MAX;
    cut.tiles_each = divisor(static_cast<std::uint32_t>(each));
  } else {
    cut.rows = static_cast<int>(rows);
    cut.tiles = cut.targets / rows + (cut.targets % rows != 0 ? 1 : 0);
  }
  return cut;
}

inline status check_tiles(tiling const& tiles) {
  if (tiles.tiles > INT32_MAX) {
    return refuse(invalid, "target", "length", "found %lld targets, want fewer: %lld blocks are more than a grid has",
                  static_cast<long long>(tiles.targets), static_cast<long long>(tiles.tiles));
  }
  return {};
}

}  // namespace robocache::detail
