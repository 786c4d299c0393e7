// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/host_space.hpp"
#include "support/inspect/inspect.hpp"

namespace test {

template <class Stamp>
inspected inspect(timeline_data<Stamp> const& when, std::optional<std::int64_t> source_batch) {
  return run_inspect<host_space>(when, [&](timeline<Stamp> const& view, trajectory_report* reports) {
    return source_batch ? robocache::host::inspect(view, *source_batch, reports)
                        : robocache::host::inspect(view, reports);
  });
}

template <class Stamp>
inspected_rotations inspect_rotations(problem<Stamp> const& p) {
  return run_inspect_rotations<host_space>(p, [](auto const& source, rotation_report* reports) {
    return robocache::host::inspect_rotations(source, reports);
  });
}

#include "support/inspect/instances.inc"

}  // namespace test
