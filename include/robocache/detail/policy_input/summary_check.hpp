// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/summary/check.hpp>
#include <robocache/detail/policy_input/check.hpp>
#include <robocache/policy_input.hpp>
#include <robocache/summary.hpp>

namespace robocache::detail {

/// How many rows of how many channels these are, in which groups.
template <class Stamp>
value_rows<float> shape_of(policy_rows<Stamp> const& rows) {
  policy_fusion<Stamp> const& own = rows.fusions[rows.fusion];
  value_rows<float> shape;
  std::int64_t const steps = rows.each_step ? own.target.length : 1;
  shape.rows = rows.each_step ? own.target.batch : own.target.total();
  shape.channels = channels_of(own.streams, own.count);
  if (!multiply(shape.channels, steps)) { shape.channels = INT64_MAX; }
  shape.offsets = rows.offsets;
  shape.groups = rows.groups;
  return shape;
}

/// The rows alone.
template <class Stamp>
status check_policy_rows(policy_rows<Stamp> const& rows) {
  status s = check_policy_input(rows.fusions, rows.count, false);
  if (!s.ok()) { return s; }
  if (rows.fusion < 0 || rows.fusion >= rows.count) {
    return refuse(invalid, "rows", "fusion", "found %lld, want 0 to %lld", static_cast<long long>(rows.fusion),
                  static_cast<long long>(rows.count - 1));
  }
  policy_fusion<Stamp> const& own = rows.fusions[rows.fusion];
  if (rows.each_step && own.target.packed()) {
    return refuse(invalid, "rows", "each_step", "found it with packed targets, want as many targets for each window");
  }
  for (std::int64_t i = 0; i < own.count; ++i) {
    if (own.streams[i].first_channel == next_channel) { continue; }
    return refuse(invalid, stream_name(i, "", "streams").text, "first_channel",
                  "found %lld, want next_channel: channels are those of the streams, one after the other",
                  static_cast<long long>(own.streams[i].first_channel));
  }
  return check_summary_shape(shape_of(rows));
}

/// Everything that `add_policy_input_to_summary` checks, on the host and on the device alike.
template <class Stamp>
status check_policy_summary(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass) {
  status const s = check_policy_rows(rows);
  return s.ok() ? check_state_for(shape_of(rows), state, pass) : s;
}

}  // namespace robocache::detail
