// SPDX-License-Identifier: Apache-2.0
#include "support/windows/windows.hpp"

#include <cuda_runtime_api.h>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"

#include <robocache/sample_windows.cuh>

namespace test {

status sample_windows_views(window_plan const& plan, window_draw const& draw, window_output const& out) {
  return robocache::sample_windows(plan, draw, out, nullptr);
}

found_windows sample_windows(window_problem const& p) {
  return run_sample_windows<host_space>(p, sample_windows_views);
}

}  // namespace test
