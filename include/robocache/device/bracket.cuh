// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/config.hpp>
#include <robocache/device/timeline.cuh>

namespace robocache::device {

/// How many of `stamps[0, length)` are at or before `t`. With stamps ascending, minus one is the left end of the
/// bracket: the right-most sample at or before `t`, of duplicates the last. In [0, length] whatever the stamps hold.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::int64_t count_not_after(Stamp const* stamps, std::int64_t length, Stamp t) {
  std::int64_t low = 0;
  while (length > 0) {
    std::int64_t const half = length / 2;
    bool const right = stamps[low + half] <= t;
    low = right ? low + half + 1 : low;
    length = right ? length - half - 1 : half;
  }
  return low;
}

/// The same for a uniform trajectory, computed rather than searched. `t` is finite.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::int64_t count_not_after_uniform(trajectory<Stamp> const& source, Stamp t) {
  if (source.length == 0 || !(source.start <= t)) { return 0; }
  if constexpr (std::is_integral_v<Stamp>) {
    return 1 + static_cast<std::int64_t>(detail::index_at_distance(
                   span_between(source.start, t), static_cast<std::uint64_t>(source.num),
                   static_cast<std::uint64_t>(source.den), static_cast<std::uint64_t>(source.length - 1)));
  } else {
    // The quotient is rounded, so it may miss by one; where neighbouring stamps round to the same number, by many.
    // Steps that double find the end of the run from wherever the estimate lands.
    Stamp const estimate = (t - source.start) / source.num;
    std::int64_t const last = source.length - 1;
    std::int64_t const guess = estimate < static_cast<Stamp>(last) ? static_cast<std::int64_t>(estimate) : last;
    std::int64_t low = 0;              // stamp(low) <= t
    std::int64_t high = source.length;  // stamp(high) > t, or past the end
    std::int64_t step = 1;
    if (source.stamp(guess) <= t) {
      low = guess;
      while (low + step < high && source.stamp(low + step) <= t) {
        low += step;
        step *= 2;
      }
      high = low + step < high ? low + step : high;
    } else {
      high = guess;
      while (high - step > low && !(source.stamp(high - step) <= t)) {
        high -= step;
        step *= 2;
      }
      low = high - step > low ? high - step : low;
    }
    while (high - low > 1) {
      std::int64_t const middle = low + (high - low) / 2;
      if (source.stamp(middle) <= t) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low + 1;
  }
}

/// How many samples of a trajectory of any kind are at or before `t`. `t` is finite.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::int64_t count_not_after(trajectory<Stamp> const& source, Stamp t) {
  if (source.stamps == nullptr) { return count_not_after_uniform(source, t); }
  return count_not_after(source.stamps, source.length, t);
}

}  // namespace robocache::device
