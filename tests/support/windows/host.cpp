// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/host_space.hpp"
#include "support/windows/windows.hpp"

namespace test {

status sample_windows_views(window_plan const& plan, window_draw const& draw, window_output const& out) {
  return robocache::host::sample_windows(plan, draw, out);
}

found_windows sample_windows(window_problem const& p) {
  return run_sample_windows<host_space>(p, sample_windows_views);
}

}  // namespace test
