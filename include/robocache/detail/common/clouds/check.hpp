// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/detail/common/clouds/reductions.hpp>
#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>
#include <robocache/status.hpp>

// The argument checks of voxelizing. All are O(1): nothing that a pointer points to is read.
namespace robocache::detail {

inline constexpr char const* axis_names[3] = {"x", "y", "z"};

/// Strides with the default filled in: `row` from point to point, `batch` from cloud to cloud.
inline strides strides_of(point_clouds const& clouds) noexcept {
  std::int64_t batch = clouds.batch_stride;
  // Where the default itself overflows, `check_strides` refuses the point stride first.
  if (batch == contiguous && __builtin_mul_overflow(clouds.length, clouds.point_stride, &batch)) { batch = 0; }
  return {batch, clouds.point_stride};
}

/// The same for features or their gradients, a view of `channels`.
template <class View>
strides strides_of(View const& view, point_clouds const& clouds, std::int64_t channels) noexcept {
  std::int64_t const point = view.point_stride == contiguous ? channels : view.point_stride;
  std::int64_t batch = view.batch_stride;
  if (batch == contiguous && __builtin_mul_overflow(clouds.length, point, &batch)) { batch = 0; }
  return {batch, point};
}

/// Points that one stride covers: all where clouds are packed, else those of a cloud.
inline std::int64_t points_each(point_clouds const& clouds) noexcept {
  return clouds.packed() ? clouds.rows : clouds.length;
}

/// As `check_strides`, for a view of points. Strides between clouds do not count where clouds are packed.
inline status check_point_strides(char const* name, strides step, point_clouds const& clouds, std::int64_t channels) {
  if (clouds.packed()) { step.batch = 0; }
  return check_strides(name, step, clouds.batch, points_each(clouds), channels, "point_stride");
}

/// @param name  of the argument
inline status check_clouds(point_clouds const& clouds, char const* name = "clouds") {
  struct {
    char const* field;
    std::int64_t value;
  } const sizes[] = {{"batch", clouds.batch}, {"length", clouds.length}, {"rows", clouds.rows}};
  for (auto const& one : sizes) {
    if (one.value < 0) {
      return refuse(invalid, name, one.field, "found %lld, want 0 or more", static_cast<long long>(one.value));
    }
  }
  if (clouds.packed() && clouds.lengths != nullptr) {
    return refuse(invalid, name, "lengths", "found a pointer, want it without offsets only");
  }
  if (clouds.packed() ? clouds.length != 0 : clouds.rows != 0) {
    return refuse(invalid, name, clouds.packed() ? "length" : "rows", "found %lld, want 0 %s offsets",
                  static_cast<long long>(clouds.packed() ? clouds.length : clouds.rows),
                  clouds.packed() ? "with" : "without");
  }
  if (clouds.length > INT32_MAX) {
    return refuse(status_code::unsupported, name, "length", "found %lld, want clouds of less than 2^31 points",
                  static_cast<long long>(clouds.length));
  }
  if (product_overflows(clouds.batch, clouds.length)) {
    return refuse(invalid, name, "length", "found batch %lld times length %lld, want a product below 2^63",
                  static_cast<long long>(clouds.batch), static_cast<long long>(clouds.length));
  }
  std::int64_t const points = clouds.batch == 0 ? 0 : clouds.total();
  float const* const coordinates[3] = {clouds.x, clouds.y, clouds.z};
  for (int axis = 0; axis < 3; ++axis) {
    // The functions that make views of packed points add offsets to whatever pointer they are given, null included.
    if (points == 0) { break; }
    status const s = check_pointer(name, axis_names[axis], coordinates[axis], points, alignof(float));
    if (!s.ok()) { return s; }
  }
  status s = check_pointer(name, "offsets", clouds.offsets, 0, alignof(std::int64_t));
  if (!s.ok()) { return s; }
  s = check_pointer(name, "lengths", clouds.lengths, 0, alignof(std::int64_t));
  return s.ok() ? check_point_strides(name, strides_of(clouds), clouds, 1) : s;
}

/// Where cells begin along an axis, and their size.
inline status check_axis(char const* argument, int axis, float origin, float size) {
  if (!std::isfinite(origin)) {
    return refuse(invalid, argument, "origin", "found %g for %s, want a finite number", static_cast<double>(origin),
                  axis_names[axis]);
  }
  if (!(size > 0.0f) || !std::isfinite(size)) {
    return refuse(invalid, argument, "size", "found %g for %s, want it above 0 and finite", static_cast<double>(size),
                  axis_names[axis]);
  }
  return {};
}

/// @param batch  clouds: one grid each
inline status check_grid(grid const& lattice, std::int64_t batch) {
  std::int64_t total = batch > 0 ? batch : 1;
  for (int axis = 0; axis < 3; ++axis) {
    status const s = check_axis("lattice", axis, lattice.origin[axis], lattice.size[axis]);
    if (!s.ok()) { return s; }
    if (lattice.cells[axis] < 1 || lattice.cells[axis] > INT32_MAX) {
      return refuse(invalid, "lattice", "cells", "found %lld for %s, want 1 or more and less than 2^31",
                    static_cast<long long>(lattice.cells[axis]), axis_names[axis]);
    }
    if (!multiply(total, lattice.cells[axis])) {
      return refuse(status_code::unsupported, "lattice", "cells",
                    "found %lld x %lld x %lld cells for %lld clouds, want a product of at most 2^58",
                    static_cast<long long>(lattice.cells[0]), static_cast<long long>(lattice.cells[1]),
                    static_cast<long long>(lattice.cells[2]), static_cast<long long>(batch));
    }
  }
  return check_pointer("lattice", "origins", lattice.origins, 0, alignof(float));
}

/// Features that are reduced or gathered.
/// @param reads  whether their values are read
template <class Value>
status check_feature_view(point_clouds const& clouds, point_features<Value> const& features, bool reads,
                          char const* wanted_for) {
  if (features.channels < 1) {
    return refuse(invalid, "features", "channels", "found %lld, want 1 or more for %s",
                  static_cast<long long>(features.channels), wanted_for);
  }
  constexpr std::int64_t most_channels = 1 << 24;
  if (features.channels > most_channels) {
    return refuse(status_code::unsupported, "features", "channels", "found %lld, want at most 2^24",
                  static_cast<long long>(features.channels));
  }
  std::int64_t const points = clouds.total();
  if (points > UINT32_MAX) {
    return refuse(status_code::unsupported, "clouds", clouds.packed() ? "rows" : "length",
                  "found %lld points in all, want less than 2^32 with features", static_cast<long long>(points));
  }
  bool const read = reads && clouds.batch > 0;
  status const s = check_pointer("features", "values", features.values,
                                 read ? elements_of(points, features.channels) : 0, alignof(Value));
  if (!s.ok()) { return s; }
  return check_point_strides("features", strides_of(features, clouds, features.channels), clouds, features.channels);
}

/// True where results are made of features.
template <class Result>
bool reduces(feature_reductions<Result> const& out) noexcept {
  return needs_of(out).results > 0;
}

/// What is common to results and their gradients: alignment. Each may be null.
template <class Result>
status check_reductions(char const* name, feature_reductions<Result> const& out, std::size_t bytes) {
  for (auto const& one : reduction_list<Result>(out)) {
    status const s = check_pointer(name, one.name, reinterpret_cast<char const*>(one.place), 0, bytes);
    if (!s.ok()) { return s; }
  }
  return {};
}

/// Where gradients with respect to features go.
template <class Value>
status check_feature_gradients(point_clouds const& clouds, std::int64_t channels, feature_gradients<Value> const& out) {
  status s = check_pointer("out", "values", out.values, elements_of(clouds.total(), channels), alignof(Value));
  if (!s.ok()) { return s; }
  strides const step = strides_of(out, clouds, channels);
  s = check_point_strides("out", step, clouds, channels);
  if (!s.ok()) { return s; }
  return check_disjoint("out", step, clouds.packed() ? 1 : clouds.batch, points_each(clouds), channels, "point_stride");
}

}  // namespace robocache::detail
