// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/inspect/inspect.hpp"

namespace test {

template <class Stamp>
inspected inspect(timeline_data<Stamp> const& when, std::optional<std::int64_t> source_batch) {
  using robocache::compiled::place;
  return run_inspect<device_space>(when, [&](timeline<Stamp> const& view, trajectory_report* reports) {
    return finished([&] {
      if (source_batch) {
        robocache::compiled::inspect(place::device, view, *source_batch, reports, device_space::stream());
      } else {
        robocache::compiled::inspect(place::device, view, reports, device_space::stream());
      }
    });
  });
}

template <class Stamp>
inspected_rotations inspect_rotations(problem<Stamp> const& p) {
  return run_inspect_rotations<device_space>(p, [&](auto const& source, rotation_report* reports) {
    return finished([&] {
      using robocache::compiled::place;
      robocache::compiled::any_series const any{source.values,   p.value_type,        source.when,
                                                source.channels, source.batch_stride, source.row_stride};
      robocache::compiled::inspect_rotations(place::device, any, reports, device_space::stream());
    });
  });
}

#include "support/inspect/instances.inc"

}  // namespace test
