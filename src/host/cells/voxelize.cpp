// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <robocache/detail/cells/check.hpp>
#include <robocache/host.hpp>

#include "host/common/clouds/cloud_loop.hpp"
#include "host/common/clouds/job.hpp"
#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {
namespace detail {

std::int64_t cell_job::cell_bytes() const {
  std::int64_t bytes = 0;
  if (out.count != nullptr) { bytes += static_cast<std::int64_t>(sizeof *out.count); }
  if (out.occupied != nullptr) { bytes += static_cast<std::int64_t>(size_of(out.occupied_type)); }
  return bytes + robocache::detail::needs_of(out).results * features.channels * results.bytes();
}

namespace {

void add_dropped(cell_job const& job, std::int64_t b, std::int64_t dropped) {
  if (job.out.dropped == nullptr) { return; }
  // Unsigned: sums beyond the type wrap around.
  auto* const to = reinterpret_cast<std::uint32_t*>(job.out.dropped) + b;
  *to = (job.options.accumulate ? *to : 0u) + static_cast<std::uint32_t>(dropped);
}

template <class Item>
void voxelize_ranges(cell_job const& job, cloud_cost const& cost, std::int64_t b) {
  point_ranges<Item> const ranges(job.from, b, job.cell_bytes());
  add_dropped(job, b, ranges.dropped());
  std::int64_t const points = device::cloud_of(job.from.clouds, b).length;
  for_each_piece(ranges.size(), cost.of(points) / ranges.size(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      mark_cells(job, b, ranges[r]);
      if constexpr (std::is_same_v<Item, cell_point>) {
        if (job.features.channels > 0) { reduce_features(job, b, ranges[r]); }
      }
    }
  });
}

}  // namespace

void voxelize_cloud(cell_job const& job, cloud_cost const& cost, std::int64_t b) {
  if (job.out.occupied_bits == nullptr && job.cell_bytes() == 0) {
    add_dropped(job, b, count_dropped(job.from, b));
  } else if (job.features.channels == 0 && job.from.places.total() < UINT32_MAX) {
    voxelize_ranges<cell_mark>(job, cost, b);
  } else {
    voxelize_ranges<cell_point>(job, cost, b);
  }
}

}  // namespace detail

template <class Value, class Result>
status exact::voxelize(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                       voxel_output<Result> const& out, voxel_options const& options) {
  status const checked = robocache::detail::check_voxelize(clouds, features, lattice, out, options);
  if (!checked.ok()) { return checked; }
  bool const reduces = robocache::detail::reduces(out);
  detail::cell_job const job{{clouds, lattice},
                             robocache::detail::untyped(out),
                             options,
                             reduces ? detail::feature_rows(features, clouds) : detail::feature_rows(),
                             {lattice, reduces ? features.channels : 0, options.channels, dtype_of<Result>::value}};
  detail::cloud_cost const cost{lattice.total() * job.cell_bytes(), detail::point_bytes + job.features.row_bytes()};
  detail::for_each_cloud(clouds, cost, [&](std::int64_t b) { detail::voxelize_cloud(job, cost, b); });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result)                                                      \
  template status exact::voxelize(point_clouds const&, point_features<Value> const&, grid const&, \
                                  voxel_output<Result> const&, voxel_options const&)
ROBOCACHE_FOR_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
