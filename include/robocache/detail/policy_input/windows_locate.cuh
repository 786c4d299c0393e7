// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/guessed_stamps.cuh>
#include <robocache/detail/common/timed/warp_locate.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/policy_input/windows_params.hpp>
#include <robocache/detail/policy_input/windows_tile.cuh>
#include <robocache/device/locate.cuh>

// Locating for windows: a warp has a tile of one window's rows, of all fusions, and looks into all clocks at the same
// time. A tile takes as many trips to memory as one of its streams.
namespace robocache::detail {

inline __device__ window_row window_row_of(device::location const& where) {
  if (where.row < 0) { return {0, 0, alone, 0.0f}; }
  auto const row = static_cast<int>(where.row);
  if (!where.blends) { return {row, row, alone, 0.0f}; }
  bool const backwards = where.weight >= 0.5f;
  return {row + (backwards ? 1 : 0), row + (backwards ? 0 : 1),
          backwards ? device::sub_rn(1.0f, where.weight) : where.weight, where.weight};
}

/// The fusion of the lane's row of the tile.
template <class Stamp>
__device__ int fusion_of_lane(window_params<Stamp> const& p, window_tile const& tile) {
  int own = 0;
  for (int f = 1; f < p.fusions; ++f) { own = tile.first_row + lane_of_warp() >= p.fusion[f].first_row ? f : own; }
  return own;
}

/// The target of the lane's row, whose place is noted.
template <class Stamp>
__device__ Stamp target_of_lane(window_params<Stamp> const& p, window_tile const& tile, Stamp anchor,
                                window_memory<Stamp> const& memory) {
  int const lane = lane_of_warp();
  if (lane >= tile.count) { return Stamp(0); }
  window_fusion<Stamp> const& fusion = p.fusion[fusion_of_lane(p, tile)];
  int const k = tile.first_row + lane - fusion.first_row;
  memory.targets()[lane] = k;
  memory.places()[lane] = fusion.results + (tile.b * fusion.batch_stride + k * fusion.row_stride);
  return device::stamp_sum(anchor, __ldg(fusion.deltas + k));
}

/// The times from the earliest to the latest of some.
template <class Stamp>
struct time_reach {
  Stamp low{};
  Stamp high{};
  bool any = false;

  __device__ void include(Stamp t) {
    low = !any || t < low ? t : low;
    high = !any || t > high ? t : high;
    any = true;
  }
};

/// Finds each clock's trajectory, a clock a lane, and guesses which of its stamps are needed.
/// @param t  the target of the lane's row
template <class Stamp>
__device__ void find_sources(window_params<Stamp> const& p, window_tile const& tile, Stamp anchor, Stamp t,
                             window_memory<Stamp> const& memory) {
  int const lane = lane_of_warp();
  window_source<Stamp> own{};
  bool const reads = lane < p.clocks;
  window_clock<Stamp> const& clock = p.clock[reads ? lane : 0];
  if (reads) {
    if (!clock.source.stored()) { __builtin_unreachable(); }
    std::int64_t const trajectory = p.trajectory != nullptr ? __ldg(p.trajectory + tile.b) : std::int64_t{tile.b};
    auto source = device::short_trajectory_of<false>(clock.source, trajectory);
    if (clock.as_of != nullptr) { source.length = device::detail::known_length(source, clock.as_of[tile.b]); }
    own.stamps = source.stamps;
    own.batch_index = source.batch_index;
    own.first_row = source.first_row;
    own.length = static_cast<int>(source.length);
  }
  time_reach<Stamp> reach;
  for (int f = 0; f < p.fusions; ++f) {
    rows_in_tile const rows(tile, p.fusion[f].first_row, p.fusion[f].first_row + p.fusion[f].length);
    if (rows.begin >= rows.end) { continue; }
    // Where targets ascend, these are the extremes. Other targets may lie outside.
    Stamp const first = __shfl_sync(all_lanes, t, rows.begin);
    Stamp const last = __shfl_sync(all_lanes, t, rows.end - 1);
    if ((p.fusion[f].clocks >> lane & 1) != 0) {
      reach.include(first);
      reach.include(last);
    }
  }
  for (int i = 0; i < p.references; ++i) {
    if (p.reference[i].from.clock == lane) { reach.include(device::stamp_sum(anchor, p.reference[i].at)); }
  }
  if (reach.any && own.length > 0) {
    Stamp const latency = device::latency_of(clock.latency, clock.latencies, tile.b);
    Stamp const low = device::seek(reach.low, latency, clock.causal, clock.rules.tolerance).newest;
    Stamp const high = device::seek(reach.high, latency, clock.causal, clock.rules.tolerance).newest;
    stretch const guess = guess_stretch(own.stamps, own.length, low, high, guessed_stamps - 1);
    own.begin = guess.begin;
    own.count = guess.end - guess.begin;
  }
  if (reads) { memory.sources()[lane] = own; }
  __syncwarp();
}

/// Locates rows whose stamps are not staged, clock after clock. What was staged of these clocks is gone afterwards.
/// @param missing  whether this lane's row is one of them
/// @param c        its clock
/// @param stage    of clock `first`; those of the next clocks follow it
template <class Stamp>
__device__ __noinline__ device::location locate_misjudged(window_params<Stamp> const& p, window_source<Stamp>* sources,
                                                          bool missing, int c, device::sought_time<Stamp> sought,
                                                          Stamp* stage, int first) {
  device::location where;
  for (unsigned rest = __ballot_sync(all_lanes, missing); rest != 0;) {
    int const theirs = __shfl_sync(all_lanes, c, __ffs(static_cast<int>(rest)) - 1);
    bool const mine = missing && c == theirs;
    device::location const found =
        locate_in_part(sources[theirs].stamps, sources[theirs].length, mine, sought,
                       stage + (theirs - first) * guessed_stamps, guessed_stamps, p.clock[theirs].rules);
    if (mine) { where = found; }
    rest &= ~__ballot_sync(all_lanes, mine);
    __syncwarp();
    if (lane_of_warp() == 0) { sources[theirs].count = 0; }
    __syncwarp();
  }
  return where;
}

/// Finds those references that are read for the same time as a row of the tile, by the same clock: they need not be
/// located. Returns a bit for each of the others.
template <class Stamp>
__device__ unsigned find_rows_of_references(window_params<Stamp> const& p, window_tile const& tile, Stamp anchor,
                                            Stamp t, window_memory<Stamp> const& memory) {
  unsigned others = 0;
  for (int i = 0; i < p.references; ++i) {
    window_clock<Stamp> const& clock = p.clock[p.reference[i].from.clock];
    rows_in_tile const rows(tile, clock.first_row, clock.end_row);
    bool const same = rows.has(lane_of_warp()) && t == device::stamp_sum(anchor, p.reference[i].at);
    unsigned const found = __ballot_sync(all_lanes, same);
    if (found == 0) {
      others |= 1u << i;
    } else if (lane_of_warp() == 0) {
      memory.reference_flags()[i] = static_cast<std::uint8_t>(is_row_of_tile + __ffs(static_cast<int>(found)) - 1);
    }
  }
  return others;
}

/// Notes those references that are rows of the tile, once these are located. Returns whether each is valid.
template <class Stamp>
__device__ bool note_references(window_params<Stamp> const& p, window_memory<Stamp> const& memory) {
  int const i = lane_of_warp();
  bool valid = true;
  if (i < p.references) {
    int flags = memory.reference_flags()[i];
    if ((flags & is_row_of_tile) != 0) {
      int const clock = p.reference[i].from.clock;
      int const slot = flags - is_row_of_tile;
      flags = memory.flags(clock)[slot];
      memory.reference_rows()[i] = memory.rows(clock)[slot];
      memory.reference_flags()[i] = static_cast<std::uint8_t>(flags);
    }
    valid = flags == row_is_valid;
  }
  bool const all = __all_sync(all_lanes, valid) != 0;
  __syncwarp();
  return all;
}

/// Rows of a tile with the same target, in fusions of which each may have it, are located once: for the first of them.
struct distinct_rows {
  unsigned alike;  ///< rows with the target of the lane's row, a bit each
  unsigned first;  ///< a bit for each row that is the first with its target
  int count;       ///< of those
};

/// @param t  the target of the lane's row. The places in the tile of the first rows are noted
template <class Stamp>
__device__ distinct_rows find_distinct_rows(window_params<Stamp> const& p, window_tile const& tile, Stamp t,
                                            window_memory<Stamp> const& memory) {
  int const lane = lane_of_warp();
  unsigned const rows = ~0u >> (32 - tile.count);
  distinct_rows distinct{1u << lane, rows, tile.count};
  if (p.fusions > 1) {
    distinct.alike = __match_any_sync(all_lanes, t) & rows;
    distinct.first = __ballot_sync(all_lanes, lane < tile.count && (distinct.alike & ((1u << lane) - 1)) == 0);
    distinct.count = __popc(distinct.first);
    if ((distinct.first >> lane & 1) != 0) {
      memory.distinct()[__popc(distinct.first & ((1u << lane) - 1))] = static_cast<std::uint8_t>(lane);
    }
  } else if (lane < tile.count) {
    memory.distinct()[lane] = static_cast<std::uint8_t>(lane);
  }
  __syncwarp();
  return distinct;
}

/// What was located for the first rows with a target is so for the others.
template <class Stamp>
__device__ void repeat_rows(window_params<Stamp> const& p, window_tile const& tile, distinct_rows const& distinct,
                            window_memory<Stamp> const& memory) {
  if (distinct.count == tile.count) { return; }
  int const lane = lane_of_warp();
  int const from = __ffs(static_cast<int>(distinct.alike)) - 1;
  for (int c = 0; c < p.clocks; ++c) {
    if (lane < tile.count && from != lane) {
      memory.rows(c)[lane] = memory.rows(c)[from];
      memory.flags(c)[lane] = memory.flags(c)[from];
    }
  }
  __syncwarp();
}

/// Locates all rows of a tile for the clocks from `begin` to `end`, whose stamps are staged, and references that read
/// these. Returns whether no row is filled.
/// @param references  a bit for each that is to be located
template <class Stamp>
__device__ bool locate_rows(window_params<Stamp> const& p, window_tile const& tile, Stamp anchor, Stamp t,
                            distinct_rows const& distinct, int begin, int end, unsigned references,
                            window_memory<Stamp> const& memory) {
  bool none_filled = true;
  int const lane = lane_of_warp();
  int const of_clocks = (end - begin) * distinct.count;
  unsigned const reciprocal =
      65535u / static_cast<unsigned>(distinct.count) + 1;  // exact for the few rows that there are
  int const items = of_clocks + (references != 0 ? p.references : 0);
  for (int first = 0; first < items; first += 32) {
    int const item = first + lane;
    bool const refers = item >= of_clocks;
    auto const place = static_cast<int>(static_cast<unsigned>(item) * reciprocal >> 16);
    int const slot = memory.distinct()[item - place * distinct.count];
    Stamp at = __shfl_sync(all_lanes, t, slot);
    unsigned const alike = __shfl_sync(all_lanes, distinct.alike, slot);
    int c = begin + place;
    int const reference = item - of_clocks;
    bool exists;
    if (refers) {
      exists = reference < p.references && (references >> reference & 1) != 0;
      c = exists ? p.reference[reference].from.clock : begin;
      exists = exists && c >= begin && c < end;
      c = exists ? c : begin;
      if (exists) { at = device::stamp_sum(anchor, p.reference[reference].at); }
    } else {
      exists = (alike & rows_in_tile(tile, p.clock[c].first_row, p.clock[c].end_row).bits()) != 0;
    }
    window_clock<Stamp> const& clock = p.clock[c];
    window_source<Stamp> const source = memory.sources()[c];
    Stamp* const stage = memory.stage() + (c - begin) * guessed_stamps;
    Stamp const latency = device::latency_of(clock.latency, clock.latencies, tile.b);
    device::sought_time<Stamp> const sought = device::seek(at, latency, clock.causal, clock.rules.tolerance);
    bool const wants = exists && source.length > 0 && device::is_finite(sought.at);
    // The search is right where the staged stamps, or the ends of the trajectory, enclose the time that is sought.
    bool const staged = source.count > 0 && (source.begin == 0 || stage[0] <= sought.newest) &&
                        (source.begin + source.count == source.length || !(stage[source.count - 1] <= sought.newest));
    device::location where;
    if (wants && staged) {
      int const count = source.begin + min(count_guessed(stage, sought.newest), source.count);
      int const left = device::left_of_pair(count, source.length);
      // Within the stage whatever the stamps are, even where they do not ascend.
      Stamp const* const pair = stage + max(left - source.begin, 0);
      bool const two = left - source.begin < source.count - 1;
      where = device::locate_in_pair(pair[0], pair[two ? 1 : 0], sought.at, count, source.length, clock.rules);
    }
    bool const missing = wants && !staged;
    if (__builtin_expect(__any_sync(all_lanes, missing), false)) {
      device::location const found = locate_misjudged(p, memory.sources(), missing, c, sought, memory.stage(), begin);
      if (missing) { where = found; }
    }
    if (exists) {
      window_row* const row = refers ? memory.reference_rows() + reference : memory.rows(c) + slot;
      std::uint8_t* const flags = refers ? memory.reference_flags() + reference : memory.flags(c) + slot;
      *row = window_row_of(where);
      bool const fills = where.row < 0;
      none_filled = none_filled && !fills;
      *flags = static_cast<std::uint8_t>(fills ? row_is_filled : where.valid ? row_is_valid : 0);
    }
  }
  return none_filled;
}

/// Locates the rows of a tile for all clocks, and the references. Returns whether no row is filled, and each reference
/// valid. Called by a warp.
template <class Stamp>
__device__ bool locate_window(window_params<Stamp> const& p, window_tile const& tile,
                              window_memory<Stamp> const& memory) {
  Stamp const anchor = __ldg(p.anchors + tile.b);
  Stamp const t = target_of_lane(p, tile, anchor, memory);
  find_sources(p, tile, anchor, t, memory);
  distinct_rows const distinct = find_distinct_rows(p, tile, t, memory);
  unsigned const others = find_rows_of_references(p, tile, anchor, t, memory);
  bool usual = true;
  for (int begin = 0; begin < p.clocks; begin += p.together) {
    int const end = min(p.clocks, begin + p.together);
    for (int c = begin; c < end; ++c) {
      stage_guess(memory.sources()[c], memory.stage() + (c - begin) * guessed_stamps);
    }
    wait_for_copies();
    __syncwarp();
    usual = locate_rows(p, tile, anchor, t, distinct, begin, end, others, memory) && usual;
    __syncwarp();
  }
  repeat_rows(p, tile, distinct, memory);
  return note_references(p, memory) && __all_sync(all_lanes, usual) != 0;
}

}  // namespace robocache::detail
