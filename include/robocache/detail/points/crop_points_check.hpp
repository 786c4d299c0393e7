// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/cropping.hpp>
#include <robocache/detail/common/check.hpp>
#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/points.hpp>
#include <robocache/status.hpp>

namespace robocache::detail {

/// What `crop_points_scratch` relies on.
inline status check_cropped_clouds(point_clouds const& clouds) {
  status const s = check_clouds(clouds);
  if (!s.ok() || clouds.batch == 0 || clouds.total() <= INT32_MAX) { return s; }
  return refuse(status_code::unsupported, "clouds", clouds.packed() ? "rows" : "length",
                "found %lld points in all, want less than 2^31", static_cast<long long>(clouds.total()));
}

/// What moves with the points.
template <class Value>
status check_moved(char const* name, char const* result, point_clouds const& clouds,
                   point_features<Value> const& features, Value const* out) {
  if (out == nullptr) { return {}; }
  status s = check_pointer("out", result, out, 0, alignof(Value));
  if (!s.ok()) { return s; }
  if (features.channels < 1) {
    return refuse(invalid, name, "channels", "found %lld, want 1 or more for out.%s",
                  static_cast<long long>(features.channels), result);
  }
  constexpr std::int64_t most_channels = 1 << 24;
  if (features.channels > most_channels) {
    return refuse(status_code::unsupported, name, "channels", "found %lld, want at most 2^24",
                  static_cast<long long>(features.channels));
  }
  std::int64_t const read = clouds.batch == 0 ? 0 : elements_of(clouds.total(), features.channels);
  s = check_pointer(name, "values", features.values, read, alignof(Value));
  return s.ok() ? check_point_strides(name, strides_of(features, clouds, features.channels), clouds, features.channels)
                : s;
}

/// Everything that `crop_points` checks besides scratch, on the host and on the device alike.
template <class Value>
status check_crop_points(point_clouds const& clouds, point_features<Value> const& features, crop_options const& options,
                         cropped_output<Value> const& out) {
  status s = check_cropped_clouds(clouds);
  if (s.ok()) { s = check_pointer("options", "poses", options.poses, 0, alignof(float)); }
  if (s.ok()) { s = check_pointer("options", "boxes", options.boxes, 0, alignof(crop_box)); }
  if (s.ok() && out.normals != nullptr && options.normals.channels != 3) {
    s = refuse(invalid, "options", "normals", "found %lld channels, want 3 for out.normals",
               static_cast<long long>(options.normals.channels));
  }
  if (s.ok()) { s = check_moved<float>("options.normals", "normals", clouds, options.normals, out.normals); }
  if (s.ok()) { s = check_moved<Value>("features", "features", clouds, features, out.features); }
  std::int64_t const points = clouds.batch == 0 ? 0 : clouds.total();
  if (s.ok()) { s = check_pointer("out", "points", out.points, 3 * points, alignof(float)); }
  if (s.ok()) { s = check_pointer("out", "offsets", out.offsets, clouds.batch + 1, alignof(std::int64_t)); }
  return s.ok() ? check_pointer("out", "cropped", out.cropped, 0, alignof(std::int64_t)) : s;
}

}  // namespace robocache::detail
