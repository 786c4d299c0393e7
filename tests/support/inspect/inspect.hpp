// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <robocache/series.hpp>

#include "support/guarded.hpp"
#include "support/runner.hpp"
#include "support/typed.hpp"

namespace test {

using robocache::rotation_report;
using robocache::trajectory_report;

/// What a data check left.
template <class Report>
struct reported {
  status state{};
  std::vector<Report> reports{};
  std::string trouble{};  ///< what was written that should not have been
};
using inspected = reported<trajectory_report>;
using inspected_rotations = reported<rotation_report>;

/// On the side under test; `source_batch` is passed on where there is one.
template <class Stamp>
inspected inspect(timeline_data<Stamp> const& when, std::optional<std::int64_t> source_batch = {});

/// On the side under test: the source of the problem and its values.
template <class Stamp>
inspected_rotations inspect_rotations(problem<Stamp> const& p);

/// Makes the call with guarded memory of `Space` for the reports of `when`, and reads back what it left.
/// @param call  `status(timeline<Stamp> const&, Report*)`, which returns when the reports are written
template <class Space, class Report, class Stamp, class Call>
reported<Report> run_reports(timeline_data<Stamp> const& when, Call call) {
  timeline_memory<Space, Stamp> const memory(when);
  guarded<Space> const reports(nullptr, std::size_t(std::max<std::int64_t>(0, when.batch)) * sizeof(Report));
  reported<Report> o;
  o.state = call(memory.view(), static_cast<Report*>(reports.data()));
  auto const bytes = reports.read("reports", o.trouble);
  o.reports.resize(bytes.size() / sizeof(Report));
  if (!bytes.empty()) { std::memcpy(o.reports.data(), bytes.data(), bytes.size()); }
  memory.check("when", o.trouble);
  return o;
}

/// The same for `inspect`.
template <class Space, class Stamp, class Call>
inspected run_inspect(timeline_data<Stamp> const& when, Call call) {
  return run_reports<Space, trajectory_report>(when, call);
}

/// The same for `inspect_rotations`, with guarded values.
/// @param call  `status(series<Value, Stamp> const&, rotation_report*)`
template <class Space, class Stamp, class Call>
inspected_rotations run_inspect_rotations(problem<Stamp> const& p, Call call) {
  auto const bytes = std::int64_t(robocache::size_of(p.value_type));
  static std::byte const nothing{};
  auto const held = values_in_memory(p);
  void const* const from = held.empty() ? static_cast<void const*>(&nothing) : held.data();
  guarded<Space> const values(from, held.size(), std::size_t(p.misaligned * bytes));
  auto const* const first = static_cast<std::byte const*>(values.data()) + p.first_channel * bytes;
  auto o = run_reports<Space, rotation_report>(p.source, [&](timeline<Stamp> const& when, rotation_report* reports) {
    return with_float_types(p.value_type, p.value_type, [&](auto value, auto) {
      using Value = typename decltype(value)::type;
      return call(robocache::series<Value, Stamp>{reinterpret_cast<Value const*>(first), when, p.channels,
                                                  p.batch_stride, p.row_stride},
                  reports);
    });
  });
  values.read("values", o.trouble);
  return o;
}

}  // namespace test
