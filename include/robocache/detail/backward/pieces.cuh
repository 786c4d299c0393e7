// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/backward/params.hpp>
#include <robocache/detail/common/timed/staged_search.cuh>
#include <robocache/detail/common/warp_bisect.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/packed.cuh>
#include <robocache/timeline.hpp>

// How a block of `resample_backward` and `fuse_backward` finds its work.
namespace robocache::detail {

/// The time at which target `k` of row `b` of the targets reads the source.
template <class Stamp>
__device__ device::sought_time<Stamp> sought_by(backward_params<Stamp> const& p, std::int64_t b, std::int64_t k) {
  return device::seek(device::target_stamp(p.target, b, k), p.latency, p.causal, p.rules.tolerance);
}

/// Neighbouring rows of one source trajectory, or of none, and the targets that may read them.
template <class Stamp>
struct source_piece {
  std::int64_t b;        ///< the trajectory; -1: packed rows that no trajectory owns
  std::int64_t element;  ///< where the first row's gradient begins
  int rows;              ///< at most `max_threads`

  device::plain_trajectory<Stamp> source;
  int first;         ///< the first row, counted within the trajectory
  int begin;         ///< the row whose stamp is staged first
  int staged;        ///< how many are staged; 0: no target can read the piece
  bool open_before;  ///< targets before the first sample may read the piece
  bool open_after;   ///< targets after the last sample may
  bool listed;       ///< targets are windows that name their trajectory

  std::int64_t targets;      ///< in a row of the target batch
  std::int64_t begin_place;  ///< the targets to look at, unless they are listed
  std::int64_t end_place;
};

/// Which stamps decide about the piece, once its trajectory and its first row are known.
template <class Stamp>
__device__ void bound_piece(source_piece<Stamp>& piece, std::int64_t first) {
  if (first >= piece.source.length) { return; }  // padding
  auto const length = static_cast<int>(piece.source.length);
  piece.first = static_cast<int>(first);
  piece.begin = max(piece.first - 1, 0);
  piece.staged = static_cast<int>(min(first + piece.rows, std::int64_t(length) - 1)) - piece.begin + 1;
  // Targets before the first sample may read the first two rows, those after the last one the last two.
  piece.open_before = first <= 1;
  piece.open_after = first + piece.rows >= length - 1;
}

/// Rows `[first, first + rows)` of trajectory `b`, for timelines of any kind.
template <class Stamp>
__device__ source_piece<Stamp> resolve_piece(backward_params<Stamp> const& p, std::int64_t b, std::int64_t first,
                                             std::int64_t element, int rows) {
  source_piece<Stamp> piece{};
  piece.b = b;
  piece.element = element;
  piece.rows = rows;
  if (b >= 0) { piece.source = device::short_trajectory_of<false>(p.source, b); }
  bound_piece(piece, first);
  piece.listed = p.target.trajectory != nullptr;
  device::plain_trajectory<Stamp> const targets = device::trajectory_of<false>(p.target, b);
  piece.targets = piece.listed ? p.target.length : targets.length;
  if (piece.listed || piece.staged == 0) { return piece; }
  piece.end_place = piece.targets;
  if (p.target.packed() && piece.targets > 0) {
    device::packed_rows const owned = device::rows_of_owner(p.target.offsets, p.target.batch, p.target.rows, b);
    piece.begin_place = owned.begin - targets.first_row;
    piece.end_place = owned.end - targets.first_row;
  }
  return piece;
}

/// Tile `blockIdx.x` of a plain call.
template <class Stamp>
__device__ source_piece<Stamp> plain_piece(backward_params<Stamp> const& p) {
  tiling const& tiles = p.tiles;
  unsigned const b = tiles.tiles_each.quotient(blockIdx.x);
  int const first = static_cast<int>(blockIdx.x - b * tiles.tiles_each.value) * tiles.rows;
  source_piece<Stamp> piece{};
  piece.b = b;
  piece.element = b * p.out.batch_stride + first * p.out.row_stride;
  piece.rows = min(tiles.rows, static_cast<int>(tiles.length) - first);
  piece.source.stamps = p.source.stamps + b * p.source.stride;
  piece.source.length = tiles.length;
  bound_piece(piece, first);
  piece.targets = piece.end_place = p.target.length;
  return piece;
}

/// The rows of tile `blockIdx.x`, rows of all trajectories counted together.
inline __device__ void rows_of_tile(tiling const& tiles, std::int64_t& begin, std::int64_t& end) {
  if (tiles.aligned) {
    unsigned const b = tiles.tiles_each.quotient(blockIdx.x);
    std::int64_t const first = std::int64_t(blockIdx.x - b * tiles.tiles_each.value) * tiles.rows;
    begin = b * tiles.length + first;
    end = begin + min(std::int64_t(tiles.rows), tiles.length - first);
  } else {
    begin = std::int64_t(blockIdx.x) * tiles.rows;
    end = min(begin + tiles.rows, tiles.targets);
  }
}

/// The piece that begins at `row` and ends at `end` at the latest. Called by the whole block; the first thread leaves
/// it in shared memory.
template <class Stamp>
__device__ __noinline__ void next_piece(backward_params<Stamp> const& p, std::int64_t row, std::int64_t end,
                                        source_piece<Stamp>& piece) {
  timeline<Stamp> const& source = p.source;
  if (!source.packed()) {
    std::int64_t const b = row / source.length;
    std::int64_t const first = row - b * source.length;
    std::int64_t const element = b * p.out.batch_stride + first * p.out.row_stride;
    std::int64_t const rows = min(source.length - first, end - row);
    if (threadIdx.x == 0) { piece = resolve_piece(p, b, first, element, static_cast<int>(rows)); }
    return;
  }
  std::int64_t const offsets = source.batch > 0 ? source.batch + 1 : 0;
  if (threadIdx.x >= 32) { return; }
  std::int64_t const b = warp_count_not_after(source.offsets, offsets, row) - 1;
  if (threadIdx.x != 0) { return; }
  device::packed_rows const owner = device::rows_of_owner(source.offsets, source.batch, source.rows, b);
  bool const owned = b >= 0 && b < source.batch;
  std::int64_t const first = owned ? row - device::trajectory_of<false>(source, b).first_row : 0;
  std::int64_t const rows = min(owner.end, end) - row;
  piece = resolve_piece(p, owned ? b : -1, first, row * p.out.row_stride, static_cast<int>(rows));
}

}  // namespace robocache::detail
