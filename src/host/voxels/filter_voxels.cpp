// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include <robocache/detail/voxels/check.hpp>
#include <robocache/host.hpp>

#include "host/common/clouds/cloud_loop.hpp"
#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"
#include "host/voxels/numbers.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// The coordinates of clouds as features, where x, y and z of a point are neighbours.
feature_rows coordinate_rows(point_clouds const& clouds) {
  return {point_features<float>{clouds.x, 3, clouds.batch_stride, clouds.point_stride}, clouds};
}

bool are_neighbours(point_clouds const& clouds) { return clouds.y == clouds.x + 1 && clouds.z == clouds.x + 2; }

/// Writes the mean of the coordinates in each voxel, and how many points are in it.
void reduce_points(point_clouds const& clouds, numbered_cloud const& one, filter_options const& options, float* points,
                   std::int32_t* count) {
  if (one.kept == 0) { return; }
  voxel_output<void> out;
  out.count = count;
  out.mean = points;
  if (points == nullptr) { return reduce_voxels(one, feature_rows(), out, dtype::float32); }
  if (are_neighbours(clouds)) {
    return reduce_voxels(one, coordinate_rows(clouds).of(one.points), out, dtype::float32, &options);
  }
  auto const step = robocache::detail::strides_of(clouds);
  std::unique_ptr<float[]> const together(new float[static_cast<std::size_t>(3 * one.points.length)]);
  for_each_piece(one.points.length, 6 * sizeof(float), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      std::int64_t const e = one.points.element(i, step.batch, step.row);
      together[3 * i] = clouds.x[e];
      together[3 * i + 1] = clouds.y[e];
      together[3 * i + 2] = clouds.z[e];
    }
  });
  auto const alone = point_clouds::dense(together.get(), 1, one.points.length);
  reduce_voxels(one, coordinate_rows(alone), out, dtype::float32, &options);
}

}  // namespace
}  // namespace detail

template <class Value, class Result>
status exact::filter_voxels(point_clouds const& clouds, point_features<Value> const& features,
                            filter_options const& options, filtered_output<Result> const& out) {
  status const checked = robocache::detail::check_filter_voxels(clouds, features, options, out);
  if (!checked.ok()) { return checked; }
  auto all = detail::number_clouds(clouds, device::filter_grid(options), detail::lattice_kind::filter,
                                   voxel_order::first_point);
  detail::keep_voxels(all, INT32_MAX, out);
  detail::clear_numbers(clouds, out.point_voxels);
  auto const from = out.features != nullptr ? detail::feature_rows(features, clouds) : detail::feature_rows();
  voxel_output<void> means;
  means.mean = out.features;
  detail::for_each_cloud(clouds, {0, detail::point_bytes + from.row_bytes()}, [&](std::int64_t b) {
    detail::numbered_cloud const& one = all[static_cast<std::size_t>(b)];
    detail::write_point_voxels(one, out.point_voxels);
    detail::reduce_points(clouds, one, options, out.points, out.count);
    detail::reduce_voxels(one, from.of(one.points), means, dtype_of<Result>::value);
  });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result)                                                                     \
  template status exact::filter_voxels(point_clouds const&, point_features<Value> const&, filter_options const&, \
                                       filtered_output<Result> const&)
ROBOCACHE_FOR_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
