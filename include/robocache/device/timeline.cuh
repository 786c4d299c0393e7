// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/halves.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/timeline.hpp>

namespace robocache::device {

namespace detail {

/// `floor(i * num / den)` modulo 2^64, with an intermediate of 128 bits.
ROBOCACHE_HOST_DEVICE ROBOCACHE_NOINLINE inline std::uint64_t scaled_index(std::uint64_t i, std::uint64_t num,
                                                                           std::uint64_t den) {
#if defined(__CUDACC_RTC__)
  return scaled_index_in_halves(i, num, den);
#else
  uint128 const product = uint128(i) * num;
  // A 64-bit division is several times cheaper, and nearly always enough.
  if (static_cast<std::uint64_t>(product >> 64) == 0) { return static_cast<std::uint64_t>(product) / den; }
  return static_cast<std::uint64_t>(product / den);
#endif
}

/// The largest i with `floor(i * num / den) <= distance`, at most `last`: i * num < (distance + 1) * den.
ROBOCACHE_HOST_DEVICE ROBOCACHE_NOINLINE inline std::uint64_t index_at_distance(std::uint64_t distance,
                                                                                std::uint64_t num, std::uint64_t den,
                                                                                std::uint64_t last) {
#if defined(__CUDACC_RTC__)
  return index_at_distance_in_halves(distance, num, den, last);
#else
  std::uint64_t i = 0;
  uint128 const bound = (uint128(distance) + 1) * den - 1;
  if (static_cast<std::uint64_t>(bound >> 64) == 0) {
    i = static_cast<std::uint64_t>(bound) / num;
  } else {
    uint128 const wide = bound / num;
    i = static_cast<std::uint64_t>(wide >> 64) == 0 ? static_cast<std::uint64_t>(wide) : last;
  }
  return i < last ? i : last;
#endif
}

ROBOCACHE_HOST_DEVICE inline std::int64_t clamp(std::int64_t x, std::int64_t low, std::int64_t high) {
  return x < low ? low : (x > high ? high : x);
}

/// Sample `i` of a uniform timeline that begins at `start`.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline Stamp uniform_stamp(Stamp start, Stamp num, Stamp den, std::int64_t i) {
  if constexpr (std::is_integral_v<Stamp>) {
    auto const index = static_cast<std::uint64_t>(i);
    std::uint64_t const passed =
        den == 1 ? index * static_cast<std::uint64_t>(num)
                 : scaled_index(index, static_cast<std::uint64_t>(num), static_cast<std::uint64_t>(den));
    return add_wrapping(start, static_cast<Stamp>(passed));
  } else {
    return add_rn(start, mul_rn(static_cast<Stamp>(i), num));
  }
}

}  // namespace detail

namespace detail {

/// Where samples of a ring are.
template <class Stamp, bool MayBeRing>
struct ring_place {
  Stamp const* ring = nullptr;    ///< ring: the stamp of sample 0
  std::int32_t turn = INT32_MAX;  ///< ring: the first sample that lies in front of sample 0, for it ended there
  std::int32_t capacity = 0;      ///< ring: such samples lie so many rows before where they would be
};

/// What that is of all others. Constants, so that the code which follows from them is gone.
template <class Stamp>
struct ring_place<Stamp, false> {
  static constexpr Stamp const* ring = nullptr;
  static constexpr std::int32_t turn = INT32_MAX;
  static constexpr std::int32_t capacity = 0;
};

}  // namespace detail

/// The samples of one trajectory, resolved from a timeline: what a search runs over.
/// @tparam MayBeRing  false: known to be none, which saves instructions at each sample
template <class Stamp, bool MayBeRing = true>
struct trajectory : detail::ring_place<Stamp, MayBeRing> {
  using place = detail::ring_place<Stamp, MayBeRing>;

  Stamp const* stamps = nullptr;  ///< null: uniform, or a ring
  std::int64_t length = 0;        ///< samples
  std::int64_t batch_index = 0;   ///< times the values' batch stride; 0 for packed rows
  std::int64_t first_row = 0;     ///< the first sample's row there; 0 unless packed
  Stamp start = Stamp(0);         ///< uniform, and so are the next two
  Stamp num = Stamp(1);
  Stamp den = Stamp(1);

  /// True where the stamps are in memory one after the other.
  ROBOCACHE_HOST_DEVICE bool stored() const { return stamps != nullptr; }

  /// Rows from sample 0 to sample `i`: fewer than 0 behind the turn of a ring.
  ROBOCACHE_HOST_DEVICE std::int64_t steps_to(std::int64_t i) const {
    if constexpr (MayBeRing) {
      return i < place::turn ? i : i - place::capacity;
    } else {
      return i;
    }
  }

  /// `stamp` where they are not stored.
  ROBOCACHE_HOST_DEVICE Stamp other_stamp(std::int64_t i) const {
    if constexpr (MayBeRing) {
      if (place::ring != nullptr) { return place::ring[steps_to(i)]; }
    }
    return detail::uniform_stamp(start, num, den, i);
  }

  /// The stamp of sample `i`, for `0 <= i < length`.
  ROBOCACHE_HOST_DEVICE Stamp stamp(std::int64_t i) const { return stored() ? stamps[i] : other_stamp(i); }

  /// The row of sample `i`, counted as those of `element`.
  ROBOCACHE_HOST_DEVICE std::int64_t row(std::int64_t i) const { return first_row + steps_to(i); }

  /// Rows from sample `i` to the next one: 1 but at the turn of a ring.
  ROBOCACHE_HOST_DEVICE std::int64_t step_from(std::int64_t i) const {
    return MayBeRing && i + 1 == place::turn ? 1 - place::capacity : 1;
  }

  /// Where sample `i` begins, in elements from the values' base.
  ROBOCACHE_HOST_DEVICE std::int64_t element(std::int64_t i, std::int64_t batch_stride, std::int64_t row_stride) const {
    return batch_index * batch_stride + row(i) * row_stride;
  }
};

/// The samples of one trajectory of any kind but a ring.
template <class Stamp>
using plain_trajectory = trajectory<Stamp, false>;

/// From a sample to its neighbours, in elements of values. Made of a number: rows that follow each other by that
/// stride.
struct sample_steps {
  std::int64_t stride;            ///< from row to row
  std::int32_t turn = INT32_MAX;  ///< the trajectory's turn, counted from the sample
  std::int32_t capacity = 0;      ///< so many rows lie between what precedes the turn and what follows it

  ROBOCACHE_HOST_DEVICE constexpr sample_steps(std::int64_t from_row_to_row)  // NOLINT: a stride is all most have
      : stride(from_row_to_row) {}
  ROBOCACHE_HOST_DEVICE constexpr sample_steps(std::int64_t from_row_to_row, std::int32_t turns_at, std::int32_t rows)
      : stride(from_row_to_row), turn(turns_at), capacity(rows) {}

  /// To the sample `i` samples on.
  ROBOCACHE_HOST_DEVICE constexpr std::int64_t to(int i) const {
    int const back = (turn <= i ? capacity : 0) - (turn <= 0 ? capacity : 0);
    return std::int64_t(i - back) * stride;
  }
};

/// From sample `i` of a trajectory.
/// @param stride  from row to row, in elements
template <class Stamp, bool MayBeRing>
ROBOCACHE_HOST_DEVICE inline sample_steps steps_from(trajectory<Stamp, MayBeRing> const& one, std::int64_t i,
                                                     std::int64_t stride) {
  if constexpr (MayBeRing) {
    return {stride, static_cast<std::int32_t>(one.turn - i), one.capacity};
  } else {
    return stride;
  }
}

namespace detail {

/// Packed: the first row of trajectory `b`, or behind the last row where `b` is the batch. The offset is clamped, so
/// that whatever it holds no access leaves the timeline.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::int64_t first_row_of(timeline<Stamp> const& when, std::int64_t b) {
  return clamp(when.offsets[b], 0, when.rows);
}

/// Dense: how many samples of trajectory `b` are no padding.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::int64_t length_of(timeline<Stamp> const& when, std::int64_t b) {
  return when.lengths != nullptr ? clamp(when.lengths[b], 0, when.length) : when.length;
}

}  // namespace detail

/// The slot of sample `number` of a ring, counted from its reset. `capacity` is from 1 to 2^31 - 1.
ROBOCACHE_HOST_DEVICE inline std::int64_t slot_of(std::int64_t number, std::int64_t capacity) {
  if (static_cast<std::uint64_t>(number) >> 32 != 0) { return number % capacity; }
  return static_cast<std::uint32_t>(number) % static_cast<std::uint32_t>(capacity);  // much the cheaper one
}

namespace detail {

/// Ring: the slot of the oldest sample of trajectory `b`. Out of line: it divides.
ROBOCACHE_HOST_DEVICE ROBOCACHE_NOINLINE inline std::int64_t oldest_slot(std::int64_t const* written, std::int64_t b,
                                                                         std::int64_t capacity) {
  std::int64_t const all = written[b];
  return all <= capacity || capacity == 0 ? 0 : slot_of(all, capacity);  // where the next one will be
}

}  // namespace detail

/// Trajectory `b` of a timeline. Empty where `b` is out of range. Windows have rows and no times of their own: those
/// are `target_stamp`'s. Lengths and offsets are clamped, so that whatever they hold no access leaves the timeline.
/// @tparam MayBeRing  false: `when` is known to be none
template <bool MayBeRing = true, class Stamp>
ROBOCACHE_HOST_DEVICE inline trajectory<Stamp, MayBeRing> trajectory_of(timeline<Stamp> const& when, std::int64_t b) {
  trajectory<Stamp, MayBeRing> one;
  if (b < 0 || b >= when.batch) { return one; }
  if (when.offsets == nullptr) {  // or packed without a row: then offsets need not be there
    one.batch_index = b;
    one.length = when.length;
  } else {
    one.first_row = detail::first_row_of(when, b);
    one.length = detail::clamp(when.offsets[b + 1], one.first_row, when.rows) - one.first_row;
  }
  if (when.lengths != nullptr) { one.length = detail::length_of(when, b); }
  if (when.stored()) {
    one.stamps = when.stamps + (b * when.stride + one.first_row);  // the stride of shared and ragged stamps is 0
  } else if (when.kind == timeline_kind::uniform) {
    one.start = when.starts != nullptr ? when.starts[b] : when.start;
    one.num = when.num;
    one.den = when.den;
  }
  if constexpr (MayBeRing) {
    if (when.kind == timeline_kind::ring) {
      one.first_row = detail::oldest_slot(when.lengths, b, when.length);
      if (one.first_row > 0) {
        one.turn = static_cast<std::int32_t>(when.length - one.first_row);
        one.capacity = static_cast<std::int32_t>(when.length);
      }
      // Null where rows alone are looked at.
      if (when.stamps != nullptr) { one.ring = when.stamps + (b * when.stride + one.first_row); }
    }
  }
  return one;
}

/// The same, of which at most 2^31 - 1 samples are read: what launchers ask of timelines whose length they know, for
/// those whose lengths are in memory.
template <bool MayBeRing = true, class Stamp>
ROBOCACHE_HOST_DEVICE inline trajectory<Stamp, MayBeRing> short_trajectory_of(timeline<Stamp> const& when,
                                                                              std::int64_t b) {
  trajectory<Stamp, MayBeRing> one = trajectory_of<MayBeRing>(when, b);
  one.length = one.length < INT32_MAX ? one.length : INT32_MAX;
  return one;
}

/// Target `k` of row `b` of a timeline of any kind, for `0 <= b < batch` and `k` inside the row.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline Stamp target_stamp(timeline<Stamp> const& when, std::int64_t b, std::int64_t k) {
  if (when.stored()) {
    std::int64_t const first = when.kind == timeline_kind::ragged ? detail::first_row_of(when, b) : 0;
    return when.stamps[b * when.stride + first + k];
  }
  Stamp const start = when.starts != nullptr ? when.starts[b] : when.start;
  switch (when.kind) {
    case timeline_kind::uniform: return detail::uniform_stamp(start, when.num, when.den, k);
    case timeline_kind::windows: return stamp_sum(start, when.deltas[k]);
    case timeline_kind::dense:
    case timeline_kind::shared:
    case timeline_kind::ragged: break;  // see above
    case timeline_kind::ring: break;    // no targets
  }
  return start;
}

/// Which source trajectory row `b` of the targets reads. May be out of range: then it reads as an empty series.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::int64_t source_of(timeline<Stamp> const& target, std::int64_t b) {
  return target.trajectory != nullptr ? target.trajectory[b] : b;
}

}  // namespace robocache::device
