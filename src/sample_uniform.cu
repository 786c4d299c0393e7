// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/sample_uniform.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

void sample_uniform(place where, point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                    uniform_options const& options, stream_handle cuda_stream) {
  require(where == place::host ? host::sample_uniform(clouds, samples, out, options)
                               : robocache::sample_uniform(clouds, samples, out, options, cuda_stream));
}

}  // namespace robocache::compiled
