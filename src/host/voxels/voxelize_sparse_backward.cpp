// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <robocache/detail/voxels/check.hpp>
#include <robocache/host.hpp>

#include "host/common/clouds/backward_job.hpp"
#include "host/common/clouds/cloud_loop.hpp"
#include "host/instantiate.hpp"
#include "host/voxels/numbers.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// The range of voxels that contains those of a cloud's points.
/// @param numbers  of each point; beyond `[0, capacity)`: none
cloud_cells voxels_between(std::int32_t const* numbers, std::int64_t points, std::int64_t capacity) {
  auto first = static_cast<std::int32_t>(capacity);
  std::int32_t last = -1;
  for (std::int64_t i = 0; i < points; ++i) {
    bool const counts = numbers[i] >= 0 && numbers[i] < capacity;
    first = counts ? std::min(first, numbers[i]) : first;
    last = counts ? std::max(last, numbers[i]) : last;
  }
  return {points, numbers, first, std::int64_t{last} - first + 1};
}

/// The gradients of the points of one cloud: as through a grid of one row, whose cells are the cloud's voxels.
/// @param all  the batch; its cells and the layout of its results are not used
void backward_voxels(cell_backward_job const& all, numbered_cloud const& one, sparse_voxels const& voxels) {
  // There are never more voxels than points: numbers beyond that mean none, on the device, too.
  std::int64_t const most = std::min(voxels.capacity, all.from.clouds.total());
  cloud_cells const from = voxels_between(voxels.point_voxels + one.row, one.points.length, most);
  if (from.lattice.cells[0] < 1) { return; }
  std::int64_t const first = from.first_number;
  cell_backward_job const job{
      from,
      {robocache::detail::moved<void const>(all.given, first * all.features.channels * all.results.bytes())},
      {from.lattice, all.features.channels, channel_order::last, all.results.type},
      all.features.of(one.points),
      all.out.of(one.points),
      voxels.count != nullptr ? voxels.count + first : nullptr};
  backward_cloud(job, {0, point_bytes + 2 * job.features.row_bytes() + job.cell_bytes()}, 0);
}

}  // namespace
}  // namespace detail

template <class Value, class Result>
status exact::voxelize_sparse_backward(point_clouds const& clouds, point_features<Value> const& features,
                                       sparse_voxels const& voxels, voxel_gradients<Result> const& gradients,
                                       feature_gradients<Value> const& out) {
  status const checked = robocache::detail::check_voxelize_sparse_backward(clouds, features, voxels, gradients, out);
  if (!checked.ok()) { return checked; }
  grid const none = detail::row_of_cells(0);
  detail::cell_backward_job const job{{clouds, none},
                                      robocache::detail::untyped(gradients),
                                      {none, features.channels, channel_order::last, dtype_of<Result>::value},
                                      {features, clouds},
                                      {out, clouds, features.channels}};
  detail::clear_gradients(job);
  if (job.cell_bytes() == 0) { return checked; }
  auto const all = detail::clouds_of(clouds);
  detail::cloud_cost const cost{0, detail::point_bytes + 2 * job.features.row_bytes() + job.cell_bytes()};
  detail::for_each_cloud(
      clouds, cost, [&](std::int64_t b) { detail::backward_voxels(job, all[static_cast<std::size_t>(b)], voxels); });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result)                                                            \
  template status exact::voxelize_sparse_backward(point_clouds const&, point_features<Value> const&,    \
                                                  sparse_voxels const&, voxel_gradients<Result> const&, \
                                                  feature_gradients<Value> const&)
ROBOCACHE_FOR_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
