// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/guessed_stamps.cuh>
#include <robocache/detail/common/timed/warp_locate.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/fuse/locate.cuh>
#include <robocache/detail/fuse/params.hpp>
#include <robocache/detail/fuse/policy.cuh>
#include <robocache/device/locate.cuh>

// Locating by a warp that has a tile of its own. All streams wait for memory at the same time: a tile takes as many
// trips to memory as one of its streams, however many it has.
namespace robocache::detail {

/// Where a row of a stream comes from. A single sample is blended with itself: the difference, times -0, leaves its
/// bits unchanged, unless it is not finite. A row that will be filled reads some row, without using it.
struct alignas(16) run_row {
  char const* near;  ///< the nearer sample's values
  int far;           ///< bytes from there to the farther one
  float weight;      ///< of the farther one; 0 exactly where only the nearer one counts
};

/// What a warp knows about the trajectory that a stream's rows come from.
template <class Stamp>
struct alignas(16) run_source {
  Stamp const* stamps;
  std::int64_t first;  ///< the element at which the trajectory's values begin
  int length;
  int begin;  ///< stamps [begin, begin + count) are staged
  int count;
};

/// The shared memory of a warp. Results take the place of staged stamps.
template <class Stamp>
class run_memory {
 public:
  __device__ run_memory(fuse_params<Stamp> const& p, char* memory)
      : memory_(memory),
        sources_(p.run.room + static_cast<int>(sizeof(run_row)) * p.tiles.rows * p.count),
        room_(p.run.room),
        count_(p.count) {}
  __device__ char* results() const { return memory_; }
  __device__ Stamp* stage() const { return reinterpret_cast<Stamp*>(memory_); }
  /// A row of the tile for each stream, stream after stream.
  __device__ run_row* rows() const { return reinterpret_cast<run_row*>(memory_ + room_); }
  __device__ run_source<Stamp>* sources() const { return reinterpret_cast<run_source<Stamp>*>(memory_ + sources_); }
  /// For each stream whether its rows are valid, one bit per row.
  __device__ unsigned* valid() const { return reinterpret_cast<unsigned*>(sources() + count_); }
  /// Likewise whether they are filled.
  __device__ unsigned* filled() const { return valid() + count_; }

  /// Bytes that it takes after stamps or results.
  static int bytes_behind(int rows, int streams) {
    return streams * (static_cast<int>(sizeof(run_row)) * rows + static_cast<int>(sizeof(run_source<Stamp>)) +
                      2 * static_cast<int>(sizeof(unsigned)));
  }

 private:
  char* memory_;
  int sources_;
  int room_;
  int count_;
};

/// Turns a location into a row of a run.
/// @param first  the element at which the trajectory's values begin
inline __device__ run_row run_row_of(stream_blend const& blend, std::int64_t first, device::location const& where) {
  run_row row{static_cast<char const*>(blend.values), 0, alone};
  if (where.row < 0) { return row; }
  int const shift = blend.value_type == dtype::float32 ? 2 : 1;
  bool const backwards = where.weight >= 0.5f;
  std::int64_t const from = first + (where.row + (backwards ? 1 : 0)) * blend.values_row_stride;
  auto const stride = static_cast<int>(blend.values_row_stride << shift);
  row.near = static_cast<char const*>(blend.values) + (from << shift);
  row.far = backwards ? -stride : where.blends ? stride : 0;
  if (where.blends) { row.weight = backwards ? device::sub_rn(1.0f, where.weight) : where.weight; }
  return row;
}

template <class Stamp>
__device__ void note_row(stream_plan<Stamp> const& stream, device::trajectory<Stamp> const& source,
                         device::location const& where, std::int64_t, run_row& row) {
  stream_blend const& blend = stream.blend;
  std::int64_t const stride = blend.values_row_stride;
  row = run_row_of(blend, source.element(where.row, blend.values_batch_stride, stride) - where.row * stride, where);
  if (!where.blends || source.step_from(where.row) == 1) { return; }
  // The turn of a ring: the right sample is not where it was looked for.
  auto const bytes = static_cast<int>((source.capacity * stride) << (blend.value_type == dtype::float32 ? 2 : 1));
  bool const backwards = where.weight >= 0.5f;
  row.near -= backwards ? bytes : 0;
  row.far += backwards ? bytes : -bytes;
}

/// Locates rows whose stamps are not staged, for the streams of some lanes, one after the other.
/// @param missing  whether this lane's row is one of them
/// @param s        the stream of this lane
/// @param stage    of stream `first`; those of the next streams follow it
template <class Stamp>
__device__ __noinline__ device::location locate_misjudged(fuse_params<Stamp> const& p, run_source<Stamp> const* sources,
                                                          bool missing, int s, device::sought_time<Stamp> sought,
                                                          Stamp* stage, int first) {
  device::location where;
  for (unsigned rest = __ballot_sync(all_lanes, missing); rest != 0;) {
    int const theirs = __shfl_sync(all_lanes, s, __ffs(static_cast<int>(rest)) - 1);
    bool const mine = missing && s == theirs;
    run_source<Stamp> const& source = sources[theirs];
    // Into the stage of their stream, which is the same for all lanes.
    device::location const found =
        locate_in_part(source.stamps, source.length, mine, sought, stage + (theirs - first) * guessed_stamps,
                       guessed_stamps, p.streams[theirs].rules);
    if (mine) { where = found; }
    rest &= ~__ballot_sync(all_lanes, mine);
  }
  return where;
}

/// Locates the rows of an aligned tile for the streams whose stamps are stored. Called by a warp.
template <class Stamp>
__device__ void locate_together(fuse_params<Stamp> const& p, fused_tile const& tile, run_memory<Stamp> const& memory) {
  int const lane = lane_of_warp();
  int const abreast = p.run.abreast;
  int const slot = lane & ((32 >> abreast) - 1);
  Stamp const t = target_of_tile(p, tile, slot);
  std::int64_t const trajectory = device::source_of(p.target, tile.b);
  int wanted = tile.rows;
  if (p.target.lengths != nullptr) {
    std::int64_t const real = device::detail::length_of(p.target, tile.b);
    wanted = static_cast<int>(device::detail::clamp(real - tile.k0, 0, tile.rows));
  }

  // One stream per lane: which trajectory it reads, and which of its stamps are needed.
  run_source<Stamp> own{};
  if (lane < p.count && p.streams[lane].together) {
    stream_plan<Stamp> const& stream = p.streams[lane];
    device::plain_trajectory<Stamp> const source = device::short_trajectory_of<false>(stream.source, trajectory);
    own.stamps = source.stamps;
    own.first = source.element(0, stream.blend.values_batch_stride, stream.blend.values_row_stride);
    own.length = static_cast<int>(source.length);
  }
  unsigned const sound = __ballot_sync(all_lanes, lane < wanted && device::is_finite(t));
  if (sound != 0) {
    // Where targets ascend, these are the extremes. Other targets may lie outside.
    Stamp const first = __shfl_sync(all_lanes, t, __ffs(static_cast<int>(sound)) - 1);
    Stamp const last = __shfl_sync(all_lanes, t, 31 - __clz(static_cast<int>(sound)));
    if (own.length > 0) {
      stream_plan<Stamp> const& stream = p.streams[lane];
      Stamp const tolerance = stream.rules.tolerance;
      Stamp const low = device::seek(min(first, last), stream.latency, stream.causal, tolerance).newest;
      Stamp const high = device::seek(max(first, last), stream.latency, stream.causal, tolerance).newest;
      stretch const guess = guess_stretch(own.stamps, own.length, low, high, guessed_stamps - 1);
      own.begin = guess.begin;
      own.count = guess.end - guess.begin;
    }
  }
  if (lane < p.count) { memory.sources()[lane] = own; }
  __syncwarp();

  for (int begin = 0; begin < p.count; begin += p.run.together) {
    int const end = min(p.count, begin + p.run.together);
    for (int s = begin; s < end; ++s) {
      stage_guess(memory.sources()[s], memory.stage() + (s - begin) * guessed_stamps);
    }
    wait_for_copies();
    __syncwarp();
    for (int pass = begin; pass < end; pass += 1 << abreast) {
      int const mine = pass + (lane >> (5 - abreast));
      int const s = min(mine, end - 1);
      stream_plan<Stamp> const& stream = p.streams[s];
      run_source<Stamp> const source = memory.sources()[s];
      Stamp* const stage = memory.stage() + (s - begin) * guessed_stamps;
      device::sought_time<Stamp> const sought = device::seek(t, stream.latency, stream.causal, stream.rules.tolerance);
      bool const own_row = mine == s && stream.together && slot < tile.rows;
      bool const wants = own_row && slot < wanted && source.length > 0 && device::is_finite(sought.at);
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
        where = device::locate_in_pair(pair[0], pair[two ? 1 : 0], sought.at, count, source.length, stream.rules);
      }
      bool const missing = wants && !staged;
      if (__builtin_expect(__any_sync(all_lanes, missing), false)) {
        device::location const found = locate_misjudged(p, memory.sources(), missing, s, sought, memory.stage(), begin);
        if (missing) { where = found; }
      }
      if (own_row) { memory.rows()[s * p.tiles.rows + slot] = run_row_of(stream.blend, source.first, where); }
      unsigned const valid = __ballot_sync(all_lanes, where.valid);
      unsigned const filled = __ballot_sync(all_lanes, own_row && where.row < 0);
      if (own_row && slot == 0) {
        memory.valid()[s] = valid >> lane;
        memory.filled()[s] = filled >> lane;
      }
    }
    __syncwarp();
  }
}

/// Locates the rows of a tile for all streams. Called by a warp.
template <class Stamp>
__device__ void locate_all_streams(fuse_params<Stamp> const& p, fused_tile const& tile,
                                   run_memory<Stamp> const& memory) {
  for (int s = 0; s < p.count; ++s) {
    stream_plan<Stamp> const& stream = p.streams[s];
    if (__builtin_expect(stream.together, true)) { continue; }
    run_row* const rows = memory.rows() + s * p.tiles.rows;
    device::location const where = locate_any_stream(p, stream, tile, memory.stage(), guessed_stamps, rows);
    unsigned const valid = __ballot_sync(all_lanes, where.valid);
    unsigned const filled = __ballot_sync(all_lanes, where.row < 0);
    if (lane_of_warp() == 0) {
      memory.valid()[s] = valid;
      memory.filled()[s] = filled;
    }
  }
  if (p.run.together > 0) { locate_together(p, tile, memory); }
  __syncwarp();
}

}  // namespace robocache::detail
