// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/cells/backward.hpp"
#include "support/device_call.hpp"
#include "support/device_space.hpp"

namespace test {

using namespace robocache::compiled;

feature_gradients voxelize_backward(voxel_backward_problem const& p) {
  auto const features_of = [](voxel_arguments const& a) {
    auto const f = a.features_of<float>();  // strides count elements, whatever these are
    return any_point_features{f.values, a.of.value_type, f.channels, f.batch_stride, f.point_stride};
  };
  auto const gradients_of = [](voxel_backward_arguments const& a) {
    auto g = a.gradients<any_voxel_gradients, void>();
    g.type = a.of.forward.result_type;
    return g;
  };
  feature_gradients o = run_voxelize_backward<device_space>(
      p,
      [&](voxel_backward_arguments const& a) {
        return voxelize_backward_scratch(place::device, a.forward.clouds, features_of(a.forward), a.forward.lattice,
                                         gradients_of(a));
      },
      [&](voxel_backward_arguments const& a) {
        return finished([&] {
          any_feature_gradients const out{a.out, a.of.out_batch_stride, a.of.out_stride};
          robocache::compiled::voxelize_backward(place::device, a.forward.clouds, features_of(a.forward),
                                                 a.forward.lattice, gradients_of(a), a.of.forward.options.channels, out,
                                                 a.forward.memory, device_space::stream());
        });
      });
  if (p.forward.has_scratch()) { o.trouble += difference(p, o, voxelize_backward_on_host(p)); }
  return o;
}

status voxelize_backward_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                               robocache::grid const& lattice, robocache::voxel_gradients<float> const& gradients,
                               channel_order channels, robocache::feature_gradients<float> const& out) {
  any_point_features const from{features.values, dtype::float32, features.channels, features.batch_stride,
                                features.point_stride};
  any_voxel_gradients const incoming{dtype::float32, gradients.sum, gradients.mean, gradients.max, gradients.min};
  any_feature_gradients const to{out.values, out.batch_stride, out.point_stride};
  return finished([&] {
    robocache::compiled::voxelize_backward(place::device, clouds, from, lattice, incoming, channels, to, {},
                                           device_space::stream());
  });
}

}  // namespace test
