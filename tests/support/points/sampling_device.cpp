// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/points/sampling.hpp"

namespace test {

using space = device_space;
namespace compiled = robocache::compiled;
using compiled::place;

std::int64_t farthest_scratch_bytes(point_clouds const& clouds, std::int64_t samples) {
  return compiled::sample_farthest_scratch(place::device, clouds, samples);
}

status sample_farthest_views(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                             farthest_options const& options, scratch const& memory) {
  return finished(
      [&] { compiled::sample_farthest(place::device, clouds, samples, out, options, memory, device_space::stream()); });
}
status sample_uniform_views(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                            uniform_options const& options) {
  return finished(
      [&] { compiled::sample_uniform(place::device, clouds, samples, out, options, device_space::stream()); });
}
status nearest_neighbours_views(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                                neighbour_output const& out) {
  return finished(
      [&] { compiled::nearest_neighbours(place::device, queries, clouds, k, out, device_space::stream()); });
}
status within_radius_views(point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                           neighbour_output const& out) {
  return finished(
      [&] { compiled::within_radius(place::device, queries, clouds, radius, k, out, device_space::stream()); });
}

#include "support/points/sampling_instances.inc"

}  // namespace test
