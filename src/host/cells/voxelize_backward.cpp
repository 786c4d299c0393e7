// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>
#include <cstring>

#include <robocache/detail/cells/check.hpp>
#include <robocache/host.hpp>

#include "host/common/clouds/backward_job.hpp"
#include "host/common/clouds/cloud_loop.hpp"
#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {
namespace detail {

void clear_gradients(cell_backward_job const& job) {
  point_clouds const& clouds = job.from.clouds;
  std::int64_t const rows = clouds.total();
  std::int64_t const bytes = job.features.row_bytes();
  for_each_piece(rows, bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::int64_t const b = clouds.packed() ? 0 : row / clouds.length;
      std::int64_t const i = row - b * clouds.length;
      std::memset(job.out.values + b * job.out.batch_bytes + i * job.out.point_bytes, 0,
                  static_cast<std::size_t>(bytes));
    }
  });
}

void backward_cloud(cell_backward_job const& job, cloud_cost const& cost, std::int64_t b) {
  point_ranges<cell_point> const ranges(job.from, b, job.cell_bytes());
  std::int64_t const points = device::cloud_of(job.from.clouds, b).length;
  for_each_piece(ranges.size(), cost.of(points) / ranges.size(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) { backward_range(job, b, ranges[r]); }
  });
}

}  // namespace detail

template <class Value, class Result>
status exact::voxelize_backward(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                                voxel_gradients<Result> const& gradients, channel_order channels,
                                feature_gradients<Value> const& out) {
  status const checked =
      robocache::detail::check_voxelize_backward(clouds, features, lattice, gradients, channels, out);
  if (!checked.ok()) { return checked; }
  detail::cell_backward_job const job{{clouds, lattice},
                                      robocache::detail::untyped(gradients),
                                      {lattice, features.channels, channels, dtype_of<Result>::value},
                                      {features, clouds},
                                      {out, clouds, features.channels}};
  detail::clear_gradients(job);
  if (job.cell_bytes() == 0) { return checked; }
  // Gradients of cells without points are not read: each point reads those of one cell.
  detail::cloud_cost const cost{0, detail::point_bytes + 2 * job.features.row_bytes() + job.cell_bytes()};
  detail::for_each_cloud(clouds, cost, [&](std::int64_t b) { detail::backward_cloud(job, cost, b); });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result)                                                               \
  template status exact::voxelize_backward(point_clouds const&, point_features<Value> const&, grid const&, \
                                           voxel_gradients<Result> const&, channel_order,                  \
                                           feature_gradients<Value> const&)
ROBOCACHE_FOR_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
