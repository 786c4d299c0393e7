// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <robocache/detail/voxels/check.hpp>
#include <robocache/host.hpp>

#include "host/common/clouds/cloud_loop.hpp"
#include "host/common/isa.hpp"
#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"
#include "host/voxels/numbers.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// One call, the types of features and values as values: compiled once.
struct gather_job {
  feature_rows features;  ///< without channels if no values are wanted
  char* values;
  std::int64_t value_bytes;  ///< of one number
  blend_function convert;    ///< from features to values
  std::int64_t max_points;
  std::int32_t* count;
  std::int64_t* point_slots;

  /// Bytes of the values of one point.
  std::int64_t slot_bytes() const { return features.channels * value_bytes; }
};

/// Points of one voxel, in the order of the cloud.
struct voxel_points {
  std::int64_t voxel;  ///< among those of the batch
  cell_point const* points;
  std::int64_t count;  ///< at most as many as are kept
};

/// Writes the values of a voxel's points, and 0 after them.
void write_values(gather_job const& job, numbered_cloud const& one, voxel_points const& from) {
  char* to = job.values + from.voxel * job.max_points * job.slot_bytes();
  for (std::int64_t first = 0; first < from.count; first += rows_at_once) {
    std::int64_t const count = std::min(rows_at_once, from.count - first);
    blend_record records[rows_at_once];
    for (std::int64_t i = 0; i < count; ++i) {
      records[i] = {job.features.at(one.points, point_of(from.points[first + i])), nullptr, 0.0f};
    }
    job.convert(records, count, to, {job.features.channels, job.slot_bytes(), nullptr});
    to += count * job.slot_bytes();
  }
  std::memset(to, 0, static_cast<std::size_t>((job.max_points - from.count) * job.slot_bytes()));
}

/// The voxels of a range.
void gather_range(gather_job const& job, numbered_cloud const& one, cell_range<cell_point> const& range) {
  cell_point const* const points = sort_by_cell(range);
  for (std::int64_t begin = 0, end = 0; begin < range.count; begin = end) {
    std::int64_t const place = place_in_range(points[begin]);
    while (end < range.count && place_in_range(points[end]) == place) { ++end; }
    std::int64_t const voxel = one.first + range.begin + place;
    std::int64_t const count = std::min(end - begin, job.max_points);
    if (job.count != nullptr) { job.count[voxel] = static_cast<std::int32_t>(count); }
    if (job.point_slots != nullptr) {
      for (std::int64_t slot = 0; slot < count; ++slot) {
        job.point_slots[one.row + point_of(points[begin + slot])] = voxel * job.max_points + slot;
      }
    }
    if (job.values != nullptr) { write_values(job, one, {voxel, points + begin, count}); }
  }
}

void gather_cloud(gather_job const& job, numbered_cloud const& one) {
  bool const wanted = job.values != nullptr || job.count != nullptr || job.point_slots != nullptr;
  if (one.kept == 0 || !wanted) { return; }
  std::int64_t const voxel_bytes = job.max_points * job.slot_bytes() + static_cast<std::int64_t>(sizeof *job.count);
  point_ranges<cell_point> const ranges(one.voxels(), 0, voxel_bytes);
  cloud_cost const cost{one.kept * voxel_bytes, point_bytes + job.features.row_bytes()};
  for_each_piece(ranges.size(), cost.of(one.points.length) / ranges.size(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) { gather_range(job, one, ranges[r]); }
  });
}

}  // namespace
}  // namespace detail

template <class Value, class Result>
status exact::voxelize_gathered(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                                gathered_output<Result> const& out, gather_options const& options) {
  status const checked = robocache::detail::check_voxelize_gathered(clouds, features, lattice, out, options);
  if (!checked.ok()) { return checked; }
  auto all = detail::number_clouds(clouds, lattice, detail::lattice_kind::given, voxel_order::first_point);
  detail::keep_voxels(all, options.max_voxels, out);
  detail::clear_numbers(clouds, out.point_slots);
  detail::gather_job const job{
      out.values != nullptr ? detail::feature_rows(features, clouds) : detail::feature_rows(),
      reinterpret_cast<char*>(out.values),
      sizeof(Result),
      detail::best_blend_function(dtype_of<Value>::value, dtype_of<Result>::value, features.channels),
      out.max_points,
      out.count,
      out.point_slots};
  detail::for_each_cloud(clouds, {0, detail::point_bytes + 2 * job.features.row_bytes()}, [&](std::int64_t b) {
    detail::numbered_cloud const& one = all[static_cast<std::size_t>(b)];
    detail::write_coordinates(one, lattice, b, out.coordinates);
    detail::gather_cloud(job, one);
  });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result)                                                               \
  template status exact::voxelize_gathered(point_clouds const&, point_features<Value> const&, grid const&, \
                                           gathered_output<Result> const&, gather_options const&)
ROBOCACHE_FOR_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
