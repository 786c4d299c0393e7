// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/host_space.hpp"
#include "support/points/sampling.hpp"

namespace test {

using space = host_space;
namespace host = robocache::host;

std::int64_t farthest_scratch_bytes(point_clouds const&, std::int64_t) { return 0; }

status sample_farthest_views(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                             farthest_options const& options, scratch const&) {
  return host::sample_farthest(clouds, samples, out, options);
}
status sample_uniform_views(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                            uniform_options const& options) {
  return host::sample_uniform(clouds, samples, out, options);
}
status nearest_neighbours_views(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                                neighbour_output const& out) {
  return host::nearest_neighbours(queries, clouds, k, out);
}
status within_radius_views(point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                           neighbour_output const& out) {
  return host::within_radius(queries, clouds, radius, k, out);
}

#include "support/points/sampling_instances.inc"

}  // namespace test
