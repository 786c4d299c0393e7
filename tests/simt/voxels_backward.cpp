// SPDX-License-Identifier: Apache-2.0
#include "../support/host_space.hpp"
#include "../support/sparse_backward.hpp"
#include "../support/typed.hpp"
#include "device.hpp"
#include "simt.hpp"

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

}  // namespace test
