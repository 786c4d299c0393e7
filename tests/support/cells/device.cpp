// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/cells/cells.hpp"
#include "support/device_call.hpp"
#include "support/device_space.hpp"

namespace test {

using namespace robocache::compiled;

voxelized voxelize(voxel_problem const& p) {
  auto const features_of = [](voxel_arguments const& a) {
    auto const f = a.features_of<float>();  // strides count elements, whatever these are
    return any_point_features{f.values, a.of.value_type, f.channels, f.batch_stride, f.point_stride};
  };
  auto const output_of = [](voxel_arguments const& a) {
    auto o = a.output<any_voxel_output, void>();
    o.type = a.of.result_type;
    return o;
  };
  voxelized o = run_voxelize<device_space>(
      p,
      [&](voxel_arguments const& a) {
        return voxelize_scratch(place::device, a.clouds, features_of(a), a.lattice, output_of(a), a.of.options);
      },
      [&](voxel_arguments const& a) {
        return finished([&] {
          robocache::compiled::voxelize(place::device, a.clouds, features_of(a), a.lattice, output_of(a), a.of.options,
                                        a.memory, device_space::stream());
        });
      });
  if (p.has_scratch()) { o.trouble += difference(p, o, voxelize_on_host(p)); }
  return o;
}

status voxelize_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                      robocache::grid const& lattice, robocache::voxel_output<float> const& out,
                      robocache::voxel_options const& options) {
  any_point_features const from{features.values, dtype::float32, features.channels, features.batch_stride,
                                features.point_stride};
  any_voxel_output const to{dtype::float32,    robocache::feature_reductions<void>{out.sum, out.mean, out.max, out.min},
                            out.count,         out.occupied,
                            out.occupied_type, out.occupied_bits,
                            out.dropped};
  return finished([&] {
    robocache::compiled::voxelize(place::device, clouds, from, lattice, to, options, {}, device_space::stream());
  });
}

}  // namespace test
