// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/voxels/voxels.hpp"

namespace test {
namespace {

using namespace robocache::compiled;

template <class Output>
Output typed(Output out, dtype type) {
  out.type = type;
  return out;
}

/// The call with types as values.
/// @param sparse, gathered, filter  called with the arguments of the call that they are named after
template <class Sparse, class Gathered, class Filter>
auto call_compiled(sparse_arguments const& a, Sparse sparse, Gathered gathered, Filter filter) {
  auto const& clouds = a.view.clouds;
  auto const f = a.view.features_of<float>();  // strides count elements, whatever these are
  any_point_features const features{f.values, a.of.from.value_type, f.channels, f.batch_stride, f.point_stride};
  dtype const type = a.of.from.result_type;
  switch (a.of.call) {
    case voxel_call::gathered:
      return gathered(place::device, clouds, features, a.view.lattice,
                      typed(a.gathered<any_gathered_output, void>(), type), a.gather_rules());
    case voxel_call::filter:
      return filter(place::device, clouds, features, a.filter_rules(),
                    typed(a.filtered<any_filtered_output, void>(), type));
    default:
      return sparse(place::device, clouds, features, a.view.lattice, typed(a.sparse<any_sparse_output, void>(), type),
                    a.sparse_rules());
  }
}

any_point_features any_of(robocache::point_features<float> const& f) {
  return {f.values, dtype::float32, f.channels, f.batch_stride, f.point_stride};
}

}  // namespace

sparse_voxelized voxelize(sparse_problem const& p) {
  namespace rc = robocache::compiled;
  sparse_voxelized o = run_sparse<device_space>(
      p,
      [](sparse_arguments const& a) {
        return call_compiled(
            a, [](auto const&... arguments) { return rc::voxelize_sparse_scratch(arguments...); },
            [](auto const&... arguments) { return rc::voxelize_gathered_scratch(arguments...); },
            [](auto const&... arguments) { return rc::filter_voxels_scratch(arguments...); });
      },
      [](sparse_arguments const& a) {
        auto const& memory = a.view.memory;
        auto const stream = device_space::stream();
        return finished([&] {
          call_compiled(
              a, [&](auto const&... arguments) { rc::voxelize_sparse(arguments..., memory, stream); },
              [&](auto const&... arguments) { rc::voxelize_gathered(arguments..., memory, stream); },
              [&](auto const&... arguments) { rc::filter_voxels(arguments..., memory, stream); });
        });
      });
  if (p.from.has_scratch()) { o.trouble += difference(p, o, voxelize_on_host(p)); }
  return o;
}

status sparse_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                    robocache::grid const& lattice, robocache::sparse_output<float> const& out,
                    robocache::sparse_options const& options) {
  any_sparse_output const to{dtype::float32,   robocache::feature_reductions<void>{out.sum, out.mean, out.max, out.min},
                             out.capacity,     out.coordinates,
                             out.count,        out.voxel_offsets,
                             out.point_voxels, out.dropped,
                             out.overflow};
  return finished([&] {
    voxelize_sparse(place::device, clouds, any_of(features), lattice, to, options, {}, device_space::stream());
  });
}

status gathered_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                      robocache::grid const& lattice, robocache::gathered_output<float> const& out,
                      robocache::gather_options const& options) {
  any_gathered_output const to{dtype::float32, out.capacity,      out.max_points,  out.values,  out.coordinates,
                               out.count,      out.voxel_offsets, out.point_slots, out.dropped, out.overflow};
  return finished([&] {
    voxelize_gathered(place::device, clouds, any_of(features), lattice, to, options, {}, device_space::stream());
  });
}

status filter_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                    robocache::filter_options const& options, robocache::filtered_output<float> const& out) {
  any_filtered_output const to{dtype::float32,    out.capacity,     out.points,  out.features, out.count,
                               out.voxel_offsets, out.point_voxels, out.dropped, out.overflow};
  return finished(
      [&] { filter_voxels(place::device, clouds, any_of(features), options, to, {}, device_space::stream()); });
}

}  // namespace test
