// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include <robocache/timeline.hpp>

#include "resample/cases.hpp"
#include "support/random.cuh"

/// The timelines of the benchmarks, on the host. All times are made in whole nanoseconds and converted once, so that
/// every stamp type sees the same recording.
namespace robocache::bench {

/// A timeline together with the arrays that its view points to. Moves, never copies.
template <class Stamp>
struct stored_timeline {
  timeline<Stamp> view{};
  std::vector<Stamp> stamps, starts, deltas;
  std::vector<std::int64_t> offsets, trajectory;

  stored_timeline() = default;
  stored_timeline(stored_timeline&&) noexcept = default;
  stored_timeline(stored_timeline const&) = delete;
  stored_timeline& operator=(stored_timeline&&) noexcept = default;
  stored_timeline& operator=(stored_timeline const&) = delete;
  ~stored_timeline() = default;

  std::int64_t bytes() const {
    return static_cast<std::int64_t>((stamps.size() + starts.size() + deltas.size()) * sizeof(Stamp) +
                                     (offsets.size() + trajectory.size()) * sizeof(std::int64_t));
  }
};

/// First and last sample of each trajectory, in nanoseconds.
using spans = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// Nanoseconds as a stamp: as they are, or as seconds rounded once.
template <class Stamp>
Stamp to_stamp(std::int64_t ns) {
  if constexpr (std::is_integral_v<Stamp>) {
    return ns;
  } else {
    return static_cast<Stamp>(static_cast<double>(ns) * 1e-9);
  }
}

/// Offsets of `batch` trajectories of about `length` rows: neighbours gain and lose up to a quarter, so that an even
/// batch has `batch * length` rows as the dense case has.
inline std::vector<std::int64_t> ragged_offsets(std::int64_t batch, std::int64_t length) {
  std::vector<std::int64_t> offsets(1, 0);
  for (std::int64_t b = 0; b < batch; ++b) {
    std::int64_t const pair = b / 2;
    bool const alone = pair * 2 + 1 == batch;
    std::int64_t const part = alone ? 0 : random_below(seed::lengths, static_cast<std::uint32_t>(pair), length / 4 + 1);
    offsets.push_back(offsets.back() + length + (b % 2 == 0 ? part : -part));
  }
  return offsets;
}

/// `batch + 1` offsets of equal steps.
inline std::vector<std::int64_t> even_offsets(std::int64_t batch, std::int64_t length) {
  std::vector<std::int64_t> offsets;
  for (std::int64_t b = 0; b <= batch; ++b) { offsets.push_back(b * length); }
  return offsets;
}

/// The source: steps of 5 ms + U(0, 10 ms), summed up within each trajectory; or one sample every 10 ms.
template <class Stamp>
stored_timeline<Stamp> make_source(resample_case const& one, spans& span) {
  std::int64_t const batch = one.batch, length = one.source_length;
  constexpr std::int64_t period = 10'000'000;
  stored_timeline<Stamp> made;
  if (one.source == timeline_kind::uniform) {
    made.view = timeline<Stamp>::uniform(Stamp(0), to_stamp<Stamp>(period), batch, length);
    span.assign(batch, {0, (length - 1) * period});
    return made;
  }
  bool const ragged = one.source == timeline_kind::ragged, shared = one.source == timeline_kind::shared;
  std::vector<std::int64_t> offsets = ragged ? ragged_offsets(batch, length) : even_offsets(shared ? 1 : batch, length);
  made.stamps.resize(offsets.back());
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    std::int64_t now = 0, first = 0;
    for (std::int64_t row = offsets[b]; row < offsets[b + 1]; ++row) {
      now += 5'000'000 + random_below(seed::stamps, static_cast<std::uint32_t>(row), 10'000'000);
      if (row == offsets[b]) { first = now; }
      made.stamps[row] = to_stamp<Stamp>(now);
    }
    span.emplace_back(first, now);
  }
  if (shared) {
    span.resize(batch, span.front());
    made.view = timeline<Stamp>::shared(made.stamps.data(), batch, length);
  } else if (ragged) {
    made.offsets = std::move(offsets);
    made.view = timeline<Stamp>::ragged(made.stamps.data(), made.offsets.data(), batch, made.offsets.back());
  } else {
    made.view = timeline<Stamp>::dense(made.stamps.data(), batch, length);
  }
  return made;
}

/// Targets with one period for all trajectories: the longest that stays inside the shortest of them.
template <class Stamp>
stored_timeline<Stamp> make_periodic_target(resample_case const& one, spans const& span) {
  std::int64_t const batch = one.batch, length = one.target_length;
  std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
  for (auto const& [first, last] : span) { shortest = std::min(shortest, last - first); }
  std::int64_t const period = shortest / std::max<std::int64_t>(1, length - 1);
  stored_timeline<Stamp> made;
  if (one.target == timeline_kind::uniform) {
    for (auto const& [first, last] : span) { made.starts.push_back(to_stamp<Stamp>(first)); }
    made.view = timeline<Stamp>::uniform_each(made.starts.data(), to_stamp<Stamp>(period), batch, length);
    return made;
  }
  // A sampler reads trajectories in its own order: here a permutation, for any batch that is no multiple of 7.
  for (std::int64_t b = 0; b < batch; ++b) {
    made.trajectory.push_back((b * 7 + 3) % batch);
    made.starts.push_back(to_stamp<Stamp>(span[made.trajectory.back()].first));
  }
  for (std::int64_t k = 0; k < length; ++k) { made.deltas.push_back(to_stamp<Stamp>(k * period)); }
  made.view = timeline<Stamp>::windows(made.starts.data(), made.deltas.data(), batch, length, made.trajectory.data());
  return made;
}

/// The targets: evenly spaced over each trajectory's whole span.
template <class Stamp>
stored_timeline<Stamp> make_target(resample_case const& one, spans const& span) {
  if (one.target == timeline_kind::uniform || one.target == timeline_kind::windows) {
    return make_periodic_target<Stamp>(one, span);
  }
  std::int64_t const batch = one.batch, length = one.target_length;
  bool const ragged = one.target == timeline_kind::ragged, shared = one.target == timeline_kind::shared;
  std::vector<std::int64_t> offsets = ragged ? ragged_offsets(batch, length) : even_offsets(shared ? 1 : batch, length);
  stored_timeline<Stamp> made;
  made.stamps.reserve(offsets.back());
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    auto const [first, last] = span[b];
    std::int64_t const count = offsets[b + 1] - offsets[b], steps = std::max<std::int64_t>(1, count - 1);
    for (std::int64_t k = 0; k < count; ++k) {
      made.stamps.push_back(to_stamp<Stamp>(first + (last - first) * k / steps));
    }
  }
  if (shared) {
    made.view = timeline<Stamp>::shared(made.stamps.data(), batch, length);
  } else if (ragged) {
    made.offsets = std::move(offsets);
    made.view = timeline<Stamp>::ragged(made.stamps.data(), made.offsets.data(), batch, made.offsets.back());
  } else {
    made.view = timeline<Stamp>::dense(made.stamps.data(), batch, length);
  }
  return made;
}

}  // namespace robocache::bench
