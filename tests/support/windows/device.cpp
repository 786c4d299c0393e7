// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/windows/windows.hpp"

namespace test {

status sample_windows_views(window_plan const& plan, window_draw const& draw, window_output const& out) {
  using robocache::compiled::place;
  return finished([&] { robocache::compiled::sample_windows(place::device, plan, draw, out, device_space::stream()); });
}

found_windows sample_windows(window_problem const& p) {
  return run_sample_windows<device_space>(p, sample_windows_views);
}

}  // namespace test
