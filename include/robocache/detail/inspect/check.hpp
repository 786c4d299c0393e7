// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/timeline.hpp>

namespace robocache::detail {

/// For calls that are not given the source's batch.
template <class Stamp>
status check_names_no_trajectory(timeline<Stamp> const& when) {
  if (when.trajectory != nullptr) {
    return refuse(invalid, "when", "trajectory", "found a pointer, want the source's batch with it");
  }
  return {};
}

/// Everything that `inspect` checks, on the host and on the device alike.
template <class Stamp>
status check_inspect(timeline<Stamp> const& when, std::int64_t source_batch, trajectory_report const* reports) {
  status s = check_timeline("when", when);
  if (!s.ok()) { return s; }
  if (when.trajectory != nullptr && when.kind != timeline_kind::windows) {
    return refuse(invalid, "when", "trajectory", "found a pointer, want it with windows only");
  }
  if (source_batch < 0) {
    return refuse(invalid, "source_batch", "", "found %lld, want 0 or more", static_cast<long long>(source_batch));
  }
  // A timeline without samples passes the check above with any anchors, but here they are read.
  s = check_pointer("when", "starts", when.starts, 0, alignof(Stamp));
  return s.ok() ? check_pointer("reports", "", reports, when.batch, alignof(trajectory_report)) : s;
}

/// Everything that `inspect_rotations` checks, on the host and on the device alike.
template <class Value, class Stamp>
status check_inspect_rotations(series<Value, Stamp> const& source, rotation_report const* reports) {
  status s = check_source("source.when", source.when, true);
  if (!s.ok()) { return s; }
  if (source.channels != 4) {
    return refuse(invalid, "source", "channels", "found %lld, want the 4 of a quaternion",
                  static_cast<long long>(source.channels));
  }
  s = check_values("source", source, sizeof(Value), true);
  return s.ok() ? check_pointer("reports", "", reports, source.when.batch, alignof(rotation_report)) : s;
}

}  // namespace robocache::detail
