// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>
#include <robocache/neighbours.cuh>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

void nearest_neighbours(place where, point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                        neighbour_output const& out, stream_handle cuda_stream) {
  require(where == place::host ? host::nearest_neighbours(queries, clouds, k, out)
                               : robocache::nearest_neighbours(queries, clouds, k, out, cuda_stream));
}

void within_radius(place where, point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                   neighbour_output const& out, stream_handle cuda_stream) {
  require(where == place::host ? host::within_radius(queries, clouds, radius, k, out)
                               : robocache::within_radius(queries, clouds, radius, k, out, cuda_stream));
}

}  // namespace robocache::compiled
