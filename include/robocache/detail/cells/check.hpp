// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>
#include <robocache/status.hpp>

// The argument checks of voxelizing into a grid. All are O(1): nothing that a pointer points to is read.
namespace robocache::detail {

/// Features that `voxelize` and `voxelize_backward` reduce.
template <class Value>
status check_features(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                      bool reads) {
  status const s = check_feature_view(clouds, features, reads, "sum, mean, max or min");
  if (!s.ok()) { return s; }
  std::int64_t elements = (clouds.batch > 0 ? clouds.batch : 1) * lattice.total();
  if (!multiply(elements, features.channels)) {
    return refuse(status_code::unsupported, "features", "channels",
                  "found %lld for %lld grids of %lld cells, want a product of at most 2^58",
                  static_cast<long long>(features.channels), static_cast<long long>(clouds.batch),
                  static_cast<long long>(lattice.total()));
  }
  return {};
}

/// Everything that `voxelize` checks, on the host and on the device alike, except for the scratch.
template <class Value, class Result>
status check_voxelize(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                      voxel_output<Result> const& out, voxel_options const& options) {
  status s = check_clouds(clouds);
  if (!s.ok()) { return s; }
  s = check_grid(lattice, clouds.batch);
  if (!s.ok()) { return s; }
  if (options.channels > channel_order::first) {
    return refuse(invalid, "options", "channels", "found %d, want a channel_order", static_cast<int>(options.channels));
  }
  if (options.sums > summation::unordered) {
    return refuse(invalid, "options", "sums", "found %d, want a summation", static_cast<int>(options.sums));
  }
  if (options.accumulate && out.mean != nullptr) {
    return refuse(invalid, "out", "mean", "found a pointer, want null with options.accumulate: add up sum and count");
  }
  s = check_pointer("out", "count", out.count, 0, alignof(std::int32_t));
  if (!s.ok()) { return s; }
  if (out.occupied != nullptr && size_of(out.occupied_type) == 0) {
    return refuse(invalid, "out", "occupied_type", "found %d, want a dtype", static_cast<int>(out.occupied_type));
  }
  if (out.occupied != nullptr) {
    s = check_pointer("out", "occupied", static_cast<char const*>(out.occupied), 0, size_of(out.occupied_type));
    if (!s.ok()) { return s; }
  }
  s = check_pointer("out", "occupied_bits", out.occupied_bits, 0, alignof(std::uint32_t));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "dropped", out.dropped, 0, alignof(std::int32_t));
  if (!s.ok()) { return s; }
  s = check_reductions("out", out, sizeof(Result));
  return s.ok() && reduces(out) ? check_features(clouds, features, lattice, true) : s;
}

/// Everything that `voxelize_backward` checks, on the host and on the device alike, except for the scratch.
template <class Value, class Result>
status check_voxelize_backward(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                               voxel_gradients<Result> const& gradients, channel_order channels,
                               feature_gradients<Value> const& out) {
  status s = check_clouds(clouds);
  if (!s.ok()) { return s; }
  s = check_grid(lattice, clouds.batch);
  if (!s.ok()) { return s; }
  if (channels > channel_order::first) {
    return refuse(invalid, "channels", "", "found %d, want a channel_order", static_cast<int>(channels));
  }
  s = check_features(clouds, features, lattice, needs_of(gradients).extremes());
  if (!s.ok()) { return s; }
  s = check_reductions("gradients", gradients, sizeof(Result));
  if (!s.ok()) { return s; }
  return check_feature_gradients(clouds, features.channels, out);
}

}  // namespace robocache::detail
