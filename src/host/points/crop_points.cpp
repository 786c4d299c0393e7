// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <robocache/detail/points/crop_points_check.hpp>
#include <robocache/device/camera.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {
namespace {

/// One call.
template <class Value>
class cropping {
 public:
  cropping(point_clouds const& clouds, point_features<Value> const& features, crop_options const& options,
           cropped_output<Value> const& out)
      : clouds_(clouds),
        features_(features),
        options_(options),
        out_(out),
        step_(robocache::detail::strides_of(clouds)),
        normal_step_(robocache::detail::strides_of(options.normals, clouds, 3)),
        feature_step_(robocache::detail::strides_of(features, clouds, features.channels)) {}

  /// Clouds one after the other; the points of each are dealt out to all threads.
  void run() const {
    std::int64_t place = 0;
    out_.offsets[0] = 0;
    for (std::int64_t b = 0; b < clouds_.batch; ++b) {
      std::int64_t const before = place;
      device::cloud const one = device::cloud_of(clouds_, b);
      place = pack(one, b, place);
      out_.offsets[b + 1] = place;
      if (out_.cropped != nullptr) { out_.cropped[b] = one.length - (place - before); }
    }
  }

 private:
  static constexpr std::int64_t piece_points = 4096;

  /// Packs what is kept of a cloud; gives the place behind it.
  std::int64_t pack(device::cloud const& one, std::int64_t b, std::int64_t place) const {
    std::int64_t const pieces = (one.length + piece_points - 1) / piece_points;
    std::vector<std::int64_t> places(static_cast<std::size_t>(pieces) + 1, place);
    auto const for_each_piece = [&](auto const& body) {
      detail::for_each_piece(pieces, piece_points * 48, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) { body(i); }
      });
    };
    for_each_piece([&](std::int64_t piece) {
      std::int64_t kept = 0;
      for_each_kept(one, b, piece, [&](std::int64_t, device::point3 const&) { ++kept; });
      places[static_cast<std::size_t>(piece) + 1] = kept;
    });
    for (std::size_t i = 1; i < places.size(); ++i) { places[i] += places[i - 1]; }
    for_each_piece([&](std::int64_t piece) {
      std::int64_t to = places[static_cast<std::size_t>(piece)];
      for_each_kept(one, b, piece, [&](std::int64_t i, device::point3 const& at) { write(one, b, i, at, to++); });
    });
    return places.back();
  }

  template <class Use>
  void for_each_kept(device::cloud const& one, std::int64_t b, std::int64_t piece, Use const& use) const {
    device::pose to_world{};
    if (options_.poses != nullptr) { to_world = device::pose_at(options_.poses, b); }
    bool const boxed = options_.boxes != nullptr;
    crop_box const box = boxed ? options_.boxes[b] : crop_box{};
    std::int64_t const end = std::min(one.length, (piece + 1) * piece_points);
    for (std::int64_t i = piece * piece_points; i < end; ++i) {
      std::int64_t const e = one.element(i, step_.batch, step_.row);
      device::point3 at{clouds_.x[e], clouds_.y[e], clouds_.z[e]};
      if (options_.poses != nullptr) { at = device::transform(to_world, at); }
      if (device::is_kept(boxed, box, at)) { use(i, at); }
    }
  }

  void write(device::cloud const& one, std::int64_t b, std::int64_t i, device::point3 const& at,
             std::int64_t place) const {
    write_vector(out_.points + 3 * place, at);
    if (out_.normals != nullptr) {
      float const* const from = options_.normals.values + one.element(i, normal_step_.batch, normal_step_.row);
      device::point3 normal{from[0], from[1], from[2]};
      if (options_.poses != nullptr) { normal = device::rotate(device::pose_at(options_.poses, b), normal); }
      write_vector(out_.normals + 3 * place, normal);
    }
    if (out_.features != nullptr) {
      std::copy_n(features_.values + one.element(i, feature_step_.batch, feature_step_.row), features_.channels,
                  out_.features + place * features_.channels);
    }
  }

  static void write_vector(float* to, device::point3 const& x) {
    to[0] = x.x;
    to[1] = x.y;
    to[2] = x.z;
  }

  point_clouds const& clouds_;
  point_features<Value> const& features_;
  crop_options const& options_;
  cropped_output<Value> const& out_;
  robocache::detail::strides step_;
  robocache::detail::strides normal_step_;
  robocache::detail::strides feature_step_;
};

}  // namespace

template <class Value>
status exact::crop_points(point_clouds const& clouds, point_features<Value> const& features,
                          crop_options const& options, cropped_output<Value> const& out) {
  status const checked = robocache::detail::check_crop_points(clouds, features, options, out);
  if (checked.ok()) { cropping<Value>(clouds, features, options, out).run(); }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value)                                                                         \
  template status exact::crop_points(point_clouds const&, point_features<Value> const&, crop_options const&, \
                                     cropped_output<Value> const&)
ROBOCACHE_FOR_VALUES(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
