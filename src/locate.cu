// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime_api.h>

#include <robocache/host.hpp>
#include <robocache/resample.cuh>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

void locate(place where, any_timeline const& source, any_timeline const& target, located const& out,
            any_options const& options, stream_handle cuda_stream) {
  visit_stamps("source", source, target, options, [&](auto const& when, auto const& at, auto const& rules) {
    require(where == place::host ? host::locate(when, at, out, rules)
                                 : robocache::locate(when, at, out, rules, cuda_stream));
  });
}

int device_count() noexcept {
  int count = 0;
  bool const clean = cudaPeekAtLastError() == cudaSuccess;
  if (cudaGetDeviceCount(&count) == cudaSuccess) { return count; }
  // A machine without a driver is not an error here: clears the runtime's error for it, but no earlier one.
  if (clean) { static_cast<void>(cudaGetLastError()); }
  return 0;
}

}  // namespace robocache::compiled
