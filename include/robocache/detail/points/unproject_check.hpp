// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/camera.hpp>
#include <robocache/detail/common/check.hpp>
#include <robocache/status.hpp>

namespace robocache::detail {

/// What `unproject_scratch` relies on.
template <class Depth>
status check_images(depth_images<Depth> const& images) {
  struct {
    char const* field;
    std::int64_t value;
  } const sizes[] = {
      {"batch", images.batch}, {"views", images.views}, {"height", images.height}, {"width", images.width}};
  for (auto const& one : sizes) {
    if (one.value < 0) {
      return refuse(invalid, "images", one.field, "found %lld, want 0 or more", static_cast<long long>(one.value));
    }
  }
  // One after the other, so that no product overflows; the largest number of pixels also limits the cameras.
  std::int64_t pixels = 1;
  for (auto const& one : sizes) {
    if (product_overflows(pixels, one.value) || (pixels *= one.value) > INT32_MAX) {
      return refuse(status_code::unsupported, "images", "values",
                    "found %lld x %lld images of %lld x %lld pixels, want less than 2^31 in all",
                    static_cast<long long>(images.batch), static_cast<long long>(images.views),
                    static_cast<long long>(images.height), static_cast<long long>(images.width));
    }
  }
  std::int64_t const cameras = pixels == 0 ? 0 : images.batch * images.views;
  status s = check_pointer("images", "values", images.values, pixels, alignof(Depth));
  if (s.ok()) { s = check_pointer("images", "intrinsics", images.intrinsics, 4 * cameras, alignof(float)); }
  return s.ok() ? check_pointer("images", "poses", images.poses, 0, alignof(float)) : s;
}

inline status check_unproject_options(unproject_options const& options) {
  if (!(options.scale > 0.0f) || !std::isfinite(options.scale)) {
    return refuse(invalid, "options", "scale", "found %g, want it above 0 and finite",
                  static_cast<double>(options.scale));
  }
  switch (options.kind) {
    case depth_kind::axis:
    case depth_kind::ray: break;
    default: return refuse(invalid, "options", "kind", "found %d, want a depth_kind", static_cast<int>(options.kind));
  }
  if (!(options.near >= 0.0f)) {
    return refuse(invalid, "options", "near", "found %g, want 0 or more", static_cast<double>(options.near));
  }
  if (!(options.far >= options.near)) {
    return refuse(invalid, "options", "far", "found %g, want near (%g) or more", static_cast<double>(options.far),
                  static_cast<double>(options.near));
  }
  return check_pointer("options", "boxes", options.boxes, 0, alignof(crop_box));
}

template <class Value>
status check_image_features(image_features<Value> const& features, Value const* out, std::int64_t pixels) {
  if (features.channels < 0) {
    return refuse(invalid, "features", "channels", "found %lld, want 0 or more",
                  static_cast<long long>(features.channels));
  }
  constexpr std::int64_t most_channels = 1 << 24;
  if (features.channels > most_channels) {
    return refuse(status_code::unsupported, "features", "channels", "found %lld, want at most 2^24",
                  static_cast<long long>(features.channels));
  }
  switch (features.order) {
    case channel_order::last:
    case channel_order::first: break;
    default:
      return refuse(invalid, "features", "order", "found %d, want a channel_order", static_cast<int>(features.order));
  }
  if (out != nullptr && features.channels == 0) {
    return refuse(invalid, "features", "channels", "found 0, want 1 or more for out.features");
  }
  std::int64_t const read = out == nullptr ? 0 : pixels * features.channels;
  status const s = check_pointer("features", "values", features.values, read, alignof(Value));
  return s.ok() ? check_pointer("out", "features", out, 0, alignof(Value)) : s;
}

/// Everything that `unproject` checks besides scratch, on the host and on the device alike.
template <class Depth, class Value>
status check_unproject(depth_images<Depth> const& images, image_features<Value> const& features,
                       unproject_options const& options, unprojected_output<Value> const& out) {
  status s = check_images(images);
  if (s.ok()) { s = check_unproject_options(options); }
  if (s.ok()) { s = check_image_features<Value>(features, out.features, images.total()); }
  if (s.ok()) { s = check_pointer("out", "points", out.points, 3 * images.total(), alignof(float)); }
  if (s.ok()) { s = check_pointer("out", "offsets", out.offsets, images.batch + 1, alignof(std::int64_t)); }
  return s.ok() ? check_pointer("out", "reports", out.reports, 0, alignof(unprojection_report)) : s;
}

/// Everything that `unproject_dense` checks.
template <class Depth>
status check_unproject_dense(depth_images<Depth> const& images, unproject_options const& options,
                             dense_unprojected_output const& out) {
  status s = check_images(images);
  if (s.ok()) { s = check_unproject_options(options); }
  if (s.ok()) { s = check_pointer("out", "points", out.points, 3 * images.total(), alignof(float)); }
  return s.ok() ? check_pointer("out", "reports", out.reports, 0, alignof(unprojection_report)) : s;
}

}  // namespace robocache::detail
