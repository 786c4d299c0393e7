// SPDX-License-Identifier: Apache-2.0
#include "support/inspect/inspect.hpp"

#include <cuda_runtime_api.h>

#include "simt/simt.hpp"
#include "support/host_space.hpp"

#include <robocache/inspect.cuh>

namespace test {

template <class Stamp>
inspected inspect(timeline_data<Stamp> const& when, std::optional<std::int64_t> source_batch) {
  return run_inspect<host_space>(when, [&](timeline<Stamp> const& view, trajectory_report* reports) {
    return source_batch ? robocache::inspect(view, *source_batch, reports, nullptr)
                        : robocache::inspect(view, reports, nullptr);
  });
}

template <class Stamp>
inspected_rotations inspect_rotations(problem<Stamp> const& p) {
  return run_inspect_rotations<host_space>(p, [](auto const& source, rotation_report* reports) {
    return robocache::inspect_rotations(source, reports, nullptr);
  });
}

#include "support/inspect/instances.inc"

}  // namespace test
