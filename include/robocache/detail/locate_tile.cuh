// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/plan.cuh>
#include <robocache/detail/staged_search.cuh>
#include <robocache/device/locate.cuh>

// Locating for a whole block. Every warp of the grid runs this before it moves a byte, and small jobs wait for its
// instructions to be fetched, once: measured, that was half of their time. So the plain case is one short straight
// line, what is the same for a block is resolved once, indices within a trajectory are 32 bits wide, and everything
// rare is out of line.
namespace robocache::detail {

/// A tile with more trajectories than this has each row search alone, rather than staging one after the other.
inline constexpr int max_staged_trajectories = 8;

/// The rows of a tile that read one trajectory: the same for the whole block.
template <class Stamp>
struct tile_part {
  int begin;  ///< rows [begin, end) of the tile
  int end;
  int wanted;              ///< rows [wanted, end) are padding
  std::int64_t first_row;  ///< the tile's first row, counted over the whole batch
  std::int64_t b;          ///< target row of the batch
  std::int64_t k0;         ///< target that the tile's first row is, or would be, of it
  device::trajectory<Stamp> source;
};

/// The tile's trajectories, where it may have several.
struct tile_range {
  int rows;
  std::int64_t first_row;
  std::int64_t first;  ///< trajectory of the first row. Of packed rows -1 and B own those that nobody owns
  std::int64_t last;   ///< trajectory of the last row
};

/// Which rows tile `tile` has and whose they are. Called by the whole block.
template <class Stamp>
__device__ __noinline__ tile_range range_of_tile(locate_plan<Stamp> const& plan, unsigned tile) {
  timeline<Stamp> const& target = plan.target;
  tile_range range;
  range.rows = plan.tiles.rows;
  range.first_row = std::int64_t(tile) * range.rows;
  if (plan.tiles.targets - range.first_row < range.rows) {
    range.rows = static_cast<int>(plan.tiles.targets - range.first_row);
  }
  std::int64_t const beyond = range.first_row + range.rows;
  if (target.packed()) {
    range.first = block_count_not_after(target.offsets, target.batch + 1, range.first_row) - 1;
    std::int64_t const after = range.first + 1 + threadIdx.x;
    range.last = range.first + __syncthreads_count(after <= target.batch && target.offsets[after] < beyond);
  } else {
    range.first = range.first_row / target.length;
    range.last = (beyond - 1) / target.length;
  }
  return range;
}

/// The part of a tile that row `b` of the batch has, for timelines of any kind.
template <class Stamp>
__device__ __noinline__ tile_part<Stamp> resolve_part(locate_plan<Stamp> const& plan, std::int64_t b,
                                                      std::int64_t first_row, int rows) {
  timeline<Stamp> const& target = plan.target;
  tile_part<Stamp> part;
  part.b = b;
  part.first_row = first_row;
  std::int64_t begin = b * target.length;
  std::int64_t end = begin + target.length;
  if (target.packed()) {
    begin = device::detail::clamp(target.offsets[b], 0, target.rows);
    end = device::detail::clamp(target.offsets[b + 1], begin, target.rows);
  }
  part.begin = static_cast<int>(device::detail::clamp(begin - first_row, 0, rows));
  part.end = static_cast<int>(device::detail::clamp(end - first_row, 0, rows));
  part.k0 = first_row - begin;
  part.wanted = part.end;
  if (target.lengths != nullptr) {
    part.wanted = static_cast<int>(device::detail::clamp(target.lengths[b] - part.k0, part.begin, part.end));
  }
  part.source = device::trajectory_of(plan.source, device::source_of(target, b));
  return part;
}

/// The location of target `t` in a uniform trajectory.
template <class Stamp>
__device__ __noinline__ device::location locate_uniform(Stamp start, Stamp num, Stamp den, int length, Stamp t,
                                                        device::locate_rules<Stamp> rules) {
  device::trajectory<Stamp> source;
  source.length = length;
  source.start = start;
  source.num = num;
  source.den = den;
  return device::locate(source, t, rules);
}

/// Locates the rows of one part and hands each to `emit(slot, part, location)`, from the thread of that number.
template <class Stamp, class Emit>
__device__ void locate_part(locate_plan<Stamp> const& plan, tile_part<Stamp> const& part, Stamp* stage, Emit&& emit) {
  int const slot = threadIdx.x;
  int const length = static_cast<int>(part.source.length);
  bool const wanted = slot >= part.begin && slot < part.wanted && length > 0;

  // The target and the stamps are on their way together: nothing looks at `t` before the barrier.
  Stamp t = Stamp(0);
  if (wanted) {
    if (__builtin_expect(plan.target.stamps != nullptr, true)) {
      t = (plan.target.stamps + (plan.target.packed() ? part.first_row : part.b * plan.target.stride + part.k0))[slot];
    } else {
      t = device::target_stamp(plan.target, part.b, part.k0 + slot);
    }
  }
  if (__builtin_expect(part.source.stamps != nullptr, true)) {
    staged_search<Stamp> const search(part.source.stamps, length);
    search.stage(stage);
    __syncthreads();
    if (wanted) { emit(slot, part, search.locate(stage, t, plan.rules)); }
  } else if (wanted) {
    emit(slot, part, locate_uniform(part.source.start, part.source.num, part.source.den, length, t, plan.rules));
  }
  if (__builtin_expect(!wanted && slot >= part.begin && slot < part.end, false)) {
    emit(slot, part, device::location{});
  }
}

/// Rows of a tile whose trajectories are too many to stage: each searches alone, in global memory.
template <class Stamp, class Emit>
__device__ void locate_alone(locate_plan<Stamp> const& plan, tile_range const& range, Emit&& emit) {
  if (threadIdx.x >= range.rows) { return; }
  timeline<Stamp> const& target = plan.target;
  std::int64_t const row = range.first_row + threadIdx.x;
  tile_part<Stamp> part{};
  part.first_row = range.first_row;
  part.b = target.packed() ? device::count_not_after(target.offsets, target.batch + 1, row) - 1 : row / target.length;
  device::location where;
  if (part.b >= 0 && part.b < target.batch) {
    part = resolve_part(plan, part.b, part.first_row, range.rows);
    if (static_cast<int>(threadIdx.x) < part.wanted) {
      where = device::locate(part.source, device::target_stamp(target, part.b, part.k0 + threadIdx.x), plan.rules);
    }
  }
  emit(threadIdx.x, part, where);
}

/// Locates all rows of a tile that may belong to several trajectories, packed or short.
template <class Stamp, class Emit>
__device__ int locate_ranged_tile(locate_plan<Stamp> const& plan, unsigned tile, Stamp* stage, Emit&& emit) {
  tile_range const range = range_of_tile(plan, tile);
  if (range.last - range.first >= max_staged_trajectories) {
    locate_alone(plan, range, emit);
    return range.rows;
  }
  bool const owned = range.first >= 0 && range.first == range.last && range.last < plan.target.batch;
  if (!owned && threadIdx.x < range.rows) {
    // Rows that no trajectory owns get the fill value; so do all first, should the offsets not ascend.
    tile_part<Stamp> nobody{};
    nobody.first_row = range.first_row;
    emit(threadIdx.x, nobody, device::location{});
  }
  std::int64_t const last = min(range.last, plan.target.batch - 1);
  for (std::int64_t b = max(range.first, std::int64_t(0)); b <= last; ++b) {
    locate_part(plan, resolve_part(plan, b, range.first_row, range.rows), stage, emit);
    __syncthreads();  // the next trajectory's stamps take the place of these
  }
  return range.rows;
}

/// Locates all rows of tile `tile` and hands each to `emit(slot, part, location)`, from the thread of that number.
/// Returns how many rows the tile has. The caller synchronises before it reads what `emit` left for other threads.
template <class Stamp, class Emit>
__device__ int locate_tile(locate_plan<Stamp> const& plan, unsigned tile, Stamp* stage, Emit&& emit) {
  tiling const& tiles = plan.tiles;
  if (__builtin_expect(!tiles.aligned, false)) { return locate_ranged_tile(plan, tile, stage, emit); }
  unsigned const b = tiles.tiles_each.quotient(tile);
  int const k0 = static_cast<int>(tile - b * tiles.tiles_each.value) * tiles.rows;
  int const rows = min(tiles.rows, static_cast<int>(tiles.length) - k0);
  tile_part<Stamp> part;
  part.b = b;
  part.first_row = b * tiles.length + k0;
  if (__builtin_expect(plan.plain, true)) {
    part.begin = 0;
    part.end = part.wanted = rows;
    part.k0 = k0;
    std::int64_t const from = device::source_of(plan.target, b);
    part.source.batch_index = from;
    part.source.first_row = 0;
    part.source.length = plan.source.length;
    part.source.stamps = plan.source.stamps + from * plan.source.stride;
  } else {
    part = resolve_part(plan, part.b, part.first_row, rows);
  }
  locate_part(plan, part, stage, emit);
  return rows;
}

}  // namespace robocache::detail
