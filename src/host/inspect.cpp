// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include <robocache/detail/inspect_check.hpp>
#include <robocache/device/inspect.cuh>
#include <robocache/host.hpp>

#include "parallel.hpp"

namespace robocache::host {

template <class Stamp>
status exact::inspect(timeline<Stamp> const& when, std::int64_t source_batch, trajectory_report* reports) {
  status const checked = robocache::detail::check_inspect(when, source_batch, reports);
  if (!checked.ok() || when.batch == 0) { return checked; }
  std::int64_t const samples_each = when.packed() ? when.rows / when.batch : when.length;
  std::int64_t const bytes_each = std::min(samples_each, INT64_MAX / 16) * std::int64_t(sizeof(Stamp));
  detail::for_each_piece(when.batch, bytes_each, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      trajectory_report report{};
      device::inspect_part(when, b, source_batch, 0, 1, report);
      reports[b] = report;
    }
  });
  return checked;
}

template <class Stamp>
status exact::inspect(timeline<Stamp> const& when, trajectory_report* reports) {
  status const checked = robocache::detail::check_names_no_trajectory(when);
  return checked.ok() ? inspect(when, 0, reports) : checked;
}

template status exact::inspect(timeline<float> const&, trajectory_report*);
template status exact::inspect(timeline<double> const&, trajectory_report*);
template status exact::inspect(timeline<std::int64_t> const&, trajectory_report*);
template status exact::inspect(timeline<float> const&, std::int64_t, trajectory_report*);
template status exact::inspect(timeline<double> const&, std::int64_t, trajectory_report*);
template status exact::inspect(timeline<std::int64_t> const&, std::int64_t, trajectory_report*);

}  // namespace robocache::host
