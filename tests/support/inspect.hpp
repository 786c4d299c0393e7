// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <robocache/series.hpp>

#include "guarded.hpp"
#include "runner.hpp"

namespace test {

using robocache::trajectory_report;

/// What a call of `inspect` left.
struct inspected {
  status state{};
  std::vector<trajectory_report> reports{};
  std::string trouble{};  ///< what was written that should not have been
};

/// On the side under test; `source_batch` is handed on where there is one.
template <class Stamp>
inspected inspect(timeline_data<Stamp> const& when, std::optional<std::int64_t> source_batch = {});

/// Puts the timeline into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param call  `status(timeline<Stamp> const&, trajectory_report*)`, which returns when the reports are written
template <class Space, class Stamp, class Call>
inspected run_inspect(timeline_data<Stamp> const& when, Call call) {
  timeline_memory<Space, Stamp> const memory(when);
  guarded<Space> const reports(nullptr, std::size_t(std::max<std::int64_t>(0, when.batch)) * sizeof(trajectory_report));
  inspected o;
  o.state = call(memory.view(), static_cast<trajectory_report*>(reports.data()));
  auto const bytes = reports.read("reports", o.trouble);
  o.reports.resize(bytes.size() / sizeof(trajectory_report));
  if (!bytes.empty()) { std::memcpy(o.reports.data(), bytes.data(), bytes.size()); }
  memory.check("when", o.trouble);
  return o;
}

}  // namespace test
