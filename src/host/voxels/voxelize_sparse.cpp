// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstddef>
#include <cstdint>

#include <robocache/detail/voxels/check.hpp>
#include <robocache/host.hpp>

#include "host/common/clouds/cloud_loop.hpp"
#include "host/instantiate.hpp"
#include "host/voxels/numbers.hpp"

namespace robocache::host {

template <class Value, class Result>
status exact::voxelize_sparse(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                              sparse_output<Result> const& out, sparse_options const& options) {
  status const checked = robocache::detail::check_voxelize_sparse(clouds, features, lattice, out, options);
  if (!checked.ok()) { return checked; }
  auto all = detail::number_clouds(clouds, lattice, detail::lattice_kind::given, options.order);
  detail::keep_voxels(all, INT32_MAX, out);
  detail::clear_numbers(clouds, out.point_voxels);
  auto const from = robocache::detail::reduces(out) ? detail::feature_rows(features, clouds) : detail::feature_rows();
  voxel_output<void> const results{robocache::detail::moved<void>(out, 0), out.count};
  detail::for_each_cloud(clouds, {0, detail::point_bytes + from.row_bytes()}, [&](std::int64_t b) {
    detail::numbered_cloud const& one = all[static_cast<std::size_t>(b)];
    detail::write_point_voxels(one, out.point_voxels);
    detail::write_coordinates(one, lattice, b, out.coordinates);
    detail::reduce_voxels(one, from.of(one.points), results, dtype_of<Result>::value);
  });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result)                                                             \
  template status exact::voxelize_sparse(point_clouds const&, point_features<Value> const&, grid const&, \
                                         sparse_output<Result> const&, sparse_options const&)
ROBOCACHE_FOR_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
