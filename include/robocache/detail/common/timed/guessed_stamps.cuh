// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/common/timed/policy.cuh>
#include <robocache/detail/common/timed/sentinel.cuh>
#include <robocache/detail/common/timed/warp_locate.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/locate.cuh>

// Staging those stamps of a trajectory among which a warp's targets should be, where stamps are about evenly spaced. A
// guess is verified before it counts: it costs time, never a bit.
namespace robocache::detail {

/// Which stamps of a trajectory to stage: all, if there are at most `most`; else those around the places where the
/// stamps from `low` to `high` would be if they were evenly spaced. None if those would be too many.
template <class Stamp>
__device__ stretch guess_stretch(Stamp const* stamps, int length, Stamp low, Stamp high, int most) {
  if (length <= most) { return {0, length}; }
  Stamp const first = __ldg(stamps);
  Stamp const last = __ldg(stamps + length - 1);
  float const each = static_cast<float>(length - 1) / device::span_to_float(device::span_between(first, last));
  auto const place = [&](Stamp t) {
    float const at = t <= first ? 0.0f : device::span_to_float(device::span_between(first, t)) * each;
    return static_cast<int>(min(max(at, 0.0f), 2e9f));  // a NaN or beyond an int: verified like any guess
  };
  int const from = min(place(low), length - 2);
  int const to = min(place(high), length - 2) + 2;
  int const margin = max(min(guess_margin, (most - (to - from)) / 2), 1);
  stretch const guess{max(from - margin, 0), min(to + margin, length)};
  return guess.end - guess.begin <= most ? guess : stretch{0, 0};
}

/// Begins to copy the guessed stamps of one trajectory to shared memory. Called by a warp.
/// @param source  says which: `stamps`, `begin` and `count`
template <class Source, class Stamp>
__device__ void stage_guess(Source const& source, Stamp* stage) {
  int const lane = lane_of_warp();
  Stamp const* const from = source.stamps + (source.begin + lane);
#pragma unroll
  for (int i = 0; i < guessed_stamps; i += 32) {
    if (i + lane < source.count) {
      copy_async(stage + (i + lane), from + i);
    } else {
      stage[i + lane] = beyond_all<Stamp>;
    }
  }
}

/// `count_staged`, of as many stamps as were guessed.
template <class Stamp>
__device__ int count_guessed(Stamp const* stage, Stamp t) {
  int count = 0;
#pragma unroll
  for (int part = guessed_stamps / 2; part > 0; part /= 2) {
    if (stage[count + part - 1] <= t) { count += part; }
  }
  return count;
}

}  // namespace robocache::detail
