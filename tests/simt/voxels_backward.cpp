// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/catch.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"
#include "support/voxels/backward.hpp"

// nvcc has no such warning.
#pragma GCC diagnostic ignored "-Wsign-compare"
#include <robocache/voxelize_gathered_backward.cuh>
#include <robocache/voxelize_sparse_backward.cuh>

namespace test {

feature_gradients voxelize_backward(sparse_backward_problem const& p) {
  voxel_problem const& from = p.forward.from;
  feature_gradients o = run_sparse_backward<host_space>(
      p,
      [&](sparse_backward_arguments const& a) {
        std::int64_t bytes = 0;
        if (p.forward.call == voxel_call::gathered) { return bytes; }
        static_cast<void>(with_float_types(from.value_type, from.result_type, [&](auto value, auto result) {
          using result_type = typename decltype(result)::type;
          bytes = robocache::voxelize_sparse_backward_scratch(
              a.view.clouds, a.view.features_of<typename decltype(value)::type>(), a.voxels(),
              a.gradients<robocache::voxel_gradients<result_type>, result_type>());
          return status{};
        }));
        return bytes;
      },
      [&](sparse_backward_arguments const& a) {
        return with_float_types(from.value_type, from.result_type, [&](auto value, auto result) {
          return call_sparse_backward<typename decltype(value)::type, typename decltype(result)::type>(
              a,
              [&](auto const&... arguments) {
                return robocache::voxelize_sparse_backward(arguments..., a.view.memory, nullptr);
              },
              [](auto const&... arguments) { return robocache::voxelize_gathered_backward(arguments..., nullptr); });
        });
      });
  if (from.has_scratch()) { o.trouble += difference(p, o, voxelize_backward_on_host(p)); }
  return o;
}

status sparse_backward_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                             robocache::sparse_voxels const& voxels, robocache::voxel_gradients<float> const& gradients,
                             robocache::feature_gradients<float> const& out) {
  return robocache::voxelize_sparse_backward(clouds, features, voxels, gradients, out, {}, nullptr);
}

status gathered_backward_views(robocache::point_clouds const& clouds, std::int64_t channels,
                               std::int64_t const* point_slots, float const* gradients,
                               robocache::feature_gradients<float> const& out) {
  return robocache::voxelize_gathered_backward(clouds, channels, point_slots, gradients, out, nullptr);
}

TEST_CASE("Gradients of gathered voxels: slots out of range are none", "[voxels_backward]") {
  constexpr std::int64_t slots = 6;
  std::vector<std::int64_t> const of_points = {5, -1, 6, 0, INT64_MAX, 99, 4, INT64_MIN};
  std::vector<float> const incoming = {1, 2, 3, 4, 5, 6};
  std::vector<float> const xyz(24);
  auto const here = robocache::point_clouds::dense(xyz.data(), 1, 8);
  std::vector<float> const wanted = {6, 0, 0, 1, 0, 0, 5, 0};
  std::vector<float> found(8, -7);
  robocache::feature_gradients<float> const out{found.data()};
  REQUIRE(robocache::voxelize_gathered_backward(here, 1, of_points.data(), incoming.data(), out, nullptr, slots).ok());
  CHECK(found == wanted);
  found.assign(8, -7);
  REQUIRE(robocache::host::voxelize_gathered_backward(here, 1, of_points.data(), incoming.data(), out, slots).ok());
  CHECK(found == wanted);
  CHECK(std::string(robocache::host::voxelize_gathered_backward(here, 1, of_points.data(), incoming.data(), out, -1)
                        .message()) == "slots: found -1, want 0 or more");
}

}  // namespace test
