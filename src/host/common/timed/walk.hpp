// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/device/locate.cuh>
#include <robocache/device/packed.cuh>
#include <robocache/timeline.hpp>

#include "host/common/convert.hpp"

/// The locate half of host resampling: runs through target rows in the order in which results are stored.
namespace robocache::host::detail {

/// Neighbouring target rows of one trajectory.
struct target_run {
  std::int64_t row;    ///< the first one, counted over all targets
  std::int64_t b;      ///< the trajectory; any number for packed rows that no trajectory owns
  std::int64_t k;      ///< the first one, counted within the trajectory
  std::int64_t count;  ///< rows
  bool owned;          ///< false: padding, or packed rows outside all trajectories; they have no target time
};

/// Where a run's first row begins in an array of target rows, in the unit of the strides.
template <class Stamp>
std::int64_t place_of(timeline<Stamp> const& target, target_run const& run, std::int64_t batch_stride,
                      std::int64_t row_stride) {
  return target.packed() ? run.row * row_stride : run.b * batch_stride + run.k * row_stride;
}

/// Cuts target rows `[begin, end)` into runs, one after the other.
template <class Stamp>
class target_runs {
 public:
  target_runs(timeline<Stamp> const& target, std::int64_t begin, std::int64_t end)
      : target_(target), row_(begin), end_(end) {
    if (!target.packed() || begin >= end || target.batch == 0) { return; }
    b_ = owner_of(begin).b;
    // Where the offsets between the first and the last owner ascend, the next owner is the next trajectory with rows.
    ascends_ = std::is_sorted(target.offsets + std::max<std::int64_t>(b_, 0), target.offsets + owner_of(end - 1).b + 1);
  }

  /// The next run. It ends where the trajectory ends, or earlier.
  target_run next() {
    target_run const run = target_.packed() ? next_packed() : next_padded();
    row_ += run.count;
    return run;
  }

 private:
  device::packed_rows owner_of(std::int64_t row) const {
    return device::owner_of_row(target_.offsets, target_.batch, target_.rows, row);
  }

  target_run next_packed() {
    std::int64_t behind = end_;
    if (ascends_) {
      while (b_ < target_.batch && target_.offsets[b_ + 1] <= row_) { ++b_; }
      if (b_ < target_.batch) { behind = target_.offsets[b_ + 1]; }
    } else {
      auto const owner = owner_of(row_);
      b_ = owner.b;
      behind = owner.end;
    }
    bool const owned = b_ >= 0 && b_ < target_.batch;
    std::int64_t const k = owned ? row_ - device::trajectory_of(target_, b_).first_row : 0;
    return {row_, b_, k, std::min(behind, end_) - row_, owned};
  }

  target_run next_padded() {
    std::int64_t const b = row_ / target_.length;
    std::int64_t const k = row_ - b * target_.length;
    std::int64_t const real = target_.lengths != nullptr ? device::trajectory_of(target_, b).length : target_.length;
    bool const owned = k < real;
    return {row_, b, k, std::min((owned ? real : target_.length) - k, end_ - row_), owned};
  }

  timeline<Stamp> const& target_;
  std::int64_t row_;
  std::int64_t end_;
  std::int64_t b_ = -1;  ///< packed: the owner of the row before
  bool ascends_ = false;
};

/// `device::count_not_after` for targets that mostly ascend: looks next to the last answer before it searches.
/// The answer does not depend on the order of the targets.
template <class Stamp>
class bracket_walk {
 public:
  explicit bracket_walk(device::trajectory<Stamp> const& source) : source_(source) {}

  /// How many samples are at or before `t`. `t` is finite.
  std::int64_t count_not_after(Stamp t) {
    if (!source_.stored()) { return device::count_not_after(source_, t); }
    count_ = ahead_of_last(t) ? count_from(count_, t) : device::count_not_after(source_.stamps, count_, t);
    return count_;
  }

 private:
  bool ahead_of_last(Stamp t) const { return count_ == 0 || source_.stamps[count_ - 1] <= t; }

  /// The same from sample `low` on; all samples before that are at or before `t`.
  std::int64_t count_from(std::int64_t low, Stamp t) const {
    // The first stretch covers the usual step from target to target with a branch that is easily predicted.
    std::int64_t stretch = 8;
    while (source_.length - low > stretch && source_.stamps[low + stretch] <= t) {
      low += stretch + 1;
      stretch *= 2;
    }
    std::int64_t const length = std::min(stretch, source_.length - low);
    return low + device::count_not_after(source_.stamps + low, length, t);
  }

  device::trajectory<Stamp> source_;
  std::int64_t count_ = 0;
};

/// By which rules a target reads a stream. A series that is resampled has no latency.
template <class Stamp>
struct stream_rules {
  device::locate_rules<Stamp> locate;
  Stamp latency = Stamp(0);
  bool causal = false;
  Stamp const* latencies = nullptr;  ///< as `policy_stream::latencies`

  device::sought_time<Stamp> seek(Stamp t) const { return device::seek(t, latency, causal, locate.tolerance); }
  /// For trajectory `b` of the targets.
  device::sought_time<Stamp> seek(Stamp t, std::int64_t b) const {
    return device::seek(t, device::latency_of(latency, latencies, b), causal, locate.tolerance);
  }
};

/// `device::target_stamp` of a trajectory that has been resolved as `of`.
template <class Stamp>
Stamp target_of(timeline<Stamp> const& target, device::trajectory<Stamp> const& of, std::int64_t b, std::int64_t k) {
  return of.stored() ? of.stamps[k] : device::target_stamp(target, b, k);
}

/// Locates target rows `[begin, end)` and passes them on, at most `rows_at_once` at a time.
/// @param take  called with a run, the source trajectory that it reads, and one location for each of its rows
template <class Stamp, class Take>
void locate_rows(timeline<Stamp> const& source, timeline<Stamp> const& target, stream_rules<Stamp> const& rules,
                 std::int64_t begin, std::int64_t end, Take const& take) {
  device::location locations[rows_at_once];
  target_runs<Stamp> runs(target, begin, end);
  for (std::int64_t row = begin; row < end;) {
    target_run run = runs.next();
    row += run.count;
    auto const from = run.owned ? device::source_trajectory(source, target, run.b) : device::trajectory<Stamp>();
    auto const to = device::trajectory_of(target, run.b);
    bracket_walk<Stamp> walk(from);
    for (std::int64_t rest = run.count; rest > 0;) {
      run.count = std::min(rest, rows_at_once);
      for (std::int64_t i = 0; i < run.count; ++i) {
        if (!run.owned) {
          locations[i] = {};
          continue;
        }
        Stamp const t = target_of(target, to, run.b, run.k + i);
        auto const sought = rules.seek(t, run.b);
        std::int64_t const count = device::is_finite(sought.at) ? walk.count_not_after(sought.newest) : 0;
        locations[i] = device::locate_in_bracket(from, sought.at, count, rules.locate);
      }
      take(run, from, locations);
      rest -= run.count;
      run.row += run.count;
      run.k += run.count;
    }
  }
}

}  // namespace robocache::host::detail
