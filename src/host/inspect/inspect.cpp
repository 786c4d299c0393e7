// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include <robocache/detail/inspect/check.hpp>
#include <robocache/device/inspect.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {

namespace {

/// Writes the report of each trajectory of a batch that is not empty.
/// @param count  called with a trajectory and its report, which is 0
template <class Stamp, class Report, class Count>
void write_reports(timeline<Stamp> const& when, std::int64_t bytes_per_sample, Report* reports, Count const& count) {
  std::int64_t const samples_each = when.packed() ? when.rows / when.batch : when.length;
  std::int64_t const bytes_each = std::min(samples_each, INT64_MAX / 32) * bytes_per_sample;
  detail::for_each_piece(when.batch, bytes_each, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      Report report{};
      count(b, report);
      reports[b] = report;
    }
  });
}

}  // namespace

template <class Stamp>
status exact::inspect(timeline<Stamp> const& when, std::int64_t source_batch, trajectory_report* reports) {
  status const checked = robocache::detail::check_inspect(when, source_batch, reports);
  if (!checked.ok() || when.batch == 0) { return checked; }
  write_reports(when, sizeof(Stamp), reports, [&](std::int64_t b, trajectory_report& report) {
    device::inspect_part(when, b, source_batch, 0, 1, report);
  });
  return checked;
}

template <class Stamp>
status exact::inspect(timeline<Stamp> const& when, trajectory_report* reports) {
  status const checked = robocache::detail::check_names_no_trajectory(when);
  return checked.ok() ? inspect(when, 0, reports) : checked;
}

template <class Value, class Stamp>
status exact::inspect_rotations(series<Value, Stamp> const& source, rotation_report* reports) {
  status const checked = robocache::detail::check_inspect_rotations(source, reports);
  if (!checked.ok() || source.when.batch == 0) { return checked; }
  auto const step = robocache::detail::strides_of(source, source.when, source.channels);
  write_reports(source.when, 4 * sizeof(Value), reports, [&](std::int64_t b, rotation_report& report) {
    device::inspect_rotations_part(source.values, device::trajectory_of(source.when, b), step.batch, step.row, 0, 1,
                                   report);
  });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Stamp)                                          \
  template status exact::inspect(timeline<Stamp> const&, trajectory_report*); \
  template status exact::inspect(timeline<Stamp> const&, std::int64_t, trajectory_report*)
ROBOCACHE_FOR_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

#define ROBOCACHE_INSTANTIATE(Stamp, Value) \
  template status exact::inspect_rotations(series<Value, Stamp> const&, rotation_report*)
ROBOCACHE_FOR_STAMPS_AND_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
