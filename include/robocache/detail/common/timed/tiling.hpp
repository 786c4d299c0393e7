// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/detail/common/timed/params.hpp>

namespace robocache::detail {

/// How a launch cuts its rows into tiles: changes its speed, never a result.
struct tile_shape {
  int threads;      ///< a block, and rows of a tile at most
  int vectors;      ///< a thread blends in one tile, where the job is large enough
  int blocks_each;  ///< blocks that a multiprocessor should at least get before tiles grow
};

/// Cuts the targets into tiles.
/// @param vectors_each  vectors a row has
template <class Stamp>
tiling tile_targets(timeline<Stamp> const& target, std::int64_t vectors_each, tile_shape shape, int multiprocessors) {
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
