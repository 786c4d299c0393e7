// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/timeline.cuh>

namespace robocache::device {

/// How many of `stamps[0, length)` are at or before `t`. With ascending stamps, one less is the left end of the
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

namespace detail {

/// The end of the run of samples at or before `t`, from sample `guess` on in steps that double: the same result
/// wherever the guess lands. Sample 0 is at or before `t`.
template <class Stamp>
ROBOCACHE_HOST_DEVICE ROBOCACHE_NOINLINE std::int64_t gallop_uniform(Stamp start, Stamp num, Stamp den,
                                                                     std::int64_t length, Stamp t, std::int64_t guess) {
  auto const not_after = [&](std::int64_t i) { return uniform_stamp(start, num, den, i) <= t; };
  std::int64_t low = 0;        // not after t
  std::int64_t high = length;  // after t, or past the end
  std::int64_t step = 1;
  if (not_after(guess)) {
    low = guess;
    while (high - low > step && not_after(low + step)) {
      low += step;
      step *= 2;
    }
    high = high - low > step ? low + step : high;
  } else {
    high = guess;
    while (high - low > step && !not_after(high - step)) {
      high -= step;
      step *= 2;
    }
    low = high - low > step ? high - step : low;
  }
  while (high - low > 1) {
    std::int64_t const middle = low + (high - low) / 2;
    if (not_after(middle)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low + 1;
}

/// `count_not_after` for a uniform trajectory, computed rather than searched. `t` is finite, `length` at least 1.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::int64_t count_not_after_uniform(Stamp start, Stamp num, Stamp den,
                                                                  std::int64_t length, Stamp t) {
  if (!(start <= t)) { return 0; }
  std::int64_t const last = length - 1;
  if constexpr (std::is_integral_v<Stamp>) {
    std::uint64_t const distance = span_between(start, t);
    auto const period = static_cast<std::uint64_t>(num);
    if (den == 1 && distance >> 52 == 0) {
      // A quotient of doubles is right or, just below a whole number, one too large: cheaper than integer division.
      auto index = static_cast<std::uint64_t>(static_cast<double>(distance) / static_cast<double>(period));
      if (index * period > distance) { --index; }
      return 1 + (index < static_cast<std::uint64_t>(last) ? static_cast<std::int64_t>(index) : last);
    }
    return 1 + static_cast<std::int64_t>(index_at_distance(distance, period, static_cast<std::uint64_t>(den),
                                                           static_cast<std::uint64_t>(last)));
  } else {
    // The quotient is rounded, so it may miss by one; where neighbouring stamps round to the same number, by many.
    Stamp const estimate = (t - start) / num;
    std::int64_t const guess = estimate < static_cast<Stamp>(last) ? static_cast<std::int64_t>(estimate) : last;
    bool const found = uniform_stamp(start, num, den, guess) <= t &&
                       (guess == last || !(uniform_stamp(start, num, den, guess + 1) <= t));
    return found ? guess + 1 : gallop_uniform(start, num, den, length, t, guess);
  }
}

/// `count_not_after` for a ring. Robots' samples are nearly evenly spaced: a look at both ends, and one where the
/// bracket would be then, are two trips to memory instead of one for each halving. Where it is not there, halving goes
/// on. Out of line: few calls have a ring. `length` is at least 1.
template <class Stamp>
ROBOCACHE_HOST_DEVICE ROBOCACHE_NOINLINE std::int64_t count_not_after_in_ring(Stamp const* ring, std::int64_t length,
                                                                              std::int32_t turn, std::int32_t capacity,
                                                                              Stamp t) {
  auto const at = [=](std::int64_t i) { return ring[i < turn ? i : i - capacity]; };
  Stamp const first = at(0);
  Stamp const last = at(length - 1);
  if (!(first <= t)) { return 0; }
  if (last <= t) { return length; }
  std::int64_t low = 0;            // not after t
  std::int64_t high = length - 1;  // after t
  float const share = div_rn(span_to_float(span_between(first, t)), span_to_float(span_between(first, last)));
  float const place = mul_rn(share, static_cast<float>(length));
  std::int64_t guess = place < static_cast<float>(length) ? static_cast<std::int64_t>(place) : 0;
  guess = guess < high ? guess : high - 1;
  std::int64_t const below = guess > 0 ? guess - 1 : 0;
  std::int64_t const above = guess + 2 < high ? guess + 2 : high;
  bool const reached[4] = {at(below) <= t, at(guess) <= t, at(guess + 1) <= t, at(above) <= t};
  std::int64_t const probes[4] = {below, guess, guess + 1, above};
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
  for (int i = 0; i < 4; ++i) {
    if (reached[i]) {
      low = probes[i] > low ? probes[i] : low;
    } else {
      high = probes[i] < high ? probes[i] : high;
    }
  }
  while (high - low > 1) {
    std::int64_t const middle = low + (high - low) / 2;
    if (at(middle) <= t) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low + 1;
}

}  // namespace detail

/// How many samples of a trajectory of any kind are at or before `t`. `t` is finite.
template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE inline std::int64_t count_not_after(trajectory<Stamp, MayBeRing> const& source, Stamp t) {
  if (source.length == 0) { return 0; }
  if (source.stored()) { return count_not_after(source.stamps, source.length, t); }
  if constexpr (MayBeRing) {
    if (source.ring != nullptr) {
      return detail::count_not_after_in_ring(source.ring, source.length, source.turn, source.capacity, t);
    }
  }
  return detail::count_not_after_uniform(source.start, source.num, source.den, source.length, t);
}

}  // namespace robocache::device
