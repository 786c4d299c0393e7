// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/voxels/backward.hpp"

namespace test {

using namespace robocache::compiled;

feature_gradients voxelize_backward(sparse_backward_problem const& p) {
  voxel_problem const& from = p.forward.from;
  bool const gathered = p.forward.call == voxel_call::gathered;
  auto const features_of = [](sparse_backward_arguments const& a) {
    auto const f = a.view.features_of<float>();  // strides count elements, whatever these are
    return any_point_features{f.values, a.view.of.value_type, f.channels, f.batch_stride, f.point_stride};
  };
  auto const gradients_of = [](sparse_backward_arguments const& a) {
    auto g = a.gradients<any_voxel_gradients, void>();
    g.type = a.view.of.result_type;
    return g;
  };
  feature_gradients o = run_sparse_backward<device_space>(
      p,
      [&](sparse_backward_arguments const& a) {
        if (gathered) { return std::int64_t(0); }
        return voxelize_sparse_backward_scratch(place::device, a.view.clouds, features_of(a), a.voxels(),
                                                gradients_of(a));
      },
      [&](sparse_backward_arguments const& a) {
        any_feature_gradients const out{a.out, a.of.out_batch_stride, a.of.out_stride};
        return finished([&] {
          if (gathered) {
            voxelize_gathered_backward(place::device, a.view.clouds, from.channels, a.slots(),
                                       a.incoming[sparse_result::values], from.result_type, out, from.value_type,
                                       device_space::stream());
          } else {
            voxelize_sparse_backward(place::device, a.view.clouds, features_of(a), a.voxels(), gradients_of(a), out,
                                     a.view.memory, device_space::stream());
          }
        });
      });
  if (from.has_scratch()) { o.trouble += difference(p, o, voxelize_backward_on_host(p)); }
  return o;
}

status sparse_backward_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                             robocache::sparse_voxels const& voxels, robocache::voxel_gradients<float> const& gradients,
                             robocache::feature_gradients<float> const& out) {
  any_point_features const from{features.values, dtype::float32, features.channels, features.batch_stride,
                                features.point_stride};
  any_voxel_gradients const incoming{dtype::float32, gradients.sum, gradients.mean, gradients.max, gradients.min};
  any_feature_gradients const to{out.values, out.batch_stride, out.point_stride};
  return finished(
      [&] { voxelize_sparse_backward(place::device, clouds, from, voxels, incoming, to, {}, device_space::stream()); });
}

status gathered_backward_views(robocache::point_clouds const& clouds, std::int64_t channels,
                               std::int64_t const* point_slots, float const* gradients,
                               robocache::feature_gradients<float> const& out) {
  any_feature_gradients const to{out.values, out.batch_stride, out.point_stride};
  return finished([&] {
    voxelize_gathered_backward(place::device, clouds, channels, point_slots, gradients, dtype::float32, to,
                               dtype::float32, device_space::stream());
  });
}

}  // namespace test
