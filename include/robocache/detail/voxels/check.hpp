// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>
#include <robocache/status.hpp>
#include <robocache/voxels.hpp>

// The argument checks of voxels without a grid around them. All are O(1): nothing that a pointer points to is read.
namespace robocache::detail {

/// Checks clouds whose voxels are numbered: numbers of points and voxels have 31 bits.
inline status check_numbered_clouds(point_clouds const& clouds) {
  status const s = check_clouds(clouds);
  if (!s.ok()) { return s; }
  std::int64_t const points = clouds.total();
  if (points > INT32_MAX) {
    return refuse(status_code::unsupported, "clouds", clouds.packed() ? "rows" : "length",
                  "found %lld points in all, want less than 2^31", static_cast<long long>(points));
  }
  return {};
}

inline status check_capacity(char const* name, std::int64_t capacity) {
  if (capacity < 0 || capacity > INT32_MAX) {
    return refuse(invalid, name, "capacity", "found %lld, want 0 or more and less than 2^31",
                  static_cast<long long>(capacity));
  }
  return {};
}

/// Elements of `rows` rows of all channels.
template <class Value>
status check_row_elements(point_features<Value> const& features, std::int64_t rows) {
  std::int64_t elements = rows > 0 ? rows : 1;
  if (multiply(elements, features.channels)) { return {}; }
  return refuse(status_code::unsupported, "features", "channels",
                "found %lld for %lld rows, want a product of at most 2^58", static_cast<long long>(features.channels),
                static_cast<long long>(rows));
}

/// Checks what all outputs have.
template <class Output>
status check_voxel_arrays(Output const& out) {
  status s = check_capacity("out", out.capacity);
  if (!s.ok()) { return s; }
  struct {
    char const* field;
    std::int32_t const* pointer;
  } const each[] = {{"count", out.count}, {"dropped", out.dropped}, {"overflow", out.overflow}};
  for (auto const& one : each) {
    s = check_pointer("out", one.field, one.pointer, 0, alignof(std::int32_t));
    if (!s.ok()) { return s; }
  }
  return check_pointer("out", "voxel_offsets", out.voxel_offsets, 0, alignof(std::int64_t));
}

/// Everything that `voxelize_sparse` checks except for the scratch, on the host and on the device alike.
template <class Value, class Result>
status check_voxelize_sparse(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                             sparse_output<Result> const& out, sparse_options const& options) {
  status s = check_numbered_clouds(clouds);
  if (!s.ok()) { return s; }
  s = check_grid(lattice, clouds.batch);
  if (!s.ok()) { return s; }
  if (options.order > voxel_order::cell) {
    return refuse(invalid, "options", "order", "found %d, want a voxel_order", static_cast<int>(options.order));
  }
  s = check_voxel_arrays(out);
  if (!s.ok()) { return s; }
  s = check_pointer("out", "coordinates", out.coordinates, 0, alignof(std::int32_t));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "point_voxels", out.point_voxels, 0, alignof(std::int32_t));
  if (!s.ok()) { return s; }
  s = check_reductions("out", out, sizeof(Result));
  if (!s.ok() || !reduces(out)) { return s; }
  s = check_feature_view(clouds, features, true, "sum, mean, max or min");
  return s.ok() ? check_row_elements(features, out.capacity) : s;
}

/// Everything that `voxelize_gathered` checks except for the scratch, on the host and on the device alike.
template <class Value, class Result>
status check_voxelize_gathered(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                               gathered_output<Result> const& out, gather_options const& options) {
  status s = check_numbered_clouds(clouds);
  if (!s.ok()) { return s; }
  s = check_grid(lattice, clouds.batch);
  if (!s.ok()) { return s; }
  if (options.max_voxels < 0) {
    return refuse(invalid, "options", "max_voxels", "found %lld, want 0 or more",
                  static_cast<long long>(options.max_voxels));
  }
  s = check_voxel_arrays(out);
  if (!s.ok()) { return s; }
  if (out.max_points > INT32_MAX || out.max_points < 1) {
    return refuse(invalid, "out", "max_points", "found %lld, want 1 or more and less than 2^31",
                  static_cast<long long>(out.max_points));
  }
  s = check_pointer("out", "coordinates", out.coordinates, 0, alignof(std::int32_t));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "point_slots", out.point_slots, 0, alignof(std::int64_t));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "values", out.values, 0, sizeof(Result));
  if (!s.ok() || out.values == nullptr) { return s; }
  s = check_feature_view(clouds, features, true, "values");
  if (!s.ok()) { return s; }
  // Both factors are below 2^31.
  return check_row_elements(features, out.capacity * out.max_points);
}

/// Everything that `filter_voxels` checks except for the scratch, on the host and on the device alike.
template <class Value, class Result>
status check_filter_voxels(point_clouds const& clouds, point_features<Value> const& features,
                           filter_options const& options, filtered_output<Result> const& out) {
  status s = check_numbered_clouds(clouds);
  if (!s.ok()) { return s; }
  for (int axis = 0; axis < 3; ++axis) {
    s = check_axis("options", axis, options.origin[axis], options.size[axis]);
    if (!s.ok()) { return s; }
  }
  s = check_voxel_arrays(out);
  if (!s.ok()) { return s; }
  s = check_pointer("out", "points", out.points, 0, alignof(float));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "point_voxels", out.point_voxels, 0, alignof(std::int32_t));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "features", out.features, 0, sizeof(Result));
  if (!s.ok() || out.features == nullptr) { return s; }
  s = check_feature_view(clouds, features, true, "features");
  return s.ok() ? check_row_elements(features, out.capacity) : s;
}

/// Everything that `voxelize_sparse_backward` checks except for the scratch, on the host and on the device alike.
template <class Value, class Result>
status check_voxelize_sparse_backward(point_clouds const& clouds, point_features<Value> const& features,
                                      sparse_voxels const& voxels, voxel_gradients<Result> const& gradients,
                                      feature_gradients<Value> const& out) {
  status s = check_numbered_clouds(clouds);
  if (!s.ok()) { return s; }
  s = check_capacity("voxels", voxels.capacity);
  if (!s.ok()) { return s; }
  std::int64_t const points = clouds.batch == 0 ? 0 : clouds.total();
  s = check_pointer("voxels", "point_voxels", voxels.point_voxels, points, alignof(std::int32_t));
  if (!s.ok()) { return s; }
  bool const divides = gradients.mean != nullptr && points > 0;
  s = check_pointer("voxels", "count", voxels.count, divides ? voxels.capacity : 0, alignof(std::int32_t));
  if (!s.ok()) { return s; }
  s = check_feature_view(clouds, features, needs_of(gradients).extremes(), "sum, mean, max or min");
  if (!s.ok()) { return s; }
  s = check_row_elements(features, voxels.capacity);
  if (!s.ok()) { return s; }
  s = check_reductions("gradients", gradients, sizeof(Result));
  return s.ok() ? check_feature_gradients(clouds, features.channels, out) : s;
}

/// Everything that `voxelize_gathered_backward` checks, on the host and on the device alike.
template <class Value, class Result>
status check_voxelize_gathered_backward(point_clouds const& clouds, std::int64_t channels,
                                        std::int64_t const* point_slots, Result const* gradients,
                                        feature_gradients<Value> const& out, std::int64_t slots) {
  status s = check_numbered_clouds(clouds);
  if (!s.ok()) { return s; }
  if (slots < 0) { return refuse(invalid, "slots", "", "found %lld, want 0 or more", static_cast<long long>(slots)); }
  if (channels < 1 || channels > 1 << 24) {
    return refuse(invalid, "channels", "", "found %lld, want 1 or more and at most 2^24",
                  static_cast<long long>(channels));
  }
  std::int64_t const points = clouds.batch == 0 ? 0 : clouds.total();
  s = check_pointer("point_slots", "", point_slots, points, alignof(std::int64_t));
  if (!s.ok()) { return s; }
  // It may be null where there is no slot.
  s = check_pointer("gradients", "", gradients, 0, sizeof(Result));
  return s.ok() ? check_feature_gradients(clouds, channels, out) : s;
}

}  // namespace robocache::detail
