// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/bracket.cuh>
#include <robocache/device/method.cuh>
#include <robocache/device/timeline.cuh>
#include <robocache/options.hpp>

namespace robocache::device {

/// The part of `resample_options` that locating a target needs.
template <class Stamp>
struct locate_rules {
  interpolation method;
  edge before;
  edge after;
  span_of<Stamp> max_gap;  ///< nothing exceeds it where the options set no limit
  Stamp tolerance;         ///< samples up to this much after a target count as at it
};

/// The rules that `options` state. Host and device.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline locate_rules<Stamp> rules_of(resample_options<Stamp> const& options) {
  auto max_gap = static_cast<span_of<Stamp>>(options.max_gap);
  if constexpr (std::is_integral_v<Stamp>) {
    // "No limit" is the largest signed number, and unsigned differences go beyond it.
    if (options.max_gap == INT64_MAX) { max_gap = UINT64_MAX; }
  }
  return {options.method, options.before, options.after, max_gap, options.tolerance};
}

/// Where one target lies among the samples of its trajectory: all that blending needs to know about time.
struct location {
  std::int64_t row = -1;  ///< the first sample that contributes; -1: none does, the result is the fill value
  float weight = 0.0f;    ///< of sample `row + 1`; sample `row` has `1 - weight`
  bool blends = false;    ///< false: sample `row` alone is the result, `weight` is 0
  bool valid = false;     ///< backed by data
};

namespace detail {

/// Sample `row` alone, unless it is further from the target than the limit.
template <class Span>
ROBOCACHE_HOST_DEVICE inline location one_sample(std::int64_t row, Span distance, Span limit, bool valid) {
  if (distance > limit) { return {}; }
  return {row, 0.0f, false, valid};
}

/// Samples `row` and `row + 1`. A row whose weight is exactly 0 is not read at all.
ROBOCACHE_HOST_DEVICE inline location two_samples(std::int64_t row, float weight, bool valid) {
  if (weight == 0.0f) { return {row, 0.0f, false, valid}; }
  if (weight == 1.0f) { return {row + 1, 0.0f, false, valid}; }
  return {row, weight, true, valid};
}

}  // namespace detail

/// The left one of the two samples that decide about a target: of its bracket, or of the two outermost samples where
/// it lies beyond them. The right one is the next, or the same if there is only one sample.
template <class Index>
ROBOCACHE_HOST_DEVICE inline Index left_of_pair(Index count, Index length) {
  Index const row = (count < length ? count : length - 1) - 1;
  return row < 0 ? 0 : row;
}

namespace detail {

/// The rules for a target before the first sample (`count` is 0) or at or after the last (`count` is `length`).
template <class Stamp>
ROBOCACHE_HOST_DEVICE ROBOCACHE_NOINLINE location locate_at_edge(Stamp left, Stamp right, Stamp t, std::int64_t count,
                                                                 std::int64_t length, locate_rules<Stamp> rules) {
  if (!is_finite(t)) { return {}; }
  bool const before = count == 0;
  std::int64_t const row = before ? 0 : length - 1;  // the edge sample
  if (!before && t <= right) { return {row, 0.0f, false, true}; }

  edge const rule = before ? rules.before : rules.after;
  bool const holds = rules.method == (before ? interpolation::next : interpolation::previous) || rule == edge::hold;
  if (!holds) {
    if (rule == edge::fill) { return {}; }
    float const width = span_to_float(span_between(left, right));
    // Two samples at one time do not make a line: beyond them the result is the edge sample, as it is for one sample.
    if (rule == edge::extrapolate && !is_hold(rules.method) && length > 1 && width != 0.0f) {
      float const passed = before ? -span_to_float(span_between(t, left)) : span_to_float(span_between(left, t));
      return two_samples(before ? row : row - 1, div_rn(passed, width), false);
    }
  }
  return one_sample(row, before ? span_between(t, left) : span_between(right, t), rules.max_gap, holds);
}

}  // namespace detail

/// The rules of docs/semantics.md, from the two stamps that matter.
///
/// @tparam Index  a signed integer that holds `length`
/// @param left    the stamp of sample `left_of_pair(count, length)`
/// @param right   the stamp of the next sample, or `left` if `length` is 1
/// @param t       the target
/// @param count   how many samples are at or before `t`, or later by the tolerance at most, as `count_not_after` tells
/// @param length  samples of the trajectory, at least 1
template <class Stamp, class Index>
ROBOCACHE_HOST_DEVICE inline location locate_in_pair(Stamp left, Stamp right, Stamp t, Index count, Index length,
                                                     locate_rules<Stamp> const& rules) {
  if (count == 0 || count == length) { return detail::locate_at_edge<Stamp>(left, right, t, count, length, rules); }
  Index const row = count - 1;
  if (t <= left) { return {row, 0.0f, false, true}; }  // later by the tolerance at most
  span_of<Stamp> const past = span_between(left, t);
  if (!is_hold(rules.method)) {
    span_of<Stamp> const width = span_between(left, right);
    if (width > rules.max_gap) { return {}; }
    float const denominator = span_to_float(width);
    return detail::two_samples(row, denominator == 0.0f ? 0.0f : div_rn(span_to_float(past), denominator), true);
  }
  span_of<Stamp> const ahead = span_between(t, right);
  bool const takes_next =
      rules.method == interpolation::next || (rules.method == interpolation::nearest && !(past <= ahead));
  return detail::one_sample(takes_next ? count : row, takes_next ? ahead : past, rules.max_gap, true);
}

/// The rules, with the stamps read from the trajectory.
template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE inline location locate_in_bracket(trajectory<Stamp, MayBeRing> const& source, Stamp t,
                                                        std::int64_t count, locate_rules<Stamp> const& rules) {
  if (source.length == 0) { return {}; }
  std::int64_t const row = left_of_pair(count, source.length);
  Stamp const left = source.stamp(row);
  Stamp const right = source.stamp(row + (source.length > 1 ? 1 : 0));
  return locate_in_pair(left, right, t, count, source.length, rules);
}

namespace detail {

/// How many samples are stamped at or before `as_of`, which may be any number. Out of line, because few calls need it.
template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE ROBOCACHE_NOINLINE std::int64_t known_length(trajectory<Stamp, MayBeRing> source, Stamp as_of) {
  return count_not_after(source, as_of);
}

}  // namespace detail

/// The trajectory that row `b` of the targets reads, of at most 2^31 - 1 samples: without those that windows with
/// `as_of` do not know yet. Empty where `trajectory[b]` is out of range. For `0 <= b < target.batch`.
template <bool MayBeRing = true, class Stamp>
ROBOCACHE_HOST_DEVICE inline trajectory<Stamp, MayBeRing> source_trajectory(timeline<Stamp> const& source,
                                                                            timeline<Stamp> const& target,
                                                                            std::int64_t b) {
  trajectory<Stamp, MayBeRing> one = short_trajectory_of<MayBeRing>(source, source_of(target, b));
  if (target.as_of != nullptr) { one.length = detail::known_length(one, target.as_of[b]); }
  return one;
}

/// The time at which a stream of a fusion is read.
template <class Stamp>
struct sought_time {
  Stamp at;      ///< the time, on the clock of its stamps
  Stamp newest;  ///< no sample stamped later is searched for; may be infinite where `at` is finite
};

/// When target `t` reads a stream with `latency`: a sample stamped s describes s - latency. A causal stream has no
/// sample stamped after the target, however large its latency is.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline sought_time<Stamp> seek(Stamp t, Stamp latency, bool causal, Stamp tolerance) {
  Stamp const at = stamp_sum(t, latency);
  return {at, causal && t < at && is_finite(at) ? t : stamp_later(at, tolerance)};
}

/// The latency that counts for trajectory `b` of the targets.
/// @param latencies  null, or what is added
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline Stamp latency_of(Stamp latency, Stamp const* latencies, std::int64_t b) {
  return latencies == nullptr ? latency : stamp_sum(latency, latencies[b]);
}

/// The newest sample that a located target reads.
/// @param right  samples that are read behind its bracket, as `curve::right`
ROBOCACHE_HOST_DEVICE inline std::int64_t newest_read(location const& where, int right) {
  return where.row + (where.blends ? 1 + right : 0);
}

/// How old a result for target `t` is, the newest sample that it reads being stamped `newest`.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline Stamp age_of(Stamp t, Stamp newest) {
  if constexpr (std::is_integral_v<Stamp>) {
    return static_cast<Stamp>(static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(newest));
  } else {
    return sub_rn(t, newest);
  }
}

/// The age of a result that is not valid.
template <class Stamp>
inline constexpr Stamp no_age = std::is_integral_v<Stamp> ? std::numeric_limits<Stamp>::max()
                                                          : std::numeric_limits<Stamp>::infinity();

/// Locates such a time in one of the stream's trajectories: search, then rules. For custom kernels; reads stamps only.
template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE inline location locate(trajectory<Stamp, MayBeRing> const& source,
                                             sought_time<Stamp> const& sought, locate_rules<Stamp> const& rules) {
  std::int64_t const count = is_finite(sought.at) ? count_not_after(source, sought.newest) : 0;
  return locate_in_bracket(source, sought.at, count, rules);
}

/// Locates target `t` in one trajectory: search, then rules. For custom kernels; reads stamps only.
template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE inline location locate(trajectory<Stamp, MayBeRing> const& source, Stamp t,
                                             locate_rules<Stamp> const& rules) {
  return locate(source, sought_time<Stamp>{t, stamp_later(t, rules.tolerance)}, rules);
}

}  // namespace robocache::device
