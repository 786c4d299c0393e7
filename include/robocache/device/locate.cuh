// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/config.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/bracket.cuh>
#include <robocache/device/timeline.cuh>
#include <robocache/options.hpp>

namespace robocache::device {

/// `resample_options`, as far as locating a target needs them.
template <class Stamp>
struct locate_rules {
  interpolation method;
  edge before;
  edge after;
  span_of<Stamp> max_gap;  ///< nothing exceeds it where the options set no limit
};

/// The rules that `options` state. Host and device.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline locate_rules<Stamp> rules_of(resample_options<Stamp> const& options) {
  auto max_gap = static_cast<span_of<Stamp>>(options.max_gap);
  if constexpr (std::is_integral_v<Stamp>) {
    // "No limit" is the largest signed number, and unsigned differences go beyond it.
    if (options.max_gap == INT64_MAX) { max_gap = UINT64_MAX; }
  }
  return {options.method, options.before, options.after, max_gap};
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

/// The line through the two outermost samples `row` and `row + 1`, or the edge sample where they are no line.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline location beyond_edge(trajectory<Stamp> const& source, Stamp t, std::int64_t outermost,
                                                  edge rule, locate_rules<Stamp> const& rules) {
  if (rule == edge::fill) { return {}; }
  bool const before = outermost == 0 && t < source.stamp(0);
  Stamp const edge_stamp = source.stamp(outermost);
  if (rule == edge::extrapolate && rules.method == interpolation::linear && source.length > 1) {
    std::int64_t const row = before ? 0 : source.length - 2;
    Stamp const left = source.stamp(row);
    float const width = span_to_float(span_between(left, source.stamp(row + 1)));
    if (width != 0.0f) {
      float const weight = before ? -div_rn(span_to_float(span_between(t, left)), width)
                                  : div_rn(span_to_float(span_between(left, t)), width);
      return two_samples(row, weight, false);
    }
  }
  return one_sample(outermost, before ? span_between(t, edge_stamp) : span_between(edge_stamp, t), rules.max_gap,
                    false);
}

}  // namespace detail

/// The rules of docs/semantics.md, once the bracket is known.
///
/// @param source  the trajectory that is read
/// @param t       the target
/// @param count   how many samples are at or before `t`, as `count_not_after` tells
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline location locate_in_bracket(trajectory<Stamp> const& source, Stamp t, std::int64_t count,
                                                        locate_rules<Stamp> const& rules) {
  if (source.length == 0 || !is_finite(t)) { return {}; }
  if (count == 0) {
    if (rules.method == interpolation::next) {
      return detail::one_sample(0, span_between(t, source.stamp(0)), rules.max_gap, true);
    }
    return detail::beyond_edge(source, t, 0, rules.before, rules);
  }
  std::int64_t const row = count - 1;
  Stamp const left = source.stamp(row);
  if (left == t) { return {row, 0.0f, false, true}; }
  span_of<Stamp> const past = span_between(left, t);
  if (rules.method == interpolation::previous) { return detail::one_sample(row, past, rules.max_gap, true); }
  if (count == source.length) { return detail::beyond_edge(source, t, row, rules.after, rules); }

  Stamp const right = source.stamp(row + 1);
  span_of<Stamp> const ahead = span_between(t, right);
  switch (rules.method) {
    case interpolation::next: return detail::one_sample(row + 1, ahead, rules.max_gap, true);
    case interpolation::nearest:
      return past <= ahead ? detail::one_sample(row, past, rules.max_gap, true)
                           : detail::one_sample(row + 1, ahead, rules.max_gap, true);
    default: break;
  }
  span_of<Stamp> const width = span_between(left, right);
  if (width > rules.max_gap) { return {}; }
  float const denominator = span_to_float(width);
  return detail::two_samples(row, denominator == 0.0f ? 0.0f : div_rn(span_to_float(past), denominator), true);
}

/// Locates target `t` in one trajectory: search, then rules. For custom kernels; reads stamps only.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline location locate(trajectory<Stamp> const& source, Stamp t,
                                             locate_rules<Stamp> const& rules) {
  std::int64_t const count = is_finite(t) ? count_not_after(source, t) : 0;
  return locate_in_bracket(source, t, count, rules);
}

}  // namespace robocache::device
