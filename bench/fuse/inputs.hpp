// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <robocache/host.hpp>

#include "fuse/cases.hpp"
#include "support/inputs.hpp"
#include "support/random.cuh"
#include "support/require.hpp"

/// The timelines of fusions, on the host. Peers repeat these few lines.
namespace robocache::bench {

// The store: each episode begins 100 s after the one before it, beginning on a day of 2023, and takes 5 to 20 s, or as
// long as the case says.
inline std::int64_t episode_begin(std::int64_t e) { return 1'700'000'000'000'000'000 + e * 100'000'000'000; }
inline std::int64_t episode_ms(fuse_case const& one, std::int64_t e) {
  if (one.seconds > 0) { return one.seconds * 1'000; }
  return 5'000 + random_below(seed::lengths, static_cast<std::uint32_t>(e), 15'000);
}

/// The streams of a batch: each stream's stamps are running sums of 5 ms + U(0, 10 ms) in whole microseconds, stretched
/// to the span of the stream that has the most samples. Trajectories begin at 0.
template <class Stamp>
std::vector<stored_timeline<Stamp>> make_batch(fuse_case const& one, spans& span) {
  auto const longest = std::max_element(one.streams.begin(), one.streams.end(),
                                        [](auto const& a, auto const& b) { return a.length < b.length; });
  std::vector<std::vector<std::int64_t>> all_us;
  std::uint32_t drawn = 0;
  for (stream_case const& each : one.streams) {
    std::vector<std::int64_t>& us = all_us.emplace_back(one.batch * each.length);
    for (std::int64_t row = 0; row < one.batch * each.length; ++row) {
      std::int64_t const step = 5'000 + random_below(seed::stamps, drawn++, 10'000);
      us[row] = row % each.length == 0 ? 0 : us[row - 1] + step;
    }
  }
  std::vector<std::int64_t> const& longest_us = all_us[longest - one.streams.begin()];
  for (std::int64_t b = 0; b < one.batch; ++b) {
    span.emplace_back(0, longest_us[(b + 1) * longest->length - 1] * 1'000);
  }
  std::vector<stored_timeline<Stamp>> made;
  for (std::size_t i = 0; i < one.streams.size(); ++i) {
    std::int64_t const length = one.streams[i].length;
    stored_timeline<Stamp>& each = made.emplace_back();
    each.stamps.resize(all_us[i].size());
    for (std::int64_t row = 0; row < one.batch * length; ++row) {
      std::int64_t const b = row / length;
      each.stamps[row] = to_stamp<Stamp>(all_us[i][row] * span[b].second / all_us[i][(b + 1) * length - 1]);
    }
    each.view = timeline<Stamp>::dense(each.stamps.data(), one.batch, length);
  }
  return made;
}

/// The streams of the store: sample k is taken k periods after the episode's begin, and up to 4 ms later.
template <class Stamp>
std::vector<stored_timeline<Stamp>> make_store(fuse_case const& one) {
  std::vector<stored_timeline<Stamp>> made;
  std::uint32_t drawn = 0;
  for (stream_case const& stream : one.streams) {
    stored_timeline<Stamp>& each = made.emplace_back();
    each.offsets.push_back(0);
    for (std::int64_t e = 0; e < one.episodes; ++e) {
      std::int64_t const count = episode_ms(one, e) * stream.length / 1'000;
      for (std::int64_t k = 0; k < count; ++k) {
        std::int64_t const late = random_below(seed::stamps, drawn++, 4'000'000);
        each.stamps.push_back(to_stamp<Stamp>(episode_begin(e) + k * 1'000'000'000 / stream.length + late));
      }
      each.offsets.push_back(static_cast<std::int64_t>(each.stamps.size()));
    }
    each.view = timeline<Stamp>::ragged(each.stamps.data(), each.offsets.data(), one.episodes, each.offsets.back());
  }
  return made;
}

/// Windows at 50 Hz, half of each up to and including its anchor. An anchor is anywhere in any episode; each set of
/// buffers has its own windows.
template <class Stamp>
stored_timeline<Stamp> make_windows(fuse_case const& one, int set) {
  constexpr std::int64_t period = 20'000'000;
  stored_timeline<Stamp> made;
  for (std::int64_t b = 0; b < one.batch; ++b) {
    auto const draw = static_cast<std::uint32_t>(2 * (set * one.batch + b));
    std::int64_t const e = random_below(seed::windows, draw, one.episodes);
    std::int64_t const into_it = random_below(seed::windows, draw + 1, episode_ms(one, e) * 1'000'000);
    made.trajectory.push_back(e);
    made.starts.push_back(to_stamp<Stamp>(episode_begin(e) + into_it));
  }
  std::int64_t const past = one.target_length / 2 - 1;
  for (std::int64_t k = 0; k < one.target_length; ++k) { made.deltas.push_back(to_stamp<Stamp>((k - past) * period)); }
  made.view = timeline<Stamp>::windows(made.starts.data(), made.deltas.data(), one.batch, one.target_length,
                                       made.trajectory.data());
  return made;
}

/// Ends the case where its inputs are not sound: stamps must ascend, indices must be in range.
template <class Stamp>
void require_sound(timeline<Stamp> const& when, std::int64_t source_batch, std::string const& what) {
  std::vector<trajectory_report> reports(when.batch);
  require(host::inspect(when, source_batch, reports.data()));
  for (trajectory_report const& one : reports) {
    if (one.unsorted + one.duplicated + one.non_finite + one.out_of_range != 0) {
      throw std::logic_error(what + ": stamps do not ascend, or an index is out of range");
    }
  }
}

}  // namespace robocache::bench
