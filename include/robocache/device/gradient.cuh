// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/timeline.cuh>

namespace robocache::device {

/// The line that a target of linear moves along: by how much its result changes with its time.
struct target_line {
  std::int64_t row = -1;  ///< the line runs through samples `row` and `row + 1`; -1: the result does not move
  float width = 0.0f;     ///< the time between the two, above 0
};

/// The line that target `t` lies on, by the rules of docs/semantics.md, "Gradients". For custom kernels; reads stamps
/// only.
template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE inline target_line line_of(trajectory<Stamp, MayBeRing> const& source, Stamp t,
                                                 locate_rules<Stamp> const& rules) {
  if (source.length < 2 || !is_finite(t)) { return {}; }
  std::int64_t const count = count_not_after(source, t);
  std::int64_t const row = left_of_pair(count, source.length);
  Stamp const left = source.stamp(row);
  Stamp const right = source.stamp(row + 1);
  span_of<Stamp> const span = span_between(left, right);
  bool const before = count == 0;
  bool const after = count == source.length && t != right;
  if (before || after) {
    if ((before ? rules.before : rules.after) != edge::extrapolate) { return {}; }
  } else if (span > rules.max_gap) {
    return {};
  }
  float const width = span_to_float(span);
  if (width == 0.0f) { return {}; }
  return {row, width};
}

/// One channel's share of a target's gradient, before the division by the line's width.
ROBOCACHE_HOST_DEVICE inline float line_term(float gradient, float a, float b) {
  return mul_rn(gradient, sub_rn(b, a));
}

}  // namespace robocache::device
