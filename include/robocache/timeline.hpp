// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/dtype.hpp>

namespace robocache {

/// How the times of a timeline are stored.
enum class timeline_kind : std::uint8_t {
  dense,    ///< stamps `[B, N]`, optional `lengths[B]`
  shared,   ///< stamps `[N]`, the same for the whole batch
  ragged,   ///< packed stamps `[rows]`, `offsets[B + 1]`
  uniform,  ///< start and period; nothing stored, no search; optional `offsets[B + 1]`
  windows,  ///< targets only: `anchor[b] + delta[k]`
  ring,     ///< sources only: stamps `[B, N]` of which the last N that were written count, `written[B]`
};

/// A sample period as the ratio `num / den`: `{1'000'000, 30}` is 30 Hz in microseconds, without drift.
template <class Stamp>
struct sample_period {
  Stamp num;
  Stamp den;
  ROBOCACHE_HOST_DEVICE constexpr sample_period(
      Stamp numerator,
      Stamp denominator = detail::stamp_of<Stamp>(1))  // NOLINT: a plain number is a period
      : num(numerator), den(denominator) {}

  /// Of integer stamps nothing else: 1e9 / 30 would lose its fraction, and 0.02 everything.
  template <class Real, class = std::enable_if_t<std::is_integral_v<Stamp> && std::is_floating_point_v<Real>>>
  ROBOCACHE_HOST_DEVICE constexpr sample_period(Real, Stamp = 1) : num(1), den(1) {  // NOLINT: as above
    static_assert(!std::is_floating_point_v<Real>,
                  "a period of integer stamps is an integer or a ratio, {1'000'000'000, 30} for 30 Hz in nanoseconds");
  }
};

/// When samples are taken, for a batch of trajectories: a view, nothing is owned.
///
/// Make one with the named functions below; they fill in the fields that belong together. All pointers
/// are to memory of the side that reads them: device memory for `resample`, host memory for
/// `host::resample`. Stamps ascend within a trajectory (duplicates are fine); one unit a call.
///
/// @tparam Stamp  `float`, `double` or `std::int64_t` (any unit, before the epoch too); `long long` is taken as
///                `std::int64_t`, here and in all other views
template <class Stamp>
struct timeline {
  static_assert(sizeof(detail::stamp_type<Stamp>) > 0);

  timeline_kind kind = timeline_kind::dense;
  std::int64_t batch = 0;   ///< B, trajectories
  std::int64_t length = 0;  ///< N, samples per trajectory; the padded length where `lengths` is given; of a ring its
                            ///< capacity; 0 if packed
  std::int64_t rows = 0;    ///< packed timelines: samples of all trajectories together

  Stamp const* stamps = nullptr;  ///< dense and ring `[B, N]`; shared `[N]`; ragged `[rows]`; else null
  std::int64_t stride = 0;        ///< dense, ring: elements from one trajectory's stamps to the next; may be 0

  /// Dense, optional: `[B]`, clamped into `[0, N]`. Ring: `[B]`, how many samples were written since the reset.
  std::int64_t const* lengths = nullptr;
  std::int64_t const* offsets = nullptr;     ///< ragged; uniform, optional: `[B + 1]`, clamped into `[0, rows]`
  std::int64_t const* trajectory = nullptr;  ///< windows, optional: `[B]`, which source trajectory to read
  Stamp const* as_of = nullptr;              ///< windows, optional: `[B]`, samples stamped later do not exist

  Stamp const* starts = nullptr;  ///< uniform, optional: `[B]`, one start per trajectory; windows: `[B]`, the anchors
  Stamp const* deltas = nullptr;  ///< windows: `[N]`
  Stamp start{};                  ///< uniform, where `starts` is null
  Stamp num = detail::stamp_of<Stamp>(1);  ///< uniform: the period's numerator; for floats the period itself
  Stamp den = detail::stamp_of<Stamp>(1);  ///< uniform, integers: the period's denominator

  /// True where rows of all trajectories lie one after the other, found through `offsets`.
  ROBOCACHE_HOST_DEVICE constexpr bool packed() const noexcept {
    return offsets != nullptr || kind == timeline_kind::ragged;
  }

  /// True where the stamps of a trajectory are in memory one after the other. Those of a ring are not.
  ROBOCACHE_HOST_DEVICE constexpr bool stored() const noexcept {
    switch (kind) {
      case timeline_kind::dense:
      case timeline_kind::shared:
      case timeline_kind::ragged: return true;
      case timeline_kind::uniform:
      case timeline_kind::windows:
      case timeline_kind::ring: break;
    }
    return false;
  }

  /// Rows that follow each other by the row stride: of one trajectory, or of all of them if packed.
  ROBOCACHE_HOST_DEVICE constexpr std::int64_t rows_each() const noexcept { return packed() ? rows : length; }

  /// Rows of all trajectories together, padding included: `rows` if packed, else `batch * length`.
  ROBOCACHE_HOST_DEVICE constexpr std::int64_t total() const noexcept { return packed() ? rows : batch * length; }

  /// Stamps `[batch, length]`, one row per trajectory.
  /// @param lengths  optional `[batch]`: how many samples of each row are real; clamped into `[0, length]`
  ROBOCACHE_HOST_DEVICE static constexpr timeline dense(Stamp const* stamps, std::int64_t batch, std::int64_t length,
                                                        std::int64_t const* lengths = nullptr) noexcept {
    timeline t;
    t.kind = timeline_kind::dense;
    t.batch = batch;
    t.length = length;
    t.stamps = stamps;
    t.stride = length;
    t.lengths = lengths;
    return t;
  }

  /// Stamps `[length]`, the same for every one of `batch` trajectories.
  ROBOCACHE_HOST_DEVICE static constexpr timeline shared(Stamp const* stamps, std::int64_t batch,
                                                         std::int64_t length) noexcept {
    timeline t;
    t.kind = timeline_kind::shared;
    t.batch = batch;
    t.length = length;
    t.stamps = stamps;
    return t;
  }

  /// Packed stamps `[rows]`; trajectory b owns rows `offsets[b]` to `offsets[b + 1]`. Rows that no trajectory owns,
  /// such as all rows of a batch of 0, are fill in results and 0 in gradients. A gradient of values has these `rows`.
  /// @param offsets  `[batch + 1]`, ascending; each is clamped into `[0, rows]`. Of a source trajectory the first
  ///                 2^31 - 1 samples are read
  ROBOCACHE_HOST_DEVICE static constexpr timeline ragged(Stamp const* stamps, std::int64_t const* offsets,
                                                         std::int64_t batch, std::int64_t rows) noexcept {
    timeline t;
    t.kind = timeline_kind::ragged;
    t.batch = batch;
    t.rows = rows;
    t.stamps = stamps;
    t.offsets = offsets;
    return t;
  }

  /// Sample i of every trajectory is at `start + floor(i * num / den)` for integers, and at
  /// `start + Stamp(i) * period` (two roundings) for floats, whose period `num / den` is rounded once, here.
  ROBOCACHE_HOST_DEVICE static constexpr timeline uniform(Stamp start, sample_period<Stamp> period, std::int64_t batch,
                                                          std::int64_t length) noexcept {
    timeline t;
    t.kind = timeline_kind::uniform;
    t.batch = batch;
    t.length = length;
    t.start = start;
    if constexpr (std::is_floating_point_v<Stamp>) {
      t.num = period.num / period.den;
    } else {
      t.num = period.num;
      t.den = period.den;
    }
    return t;
  }

  /// As `uniform`, with a start of its own for each trajectory.
  /// @param starts  `[batch]`
  ROBOCACHE_HOST_DEVICE static constexpr timeline uniform_each(Stamp const* starts, sample_period<Stamp> period,
                                                               std::int64_t batch, std::int64_t length) noexcept {
    timeline t = uniform(Stamp{}, period, batch, length);
    t.starts = starts;
    return t;
  }

  /// A uniform timeline whose trajectories have lengths of their own: trajectory b has
  /// `offsets[b + 1] - offsets[b]` samples, and its rows are packed.
  /// @param starts  `[batch]`, or null: then every trajectory begins at `start`
  ROBOCACHE_HOST_DEVICE static constexpr timeline uniform_ragged(Stamp start, Stamp const* starts,
                                                                 sample_period<Stamp> period,
                                                                 std::int64_t const* offsets, std::int64_t batch,
                                                                 std::int64_t rows) noexcept {
    timeline t = uniform(start, period, batch, 0);
    t.starts = starts;
    t.offsets = offsets;
    t.rows = rows;
    return t;
  }

  /// Targets only, what a training sampler asks for: target k of window b is at `anchors[b] + deltas[k]`.
  /// @param anchors     `[batch]`
  /// @param deltas      `[length]`, in any order
  /// @param trajectory  optional `[batch]`: which source trajectory window b reads (then the source may have any
  ///                    batch; an index out of range reads as an empty series). Null: window b reads trajectory b.
  /// @param as_of       optional `[batch]`, may be `anchors` itself: for window b samples stamped later do not exist,
  ///                    whatever the method, as for a robot whose clock shows that; the last one before is the edge
  ROBOCACHE_HOST_DEVICE static constexpr timeline windows(Stamp const* anchors, Stamp const* deltas, std::int64_t batch,
                                                          std::int64_t length, std::int64_t const* trajectory = nullptr,
                                                          Stamp const* as_of = nullptr) noexcept {
    timeline t;
    t.kind = timeline_kind::windows;
    t.batch = batch;
    t.length = length;
    t.starts = anchors;
    t.deltas = deltas;
    t.trajectory = trajectory;
    t.as_of = as_of;
    return t;
  }

  /// Sources only, what grows while a robot runs: trajectory b has its last `min(written[b], capacity)` samples, and
  /// sample number j, counted from its reset, is in slot `j % capacity` of stamps and values. Results are those of the
  /// same samples laid out one after the other. Rows that `locate` gives are slots: `b * capacity + j % capacity`.
  /// `append` writes it.
  /// @param stamps   `[batch, capacity]`; unwritten slots are not read
  /// @param written  `[batch]`; 0 after a reset, and so is a negative one
  ROBOCACHE_HOST_DEVICE static constexpr timeline ring(Stamp const* stamps, std::int64_t batch, std::int64_t capacity,
                                                       std::int64_t const* written) noexcept {
    timeline t;
    t.kind = timeline_kind::ring;
    t.batch = batch;
    t.length = capacity;
    t.stamps = stamps;
    t.stride = capacity;
    t.lengths = written;
    return t;
  }
};

}  // namespace robocache
