// SPDX-License-Identifier: Apache-2.0
#include "support/cells/backward.hpp"

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"

// nvcc has no such warning.
#pragma GCC diagnostic ignored "-Wsign-compare"
#include <robocache/voxelize_backward.cuh>

namespace test {

feature_gradients voxelize_backward(voxel_backward_problem const& p) {
  feature_gradients o = run_voxelize_backward<host_space>(
      p,
      [](voxel_backward_arguments const& a) {
        std::int64_t bytes = 0;
        voxel_arguments const& f = a.forward;
        static_cast<void>(with_float_types(f.of.value_type, f.of.result_type, [&](auto value, auto result) {
          using result_type = typename decltype(result)::type;
          bytes =
              robocache::voxelize_backward_scratch(f.clouds, f.features_of<typename decltype(value)::type>(), f.lattice,
                                                   a.gradients<robocache::voxel_gradients<result_type>, result_type>());
          return status{};
        }));
        return bytes;
      },
      [](voxel_backward_arguments const& a) {
        voxel_problem const& f = a.forward.of;
        return with_float_types(f.value_type, f.result_type, [&](auto value, auto result) {
          return call_voxelize_backward<typename decltype(value)::type, typename decltype(result)::type>(
              a, [&](auto const&... arguments) {
                return robocache::voxelize_backward(arguments..., a.forward.memory, nullptr);
              });
        });
      });
  if (p.forward.has_scratch()) { o.trouble += difference(p, o, voxelize_backward_on_host(p)); }
  return o;
}

status voxelize_backward_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                               robocache::grid const& lattice, robocache::voxel_gradients<float> const& gradients,
                               channel_order channels, robocache::feature_gradients<float> const& out) {
  return robocache::voxelize_backward(clouds, features, lattice, gradients, channels, out, {}, nullptr);
}

}  // namespace test
