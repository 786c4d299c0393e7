// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/config.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/timeline.hpp>

namespace robocache::device {

namespace detail {

__extension__ typedef unsigned __int128 uint128;

/// `floor(i * num / den)` modulo 2^64, with an intermediate of 128 bits.
ROBOCACHE_HOST_DEVICE inline std::uint64_t scaled_index(std::uint64_t i, std::uint64_t num, std::uint64_t den) {
  if (den == 1) { return i * num; }
  uint128 const product = uint128(i) * num;
  // A 64-bit division is several times cheaper, and nearly always enough.
  if (static_cast<std::uint64_t>(product >> 64) == 0) { return static_cast<std::uint64_t>(product) / den; }
  return static_cast<std::uint64_t>(product / den);
}

/// The largest i with `floor(i * num / den) <= distance`, at most `last`: i * num < (distance + 1) * den.
ROBOCACHE_HOST_DEVICE inline std::uint64_t index_at_distance(std::uint64_t distance, std::uint64_t num,
                                                             std::uint64_t den, std::uint64_t last) {
  std::uint64_t i = 0;
  uint128 const bound = (uint128(distance) + 1) * den - 1;
  if (static_cast<std::uint64_t>(bound >> 64) == 0) {
    i = static_cast<std::uint64_t>(bound) / num;
  } else {
    uint128 const wide = bound / num;
    i = static_cast<std::uint64_t>(wide >> 64) == 0 ? static_cast<std::uint64_t>(wide) : last;
  }
  return i < last ? i : last;
}

ROBOCACHE_HOST_DEVICE inline std::int64_t clamp(std::int64_t x, std::int64_t low, std::int64_t high) {
  return x < low ? low : (x > high ? high : x);
}

}  // namespace detail

/// The samples of one trajectory, resolved from a timeline: what a search runs over.
template <class Stamp>
struct trajectory {
  Stamp const* stamps = nullptr;  ///< null: uniform
  std::int64_t length = 0;        ///< samples
  std::int64_t batch_index = 0;   ///< times the values' batch stride; 0 for packed rows
  std::int64_t first_row = 0;     ///< the first sample's row there; 0 unless packed
  Stamp start = Stamp(0);         ///< uniform
  Stamp num = Stamp(1);
  Stamp den = Stamp(1);

  /// The stamp of sample `i`, for `0 <= i < length`.
  ROBOCACHE_HOST_DEVICE Stamp stamp(std::int64_t i) const {
    if (stamps != nullptr) { return stamps[i]; }
    if constexpr (std::is_integral_v<Stamp>) {
      return add_wrapping(start, static_cast<Stamp>(detail::scaled_index(static_cast<std::uint64_t>(i),
                                                                         static_cast<std::uint64_t>(num),
                                                                         static_cast<std::uint64_t>(den))));
    } else {
      return add_rn(start, mul_rn(static_cast<Stamp>(i), num));
    }
  }

  /// Where row `i` begins, in elements from the values' base.
  ROBOCACHE_HOST_DEVICE std::int64_t element(std::int64_t i, std::int64_t batch_stride, std::int64_t row_stride) const {
    return batch_index * batch_stride + (first_row + i) * row_stride;
  }
};

/// Trajectory `b` of a source timeline (any kind but windows). Empty where `b` is out of range. Lengths and offsets
/// are clamped, so that whatever they hold no access leaves the timeline.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline trajectory<Stamp> trajectory_of(timeline<Stamp> const& when, std::int64_t b) {
  trajectory<Stamp> one;
  if (b < 0 || b >= when.batch) { return one; }
  one.batch_index = b;
  one.length = when.length;
  if (when.offsets != nullptr) {
    one.first_row = detail::clamp(when.offsets[b], 0, when.rows);
    one.length = detail::clamp(when.offsets[b + 1], one.first_row, when.rows) - one.first_row;
    one.batch_index = 0;
  }
  switch (when.kind) {
    case timeline_kind::dense:
      one.stamps = when.stamps + b * when.stride;
      if (when.lengths != nullptr) { one.length = detail::clamp(when.lengths[b], 0, when.length); }
      break;
    case timeline_kind::shared: one.stamps = when.stamps; break;
    case timeline_kind::ragged: one.stamps = when.stamps + one.first_row; break;
    case timeline_kind::uniform:
      one.start = when.starts != nullptr ? when.starts[b] : when.start;
      one.num = when.num;
      one.den = when.den;
      break;
    case timeline_kind::windows: one.length = 0; break;
  }
  return one;
}

/// Target `k` of row `b` of a timeline of any kind, for `0 <= b < batch` and `k` inside the row.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline Stamp target_stamp(timeline<Stamp> const& when, std::int64_t b, std::int64_t k) {
  if (when.kind == timeline_kind::windows) { return stamp_sum(when.starts[b], when.deltas[k]); }
  return trajectory_of(when, b).stamp(k);
}

/// Which source trajectory row `b` of the targets reads. May be out of range: then it reads as an empty series.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::int64_t source_of(timeline<Stamp> const& target, std::int64_t b) {
  return target.trajectory != nullptr ? target.trajectory[b] : b;
}

}  // namespace robocache::device
