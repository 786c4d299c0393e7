// SPDX-License-Identifier: Apache-2.0
#include "../support/voxelize.hpp"

#include "../support/host_space.hpp"
#include "../support/typed.hpp"
#include "device.hpp"
#include "simt.hpp"

// nvcc has no such warning.
#pragma GCC diagnostic ignored "-Wsign-compare"
#include <robocache/voxelize.cuh>

namespace test {

voxelized voxelize(voxel_problem const& p) {
  voxelized o = run_voxelize<host_space>(
      p,
      [](voxel_arguments const& a) {
        std::int64_t bytes = 0;
        static_cast<void>(with_float_types(a.of.value_type, a.of.result_type, [&](auto value, auto result) {
          bytes = call_voxelize<typename decltype(value)::type, typename decltype(result)::type>(
              a, [](auto const&... arguments) { return robocache::voxelize_scratch(arguments...); });
          return status{};
        }));
        return bytes;
      },
      [](voxel_arguments const& a) {
        return with_float_types(a.of.value_type, a.of.result_type, [&](auto value, auto result) {
          return call_voxelize<typename decltype(value)::type, typename decltype(result)::type>(
              a, [&](auto const&... arguments) { return robocache::voxelize(arguments..., a.memory, nullptr); });
        });
      });
  if (p.ascends && p.has_scratch()) { o.trouble += difference(p, o, voxelize_on_host(p)); }
  return o;
}

status voxelize_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                      robocache::grid const& lattice, robocache::voxel_output<float> const& out,
                      robocache::voxel_options const& options) {
  return robocache::voxelize(clouds, features, lattice, out, options, {}, nullptr);
}

}  // namespace test
