// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/sample_farthest.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

std::int64_t sample_farthest_scratch(place where, point_clouds const& clouds, std::int64_t samples) {
  return where == place::host ? 0 : robocache::sample_farthest_scratch(clouds, samples);
}

void sample_farthest(place where, point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                     farthest_options const& options, scratch const& memory, stream_handle cuda_stream) {
  require(where == place::host ? host::sample_farthest(clouds, samples, out, options)
                               : robocache::sample_farthest(clouds, samples, out, options, memory, cuda_stream));
}

}  // namespace robocache::compiled
