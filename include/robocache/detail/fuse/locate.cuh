// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/method_rows.cuh>
#include <robocache/detail/common/timed/warp_locate.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/fuse/params.hpp>
#include <robocache/detail/fuse/policy.cuh>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/packed.cuh>

// Locating for a fusion: a warp takes the rows of a tile, a lane each, for one stream.
namespace robocache::detail {

/// The rows of a block.
struct fused_tile {
  std::int64_t first_row;  ///< counted over the whole batch
  int rows;
  int k0;      ///< aligned: index of the first row's target within its trajectory
  unsigned b;  ///< aligned: the trajectory
};

/// @param block  `blockIdx.x`
template <class Stamp>
__device__ fused_tile fused_tile_of(fuse_params<Stamp> const& p, unsigned block) {
  tiling const& tiles = p.tiles;
  fused_tile tile;
  if (tiles.aligned) {
    tile.b = tiles.tiles_each.quotient(block);
    tile.k0 = static_cast<int>(block - tile.b * tiles.tiles_each.value) * tiles.rows;
    tile.rows = min(tiles.rows, static_cast<int>(tiles.length) - tile.k0);
    tile.first_row = tile.b * tiles.length + tile.k0;
  } else {
    tile.b = 0;
    tile.k0 = 0;
    tile.first_row = std::int64_t(block) * tiles.rows;
    tile.rows = static_cast<int>(min(std::int64_t(tiles.rows), tiles.targets - tile.first_row));
  }
  return tile;
}

/// Writes the record of a row of one stream.
/// @param element  where the row's results begin
template <class Stamp, bool MayBeRing>
__device__ void note_row(stream_plan<Stamp> const& stream, device::trajectory<Stamp, MayBeRing> const& source,
                         device::location const& where, std::int64_t element, method_row& row) {
  stream_blend const& blend = stream.blend;
  int const shift = blend.value_type == dtype::float32 ? 2 : 1;
  bool const straight = device::is_straight(blend.method);
  bool const backwards = straight && where.weight >= 0.5f;
  if (where.row >= 0) {
    std::int64_t const from =
        source.element(where.row + (backwards ? 1 : 0), blend.values_batch_stride, blend.values_row_stride);
    row.from = static_cast<char const*>(blend.values) + (from << shift);
  }
  row.to = static_cast<char*>(blend.results) + element * (blend.result_type == dtype::float32 ? 4 : 2);
  describe_row(source, where, blend.method, row);
  if (straight) {
    std::int64_t const stride = source.step_from(where.row) * (blend.values_row_stride << shift);
    row.far = backwards ? -stride : where.blends ? stride : 0;
    row.weight = backwards ? device::sub_rn(1.0f, where.weight) : where.weight;
  }
  row.valid = where.valid ? 1 : 0;
}

/// The trajectory that a plain stream's tile reads.
template <class Stamp>
__device__ device::plain_trajectory<Stamp> plain_source(stream_plan<Stamp> const& stream, fused_tile const& tile) {
  device::plain_trajectory<Stamp> source;
  source.stamps = stream.source.stamps + tile.b * stream.source.stride;
  source.length = stream.source.length;
  source.batch_index = tile.b;
  return source;
}

/// Which trajectory's target a row is.
struct target_of_row {
  std::int64_t b;
  std::int64_t k;
  bool wanted;  ///< false: padding, or a packed row that nobody owns
};

template <class Stamp>
__device__ target_of_row find_target_of_row(fuse_params<Stamp> const& p, fused_tile const& tile, int lane) {
  timeline<Stamp> const& target = p.target;
  bool const exists = lane < tile.rows;
  std::int64_t const row = tile.first_row + lane;
  if (!target.packed()) {
    std::int64_t b = tile.b;
    std::int64_t k = tile.k0 + lane;
    if (!p.tiles.aligned) {
      b = exists ? row / target.length : 0;
      k = row - b * target.length;
    }
    bool const wanted = exists && (target.lengths == nullptr || k < device::detail::length_of(target, b));
    return {b, k, wanted};
  }
  std::int64_t const b = exists ? device::owner_of_row(target.offsets, target.batch, target.rows, row).b : -1;
  device::plain_trajectory<Stamp> const targets = device::trajectory_of<false>(target, b);
  std::int64_t const k = row - targets.first_row;
  return {b, k, b >= 0 && k >= 0 && k < targets.length};
}

/// Timelines of any kind, and tiles with several trajectories. Returns where the lane's row is.
/// @tparam Row   what `note_row` makes of a location
/// @param slots  of the stage
template <class Stamp, class Row>
__device__ __noinline__ device::location locate_any_stream(fuse_params<Stamp> const& p,
                                                           stream_plan<Stamp> const& stream, fused_tile tile,
                                                           Stamp* stage, int slots, Row* records) {
  int const lane = lane_of_warp();
  bool const exists = lane < tile.rows;
  timeline<Stamp> const& target = p.target;
  target_of_row const at = find_target_of_row(p, tile, lane);
  std::int64_t trajectory = -1;
  device::sought_time<Stamp> sought{};
  if (at.wanted) {
    trajectory = device::source_of(target, at.b);
    sought =
        device::seek(device::target_stamp(target, at.b, at.k), stream.latency, stream.causal, stream.rules.tolerance);
  }
  device::trajectory<Stamp> source = device::short_trajectory_of(stream.source, trajectory);
  if (target.as_of != nullptr && at.wanted) {
    source.length = device::detail::known_length(source, target.as_of[at.b]);
  }
  auto const length = static_cast<int>(source.length);
  bool const together = !p.alone && stream.source.stored();  // for all lanes the same
  device::location where;
  if (!together) {
    if (at.wanted) { where = device::locate(source, sought, stream.rules); }
  } else {
    // Lanes that search the same trajectory do so together.
    unsigned rest = __ballot_sync(all_lanes, at.wanted && length > 0);
    while (rest != 0) {
      int const leader = __ffs(static_cast<int>(rest)) - 1;
      std::int64_t const theirs = __shfl_sync(all_lanes, trajectory, leader);
      bool const mine = (rest >> lane & 1) != 0 && trajectory == theirs;
      auto const* const stamps = reinterpret_cast<Stamp const*>(
          __shfl_sync(all_lanes, reinterpret_cast<unsigned long long>(source.stamps), leader));
      device::location const found = locate_by_warp(
          stamps, __shfl_sync(all_lanes, length, leader), mine, [&] { return sought; }, stage, slots, stream.rules);
      if (mine) { where = found; }
      rest &= ~__ballot_sync(all_lanes, mine);
    }
  }
  if (!exists) { return {}; }
  stream_blend const& blend = stream.blend;
  std::int64_t const row = tile.first_row + lane;
  std::int64_t const element = target.packed() ? row * blend.results_row_stride
                                               : at.b * blend.results_batch_stride + at.k * blend.results_row_stride;
  note_row(stream, source, where, element, records[lane]);
  return where;
}

/// Target `k` of row `b` of a uniform timeline.
template <class Stamp>
__device__ __noinline__ Stamp computed_target(Stamp start, Stamp num, Stamp den, std::int64_t k) {
  return device::detail::uniform_stamp(start, num, den, k);
}

/// Target `lane` of an aligned tile. Its load has only begun.
template <class Stamp>
__device__ Stamp target_of_tile(fuse_params<Stamp> const& p, fused_tile const& tile, int lane) {
  timeline<Stamp> const& target = p.target;
  if (lane >= tile.rows) { return Stamp(0); }
  int const k = tile.k0 + lane;
  if (target.stored()) { return load_early(target.stamps + (tile.b * target.stride + k)); }
  Stamp const start = target.starts != nullptr ? load_early(target.starts + tile.b) : target.start;
  switch (target.kind) {
    case timeline_kind::windows: return device::stamp_sum(start, load_early(target.deltas + k));
    case timeline_kind::uniform: return computed_target(start, target.num, target.den, k);
    case timeline_kind::dense:
    case timeline_kind::shared:
    case timeline_kind::ragged: break;  // see above
    case timeline_kind::ring: break;    // no targets
  }
  __builtin_unreachable();  // checks refuse other kinds
}

/// Locates a row of an aligned tile.
template <class Stamp, bool MayBeRing>
__device__ void note_aligned_row(stream_plan<Stamp> const& stream, device::trajectory<Stamp, MayBeRing> const& source,
                                 fused_tile const& tile, device::location const& where, int slot, method_row& row) {
  stream_blend const& blend = stream.blend;
  note_row(stream, source, where, tile.b * blend.results_batch_stride + (tile.k0 + slot) * blend.results_row_stride,
           row);
}

/// The stored trajectory that an aligned tile reads, and how many of the tile's rows are not padding.
template <class Stamp>
__device__ device::plain_trajectory<Stamp> source_of_tile(fuse_params<Stamp> const& p, stream_plan<Stamp> const& stream,
                                                          fused_tile const& tile, int& wanted) {
  wanted = tile.rows;
  if (stream.plain) { return plain_source(stream, tile); }
  if (p.target.lengths != nullptr) {
    std::int64_t const real = device::detail::length_of(p.target, tile.b);
    wanted = static_cast<int>(device::detail::clamp(real - tile.k0, 0, tile.rows));
  }
  return device::short_trajectory_of<false>(stream.source, device::source_of(p.target, tile.b));
}

/// Locates the rows of a tile for one stream. Called by a warp, which synchronises before it reads the records.
template <class Stamp>
__device__ void locate_stream(fuse_params<Stamp> const& p, stream_plan<Stamp> const& stream, fused_tile const& tile,
                              Stamp* stage, method_row* records) {
  if (__builtin_expect(!stream.together, false)) {
    locate_any_stream(p, stream, tile, stage, p.slots, records);
    return;
  }
  int const lane = lane_of_warp();
  // The target is on its way together with the stamps.
  Stamp const t = target_of_tile(p, tile, lane);
  int wanted;
  device::plain_trajectory<Stamp> const source = source_of_tile(p, stream, tile, wanted);
  device::location where;
  if (source.length > 0) {
    where = locate_by_warp(
        source.stamps, static_cast<int>(source.length), lane < wanted,
        [&] { return device::seek(t, stream.latency, stream.causal, stream.rules.tolerance); }, stage, p.slots,
        stream.rules);
  }
  if (lane >= wanted) { where = {}; }
  if (lane < tile.rows) { note_aligned_row(stream, source, tile, where, lane, records[lane]); }
}

/// The row of an aligned tile for a stream that is a ring: the stamps of all slots stay in registers, and votes count
/// them, for which their order does not matter. Out of line: plain tiles keep their code.
template <class Stamp>
__device__ __noinline__ void locate_ring_row(fuse_params<Stamp> const& p, stream_plan<Stamp> const& stream,
                                             fused_tile tile, method_row* record) {
  constexpr int rounds = one_row_stamps / 32;
  int const lane = lane_of_warp();
  auto const capacity = static_cast<int>(stream.source.length);
  std::int64_t const b = device::source_of(p.target, tile.b);
  Stamp const t = target_of_tile(p, tile, 0);
  device::location where;
  device::trajectory<Stamp> source;
  if (b >= 0 && b < stream.source.batch) {  // for all lanes the same
    Stamp const* const slots = stream.source.stamps + b * stream.source.stride;
    std::int64_t const written = stream.source.lengths[b];
    Stamp own[rounds];
#pragma unroll
    for (int u = 0; u < rounds; ++u) {
      int const i = lane + 32 * u;
      if (i < capacity) { own[u] = __ldg(slots + i); }
    }
    device::sought_time<Stamp> const sought = device::seek(t, stream.latency, stream.causal, stream.rules.tolerance);
    auto const kept = static_cast<int>(device::detail::clamp(written, 0, capacity));
    auto const count_until = [&](Stamp last) {
      int count = 0;
#pragma unroll
      for (int u = 0; u < rounds; ++u) {
        if (32 * u < capacity) { count += __popc(__ballot_sync(all_lanes, lane + 32 * u < kept && own[u] <= last)); }
      }
      return count;
    };
    int const known = p.target.as_of != nullptr ? count_until(p.target.as_of[tile.b]) : kept;
    auto const oldest = static_cast<int>(kept > 0 && written > capacity ? device::slot_of(written, capacity) : 0);
    source.ring = slots + oldest;
    source.length = known;
    source.batch_index = b;
    source.first_row = oldest;
    if (oldest > 0) {
      source.turn = capacity - oldest;
      source.capacity = capacity;
    }
    if (known > 0) {
      int const count = device::is_finite(sought.at) ? min(count_until(sought.newest), known) : 0;
      int const left = device::left_of_pair(count, known);
      where = device::locate_in_pair(source.other_stamp(left), source.other_stamp(left + (known > 1 ? 1 : 0)),
                                     sought.at, count, known, stream.rules);
    }
  }
  if (lane == 0) { note_aligned_row(stream, source, tile, where, 0, *record); }
}

/// The same for a tile of one row: stamps stay in registers, and warp votes count those before the target.
template <class Stamp>
__device__ void locate_one_row(fuse_params<Stamp> const& p, stream_plan<Stamp> const& stream, fused_tile const& tile,
                               Stamp* stage, method_row* record) {
  constexpr int rounds = one_row_stamps / 32;
  auto const length = static_cast<int>(stream.source.length);
  if (__builtin_expect(!stream.plain || length > one_row_stamps, false)) {
    bool const ring = stream.source.kind == timeline_kind::ring && length <= one_row_stamps;
    if (ring && p.tiles.aligned && p.target.lengths == nullptr) { return locate_ring_row(p, stream, tile, record); }
    return locate_stream(p, stream, tile, stage, record);
  }
  int const lane = lane_of_warp();
  device::plain_trajectory<Stamp> const source = plain_source(stream, tile);
  Stamp const t = target_of_tile(p, tile, 0);
  Stamp own[rounds];
#pragma unroll
  for (int u = 0; u < rounds; ++u) {
    int const i = lane + 32 * u;
    if (i < length) { own[u] = __ldg(source.stamps + i); }
  }
  device::sought_time<Stamp> const sought = device::seek(t, stream.latency, stream.causal, stream.rules.tolerance);
  int count = 0;
#pragma unroll
  for (int u = 0; u < rounds; ++u) {
    if (32 * u < length) {
      count += __popc(__ballot_sync(all_lanes, lane + 32 * u < length && own[u] <= sought.newest));
    }
  }
  int const left = device::left_of_pair(count, length);
  Stamp const* const pair = source.stamps + left;
  device::location const where =
      device::locate_in_pair(__ldg(pair), __ldg(pair + (length > 1 ? 1 : 0)), sought.at, count, length, stream.rules);
  if (lane == 0) { note_aligned_row(stream, source, tile, where, 0, *record); }
}

}  // namespace robocache::detail
