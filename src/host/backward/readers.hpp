// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/device/locate.cuh>
#include <robocache/timeline.hpp>

#include "host/common/timed/walk.hpp"

/// From source rows back to the targets that read them.
namespace robocache::host::detail {

template <class Stamp>
struct reader_rules {
  timeline<Stamp> source;
  timeline<Stamp> target;
  stream_rules<Stamp> stream;
  bool ascending;  ///< targets ascend within each row of their batch
};

/// The times of targets that may read rows `[first, end)` of a trajectory: from sample `first - 1` on, before sample
/// `end`. Targets before the first sample may read the first two rows, those after the last sample the last two.
template <class Stamp>
class reach {
 public:
  reach(device::trajectory<Stamp> const& source, std::int64_t first, std::int64_t end)
      : open_before_(first <= 1), open_after_(end >= source.length - 1) {
    if (!open_before_) { begin_ = source.stamp(first - 1); }
    if (!open_after_) { end_ = source.stamp(end); }
  }
  bool is_early(Stamp t) const { return !open_before_ && t < begin_; }
  bool is_late(Stamp t) const { return !open_after_ && t >= end_; }

 private:
  bool open_before_;
  bool open_after_;
  Stamp begin_ = Stamp(0);
  Stamp end_ = Stamp(0);
};

/// The first of `[begin, end)` that is not `before`; later ones are not, either.
template <class Before>
std::int64_t first_not(std::int64_t begin, std::int64_t end, Before const& before) {
  while (begin < end) {
    std::int64_t const middle = begin + (end - begin) / 2;
    if (before(middle)) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

/// Passes on the targets of row `b` of the target batch that read rows `[first, end)` of `source`, in ascending order.
/// @param take  called with the targets, a target's index, and its location, which has one of these rows
template <class Stamp, class Take>
void for_each_reader_in(reader_rules<Stamp> const& rules, device::trajectory<Stamp> const& source, std::int64_t first,
                        std::int64_t end, std::int64_t b, Take const& take) {
  auto const targets = device::trajectory_of(rules.target, b);
  auto const sought = [&](std::int64_t k) { return rules.stream.seek(target_of(rules.target, targets, b, k)); };
  reach<Stamp> const reaches(source, first, end);
  std::int64_t k = 0;
  std::int64_t last = targets.length;
  if (rules.target.packed()) {
    auto const owned = device::rows_of_owner(rules.target.offsets, rules.target.batch, rules.target.rows, b);
    k = std::min(last, owned.begin - targets.first_row);
    last = std::min(last, owned.end - targets.first_row);
  }
  if (rules.ascending) {
    k = first_not(k, last, [&](std::int64_t i) { return reaches.is_early(sought(i).newest); });
    last = first_not(k, last, [&](std::int64_t i) { return !reaches.is_late(sought(i).newest); });
  }
  bracket_walk<Stamp> walk(source);
  for (; k < last; ++k) {
    auto const [at, newest] = sought(k);
    if (!device::is_finite(at) || reaches.is_early(newest) || reaches.is_late(newest)) { continue; }
    std::int64_t const count = walk.count_not_after(newest);
    device::location const where = device::locate_in_bracket(source, at, count, rules.stream.locate);
    bool const reads_first = where.row >= first && where.row < end;
    bool const reads_second = where.blends && where.row + 1 >= first && where.row + 1 < end;
    if (where.row >= 0 && (reads_first || reads_second)) { take(targets, k, where); }
  }
}

/// The same for rows of source trajectory `b`, whichever rows of the target batch read it: those in ascending order.
template <class Stamp, class Take>
void for_each_reader(reader_rules<Stamp> const& rules, std::int64_t b, std::int64_t first, std::int64_t end,
                     Take const& take) {
  auto const source = device::short_trajectory_of(rules.source, b);
  if (first >= source.length) { return; }
  if (rules.target.trajectory == nullptr) { return for_each_reader_in(rules, source, first, end, b, take); }
  for (std::int64_t window = 0; window < rules.target.batch; ++window) {
    if (rules.target.trajectory[window] == b) { for_each_reader_in(rules, source, first, end, window, take); }
  }
}

}  // namespace robocache::host::detail
