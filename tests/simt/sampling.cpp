// SPDX-License-Identifier: Apache-2.0
#include "support/points/sampling.hpp"

#include <cuda_runtime_api.h>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/catch.hpp"
#include "support/host_space.hpp"
#include "support/random.hpp"

#include <robocache/neighbours.cuh>
#include <robocache/sample_farthest.cuh>
#include <robocache/sample_uniform.cuh>

namespace test {

using space = host_space;

std::int64_t farthest_scratch_bytes(point_clouds const& clouds, std::int64_t samples) {
  return robocache::sample_farthest_scratch(clouds, samples);
}

status sample_farthest_views(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                             farthest_options const& options, scratch const& memory) {
  return robocache::sample_farthest(clouds, samples, out, options, memory, nullptr);
}
status sample_uniform_views(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                            uniform_options const& options) {
  return robocache::sample_uniform(clouds, samples, out, options, nullptr);
}
status nearest_neighbours_views(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                                neighbour_output const& out) {
  return robocache::nearest_neighbours(queries, clouds, k, out, nullptr);
}
status within_radius_views(point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                           neighbour_output const& out) {
  return robocache::within_radius(queries, clouds, radius, k, out, nullptr);
}

#include "support/points/sampling_instances.inc"

namespace {

/// The samples that clusters of so many blocks take, whatever the policy would choose.
/// @param resident  from points in registers, else in memory
std::vector<std::int64_t> samples_of_blocks(point_clouds const& clouds, std::int64_t samples, int blocks,
                                            bool resident) {
  namespace detail = robocache::detail;
  std::vector<std::int64_t> indices(std::size_t(clouds.batch * samples), -7);
  auto p = detail::farthest_params_of(clouds, samples, {indices.data()}, {});
  std::vector<std::max_align_t> memory(std::size_t(detail::cut_farthest(clouds, nullptr, p)) / 16 + 1);
  detail::cut_farthest(clouds, memory.data(), p);
  robocache::device_properties device;
  REQUIRE(detail::read_device(device).ok());
  detail::launch_chain chain(device, nullptr);
  REQUIRE(detail::order_points_in_space(p, chain).ok());
  p.shape = {blocks, detail::farthest_threads_for(blocks)};
  REQUIRE((resident ? detail::sample_resident(p, clouds.length, chain) : detail::sample_buckets(p, chain)).ok());
  return indices;
}

TEST_CASE("Farthest: the same samples from clusters of any size, from registers and from memory", "[sampling]") {
  generator random(4400);
  std::vector<float> xyz;
  for (int i = 0; i < 3 * 2 * 1500; ++i) { xyz.push_back(float(random.between(0, 12))); }
  auto const clouds = point_clouds::dense(xyz.data(), 2, 1500);
  auto const wanted = samples_of_blocks(clouds, 12, 1, false);
  for (int blocks : {2, 3, 8, 16}) {
    CAPTURE(blocks);
    CHECK(samples_of_blocks(clouds, 12, blocks, false) == wanted);
    CHECK(samples_of_blocks(clouds, 12, blocks, true) == wanted);
  }
}

}  // namespace

}  // namespace test
