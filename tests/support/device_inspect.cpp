// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "device_call.hpp"
#include "device_space.hpp"
#include "inspect.hpp"

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

template inspected inspect(timeline_data<float> const&, std::optional<std::int64_t>);
template inspected inspect(timeline_data<double> const&, std::optional<std::int64_t>);
template inspected inspect(timeline_data<std::int64_t> const&, std::optional<std::int64_t>);

}  // namespace test
