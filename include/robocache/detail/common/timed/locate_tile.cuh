// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/common/timed/staged_search.cuh>
#include <robocache/detail/common/warp_bisect.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/packed.cuh>

// Locating for a whole block. Every warp of the grid runs this before it moves a byte, and small jobs wait for its
// instructions to be fetched, once: measured, that was half of their time. So the plain case is one short straight
// line, what is the same for a block is resolved once, indices within a trajectory are 32 bits wide, and everything
// rare is out of line.
namespace robocache::detail {

/// A tile with more trajectories than this, a warp each, has each row search alone.
inline constexpr int max_staged_trajectories = max_threads / 32;

/// The rows of a tile that read one trajectory: the same for the whole block.
template <class Stamp, bool MayBeRing = false>
struct tile_part {
  int begin;  ///< rows [begin, end) of the tile
  int end;
  int wanted;              ///< rows [wanted, end) are padding
  bool descends;           ///< packed: the offsets around it do
  std::int64_t first_row;  ///< the tile's first row, counted over the whole batch
  std::int64_t b;          ///< target row of the batch
  std::int64_t k0;         ///< target that the tile's first row is, or would be, of it
  device::trajectory<Stamp, MayBeRing> source;
};

/// The tile's trajectories, where it may have several.
struct tile_range {
  int rows;
  std::int64_t first_row;
  std::int64_t first;  ///< trajectory of the first row. Of packed rows -1 and B own those that nobody owns
  std::int64_t last;   ///< trajectory of the last row
};

/// Whose the rows from `row` to `last` of packed targets are: the trajectories of both. Called by the whole block. Out
/// of line, so that tiles of other targets keep their registers.
/// @param found  room in shared memory
inline __device__ __noinline__ longlong2 find_owners(std::int64_t const* offsets, std::int64_t batch, std::int64_t row,
                                                     std::int64_t last, std::int64_t (&found)[2]) {
  if (batch == 0) { return {-1, -1}; }  // not even one offset need be there
  if (batch < max_threads) {
    // One look at all offsets serves both ends, where they ascend.
    bool const inside = threadIdx.x <= batch;
    std::int64_t const offset = inside ? offsets[threadIdx.x] : INT64_MAX;
    std::int64_t const next = threadIdx.x < batch ? offsets[threadIdx.x + 1] : INT64_MAX;
    longlong2 const owners{__syncthreads_count(inside && offset <= row) - 1,
                           __syncthreads_count(inside && offset <= last) - 1};
    if (__syncthreads_or(offset > next) == 0) { return owners; }
  }
  if (threadIdx.x < 64) {
    std::int64_t const owner = warp_count_not_after(offsets, batch + 1, threadIdx.x < 32 ? row : last) - 1;
    if (threadIdx.x % 32 == 0) { found[threadIdx.x / 32] = owner; }
  }
  __syncthreads();
  return {found[0], found[1]};
}

/// Which rows tile `tile` has and whose they are. Called by the whole block.
template <class Stamp>
__device__ tile_range range_of_tile(locate_plan<Stamp> const& plan, unsigned tile) {
  timeline<Stamp> const& target = plan.target;
  tile_range range;
  range.first_row = std::int64_t(tile) * plan.tiles.rows;
  range.rows = static_cast<int>(min(std::int64_t(plan.tiles.rows), plan.tiles.targets - range.first_row));
  std::int64_t const last = range.first_row + range.rows - 1;
  if (target.packed()) {
    __shared__ std::int64_t found[2];
    longlong2 const owners = find_owners(target.offsets, target.batch, range.first_row, last, found);
    range.first = owners.x;
    range.last = owners.y;
  } else {
    range.first = range.first_row / target.length;
    range.last = last / target.length;
  }
  return range;
}

/// The part of a tile that row `b` of the batch has, for timelines of any kind.
template <bool MayBeRing, class Stamp>
__device__ tile_part<Stamp, MayBeRing> resolve_part(locate_plan<Stamp> const& plan, std::int64_t b,
                                                    std::int64_t first_row, int rows) {
  timeline<Stamp> const& target = plan.target;
  tile_part<Stamp, MayBeRing> part;
  part.b = b;
  part.first_row = first_row;
  part.source = device::source_trajectory<MayBeRing>(plan.source, target, b);
  std::int64_t begin = b * target.length;
  std::int64_t end = begin + target.length;
  if (target.packed()) {
    begin = device::detail::first_row_of(target, b);
    end = device::detail::first_row_of(target, b + 1);
  }
  part.descends = end < begin;
  part.begin = static_cast<int>(device::detail::clamp(begin - first_row, 0, rows));
  part.end = static_cast<int>(device::detail::clamp(max(begin, end) - first_row, 0, rows));
  part.k0 = first_row - begin;
  part.wanted = part.end;
  if (target.lengths != nullptr) {
    std::int64_t const real = device::detail::length_of(target, b);
    part.wanted = static_cast<int>(device::detail::clamp(real - part.k0, part.begin, part.end));
  }
  return part;
}

/// The location of target `t` in a uniform trajectory.
template <class Stamp>
__device__ __noinline__ device::location locate_unstaged(device::plain_trajectory<Stamp> const& source, Stamp t,
                                                         device::locate_rules<Stamp> const& rules) {
  return device::locate(source, t, rules);
}

/// Rows of a tile whose trajectories are too many to stage, or are rings: each searches alone, in global memory.
template <bool MayBeRing, class Stamp>
__device__ __noinline__ device::location locate_alone(locate_plan<Stamp> const& plan, std::int64_t b, std::int64_t k) {
  timeline<Stamp> const& target = plan.target;
  device::trajectory<Stamp, MayBeRing> const source = device::source_trajectory<MayBeRing>(plan.source, target, b);
  if (target.lengths != nullptr && k >= target.lengths[b]) { return {}; }
  return device::locate(source, device::target_stamp(target, b, k), plan.rules);
}

/// The general case: a tile with up to `max_staged_trajectories` trajectories, of any timeline but a ring. A warp each
/// resolves them; as many as fit are staged together, so that they cost one trip to memory. False, and nothing done,
/// where offsets of the tile descend: then its first and last trajectory do not tell whose the rows between them are.
template <class Stamp, class Emit>
__device__ bool locate_parts(locate_plan<Stamp> const& plan, tile_range const& range, Stamp* stage, Emit&& emit) {
  __shared__ tile_part<Stamp> parts[max_staged_trajectories];
  int const slot = threadIdx.x;
  std::int64_t const first = max(range.first, std::int64_t(0));
  int const count = static_cast<int>(min(range.last, plan.target.batch - 1) - first) + 1;
  bool descends = false;
  if (slot % 32 == 0 && slot / 32 < count) {
    tile_part<Stamp> const part = resolve_part<false>(plan, first + slot / 32, range.first_row, range.rows);
    descends = part.descends;
    parts[slot / 32] = part;
  }
  if (__syncthreads_or(descends) != 0) { return false; }
  for (int next = 0; next < count;) {
    int used = 0;
    int mine = -1;
    Stamp const* my_stage = stage;
    do {
      tile_part<Stamp> const& part = parts[next];
      if (slot >= part.begin && slot < part.end) {
        mine = next;
        my_stage = stage + used;
      }
      if (part.source.stored()) {
        staged_search<Stamp> const search(part.source.stamps, static_cast<int>(part.source.length));
        search.stage(stage + used);
        used += search.slots();
      }
      ++next;
    } while (next < count && used + staged_search<Stamp>::slots_for(parts[next].source.length) <= stage_capacity + 1);

    tile_part<Stamp> const& part = parts[max(mine, 0)];
    int const length = static_cast<int>(part.source.length);
    bool const wanted = mine >= 0 && slot < part.wanted && length > 0;
    Stamp t = Stamp(0);
    if (wanted) {
      t = !plan.target.stored()
              ? device::target_stamp(plan.target, part.b, part.k0 + slot)
              : load_early(plan.target.stamps +
                           (slot + (plan.target.packed() ? part.first_row : part.b * plan.target.stride + part.k0)));
    }
    wait_for_copies();
    __syncthreads();
    device::location where;
    if (wanted) {
      where = part.source.stored() ? staged_search<Stamp>(part.source.stamps, length).locate(my_stage, t, plan.rules)
                                   : locate_unstaged(part.source, t, plan.rules);
    }
    if (mine >= 0) { emit(slot, part, where); }
    if (next < count) { __syncthreads(); }  // the next trajectories' stamps take the place of these
  }
  return true;
}

/// Each row of a tile by itself.
template <bool MayBeRing, class Stamp, class Emit>
__device__ void locate_apart(locate_plan<Stamp> const& plan, tile_range const& range, Emit&& emit) {
  timeline<Stamp> const& target = plan.target;
  if (threadIdx.x >= range.rows) { return; }
  std::int64_t const row = range.first_row + threadIdx.x;
  std::int64_t const b =
      target.packed() ? device::owner_of_row(target.offsets, target.batch, target.rows, row).b : row / target.length;
  bool const owned = b >= 0 && b < target.batch;
  tile_part<Stamp, MayBeRing> part{};
  part.first_row = range.first_row;
  if (owned) { part = resolve_part<MayBeRing>(plan, b, range.first_row, range.rows); }
  emit(threadIdx.x, part, owned ? locate_alone<MayBeRing>(plan, b, part.k0 + threadIdx.x) : device::location{});
}

/// A tile of rings. Out of line, so that it costs others a branch.
template <class Stamp, class Emit>
__device__ __noinline__ void locate_rings(locate_plan<Stamp> const& plan, tile_range range, Emit emit) {
  locate_apart<true>(plan, range, emit);
}

/// Locates all rows of tile `tile` and hands each to `emit(slot, part, location)`, from the thread of that number.
/// Returns how many rows the tile has. The caller synchronises before it reads what `emit` left for other threads.
template <class Stamp, class Emit>
__device__ int locate_tile(locate_plan<Stamp> const& plan, unsigned tile, Stamp* stage, Emit&& emit) {
  tiling const& tiles = plan.tiles;
  timeline<Stamp> const& target = plan.target;
  tile_range range;
  std::int64_t first_target;
  int k0 = 0;
  if (__builtin_expect(tiles.aligned, true)) {
    unsigned const b = tiles.tiles_each.quotient(tile);
    k0 = static_cast<int>(tile - b * tiles.tiles_each.value) * tiles.rows;
    range.rows = min(tiles.rows, static_cast<int>(tiles.length) - k0);
    range.first = range.last = b;
    range.first_row = b * tiles.length + k0;
    first_target = b * plan.plain_targets_stride + k0;
  } else {
    range = range_of_tile(plan, tile);
    first_target = range.first_row;
  }
  if (__builtin_expect(plan.plain, true) &&
      (tiles.aligned || (range.first == range.last && range.first >= 0 && range.first < target.batch))) {
    auto const b = static_cast<unsigned>(range.first);
    tile_part<Stamp> part;
    part.begin = 0;
    part.end = part.wanted = range.rows;
    part.first_row = range.first_row;
    part.b = b;
    part.k0 = k0;
    part.source.batch_index = b;
    part.source.first_row = 0;
    part.source.length = plan.plain_length;
    part.source.stamps = plan.plain_stamps + b * plan.plain_stamps_stride;
    int const slot = threadIdx.x;
    staged_search<Stamp> const search(part.source.stamps, plan.plain_length);
    search.stage(stage);
    // The target is on its way together with the stamps.
    Stamp t = Stamp(0);
    if (slot < range.rows) { t = load_early(plan.plain_targets + first_target + slot); }
    wait_for_copies();
    __syncthreads();
    if (slot < range.rows) { emit(slot, part, search.locate(stage, t, plan.rules)); }
    return range.rows;
  }

  if (plan.source.kind == timeline_kind::ring) {
    locate_rings(plan, range, emit);
    return range.rows;
  }
  bool const staged = range.last - range.first < max_staged_trajectories;
  if (staged && target.packed() && threadIdx.x < range.rows) {
    // Rows that no trajectory owns get the fill value. So do all at first.
    tile_part<Stamp> nobody{};
    nobody.first_row = range.first_row;
    emit(threadIdx.x, nobody, device::location{});
  }
  if (!staged || !locate_parts(plan, range, stage, emit)) { locate_apart<false>(plan, range, emit); }
  return range.rows;
}

}  // namespace robocache::detail
