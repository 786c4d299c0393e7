// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/sentinel.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/locate.cuh>

// Locating by a warp: a lane has a target, and all look into one trajectory. A fusion gives each stream a warp, so that
// the streams of a tile are searched side by side. All functions are called by whole warps.
namespace robocache::detail {

inline constexpr unsigned all_lanes = 0xffffffffu;

inline __device__ int lane_of_warp() { return static_cast<int>(threadIdx.x % 32); }

/// Slots that staging `count` stamps takes: a power of two above them.
inline __device__ int slots_for_stamps(int count) { return 1 << (32 - __clz(count)); }

/// Brings `count` stamps to `slots` slots of shared memory.
template <class Stamp>
__device__ void stage_by_warp(Stamp const* stamps, int count, Stamp* stage, int slots) {
  int const lane = lane_of_warp();
  __syncwarp();  // others may still read what was staged before
  for (int i = lane; i < count; i += 32) { copy_async(stage + i, stamps + i); }
  for (int i = count + lane; i < slots; i += 32) { stage[i] = beyond_all<Stamp>; }
  wait_for_copies();
  __syncwarp();
}

/// How many of the staged stamps are at or before `t`.
template <class Stamp>
__device__ int count_staged(Stamp const* stage, int slots, Stamp t) {
  int count = 0;
  for (int part = slots / 2; part > 0; part /= 2) {
    if (stage[count + part - 1] <= t) { count += part; }
  }
  return count;
}

/// A stretch of a sorted array.
struct stretch {
  int begin;
  int end;
};

/// Where counts of numbers at or before something from `low` to `high` lie: each look leaves a 32nd of what one number
/// alone may be. Stops where at most `enough` numbers are left or where they get no fewer.
template <class T>
__device__ stretch narrow_by_warp(T const* sorted, int length, T low, T high, int enough) {
  stretch left{0, length};
  for (bool shrinks = true; shrinks && left.end - left.begin > enough;) {
    // Unsigned, because 32 parts may go beyond 2^31.
    unsigned const all = left.end - left.begin;
    unsigned const part = (all + 31) / 32;
    unsigned const probe = lane_of_warp() * part;
    bool const exists = probe < all;
    T const number = exists ? sorted[left.begin + probe] : T(0);
    unsigned const not_after_low = __popc(__ballot_sync(all_lanes, exists && number <= low));
    unsigned const not_after_high = __popc(__ballot_sync(all_lanes, exists && number <= high));
    left.end = left.begin + static_cast<int>(min(not_after_high * part, all));
    left.begin += not_after_low == 0 ? 0 : static_cast<int>((not_after_low - 1) * part + 1);
    left.end = max(left.end, left.begin);
    shrinks = left.end - left.begin <= static_cast<int>(all / 2);
  }
  return left;
}

/// Trajectories too long to be staged whole: their part around the warp's targets is.
/// @param mine  whether this lane's location is wanted
template <class Stamp>
__device__ __noinline__ device::location locate_in_part(Stamp const* stamps, int length, bool mine,
                                                        device::sought_time<Stamp> sought, Stamp* stage, int slots,
                                                        device::locate_rules<Stamp> rules) {
  unsigned const wanted = __ballot_sync(all_lanes, mine && device::is_finite(sought.at));
  if (wanted == 0) { return {}; }
  // Of targets that ascend these are the extremes. Others, that may lie outside, search alone.
  Stamp low = __shfl_sync(all_lanes, sought.newest, __ffs(static_cast<int>(wanted)) - 1);
  Stamp high = __shfl_sync(all_lanes, sought.newest, 31 - __clz(static_cast<int>(wanted)));
  if (low > high) {
    Stamp const first = low;
    low = high;
    high = first;
  }
  stretch const near = narrow_by_warp(stamps, length, low, high, slots - 3);
  int const begin = max(near.begin - 1, 0);  // the left end of a bracket that begins there
  int const end = near.end + (near.end < length ? 1 : 0);
  bool const fits = end - begin < slots;
  if (fits) { stage_by_warp(stamps + begin, end - begin, stage, slots_for_stamps(end - begin)); }

  Stamp const t = sought.newest;
  int count;
  if (!(t >= low && t <= high)) {
    count = device::is_finite(sought.at) ? static_cast<int>(device::count_not_after(stamps, length, t)) : 0;
  } else if (fits) {
    count = begin + min(count_staged(stage, slots_for_stamps(end - begin), t), end - begin);
  } else {
    int const rest = near.end - near.begin;
    count = near.begin + static_cast<int>(device::count_not_after(stamps + near.begin, rest, t));
  }
  int const left = device::left_of_pair(count, length);
  int const right = left + (length > 1 ? 1 : 0);
  bool const staged = fits && left >= begin && right < end;
  return device::locate_in_pair(staged ? stage[left - begin] : stamps[left],
                                staged ? stage[right - begin] : stamps[right], sought.at, count, length, rules);
}

/// Locates a target a lane in a trajectory that is staged whole.
template <class Stamp>
__device__ device::location locate_in_stage(Stamp const* stage, int length, device::sought_time<Stamp> const& sought,
                                            device::locate_rules<Stamp> const& rules) {
  int const count = min(count_staged(stage, slots_for_stamps(length), sought.newest), length);
  Stamp const* const pair = stage + device::left_of_pair(count, length);
  return device::locate_in_pair(pair[0], pair[length > 1 ? 1 : 0], sought.at, count, length, rules);
}

/// Locates a target a lane in a trajectory with stored stamps.
/// @param mine   whether this lane's location is wanted
/// @param seek   gives what it is sought for, once the stamps are under way: its target may be still
/// @param stage  `slots` elements of shared memory, the warp's own; a power of two from 64 on
template <class Stamp, class Seek>
__device__ device::location locate_by_warp(Stamp const* stamps, int length, bool mine, Seek&& seek, Stamp* stage,
                                           int slots, device::locate_rules<Stamp> const& rules) {
  if (length >= slots) { return locate_in_part(stamps, length, mine, seek(), stage, slots, rules); }
  stage_by_warp(stamps, length, stage, slots_for_stamps(length));
  return locate_in_stage(stage, length, seek(), rules);
}

}  // namespace robocache::detail
