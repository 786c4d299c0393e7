// SPDX-License-Identifier: Apache-2.0
#include "support/voxels/voxels.hpp"
#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"

// nvcc has no such warning.
#pragma GCC diagnostic ignored "-Wsign-compare"
#include <robocache/filter_voxels.cuh>
#include <robocache/voxelize_gathered.cuh>
#include <robocache/voxelize_sparse.cuh>

namespace test {

sparse_voxelized voxelize(sparse_problem const& p) {
  sparse_voxelized o = run_sparse<host_space>(
      p,
      [](sparse_arguments const& a) {
        std::int64_t bytes = 0;
        static_cast<void>(with_float_types(a.of.from.value_type, a.of.from.result_type, [&](auto value, auto result) {
          bytes = call_sparse<typename decltype(value)::type, typename decltype(result)::type>(
              a, [](auto const&... arguments) { return robocache::voxelize_sparse_scratch(arguments...); },
              [](auto const&... arguments) { return robocache::voxelize_gathered_scratch(arguments...); },
              [](auto const&... arguments) { return robocache::filter_voxels_scratch(arguments...); });
          return status{};
        }));
        return bytes;
      },
      [](sparse_arguments const& a) {
        auto const& memory = a.view.memory;
        return with_float_types(a.of.from.value_type, a.of.from.result_type, [&](auto value, auto result) {
          return call_sparse<typename decltype(value)::type, typename decltype(result)::type>(
              a, [&](auto const&... arguments) { return robocache::voxelize_sparse(arguments..., memory, nullptr); },
              [&](auto const&... arguments) { return robocache::voxelize_gathered(arguments..., memory, nullptr); },
              [&](auto const&... arguments) { return robocache::filter_voxels(arguments..., memory, nullptr); });
        });
      });
  if (p.from.has_scratch()) { o.trouble += difference(p, o, voxelize_on_host(p)); }
  return o;
}

status sparse_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                    robocache::grid const& lattice, robocache::sparse_output<float> const& out,
                    robocache::sparse_options const& options) {
  return robocache::voxelize_sparse(clouds, features, lattice, out, options, {}, nullptr);
}

status gathered_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                      robocache::grid const& lattice, robocache::gathered_output<float> const& out,
                      robocache::gather_options const& options) {
  return robocache::voxelize_gathered(clouds, features, lattice, out, options, {}, nullptr);
}

status filter_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                    robocache::filter_options const& options, robocache::filtered_output<float> const& out) {
  return robocache::filter_voxels(clouds, features, options, out, {}, nullptr);
}

}  // namespace test
