// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/sample_windows.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

void sample_windows(place where, window_plan const& plan, window_draw const& draw, window_output const& out,
                    stream_handle cuda_stream) {
  require(where == place::host ? host::sample_windows(plan, draw, out)
                               : robocache::sample_windows(plan, draw, out, cuda_stream));
}

}  // namespace robocache::compiled
