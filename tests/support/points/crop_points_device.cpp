// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/points/crop_points.hpp"

namespace test {
namespace {

using robocache::compiled::place;
using space = device_space;

/// Through the compiled API.
struct side {
  std::int64_t scratch_bytes(robocache::point_clouds const& clouds) const {
    return robocache::compiled::crop_points_scratch(place::device, clouds);
  }
  template <class Value>
  status crop_points(robocache::point_clouds const& clouds, point_features<Value> const& features,
                     crop_options const& options, cropped_output<Value> const& out, scratch const& memory) const {
    robocache::compiled::any_point_features const from(features.values, robocache::dtype_of<Value>::value,
                                                       features.channels, features.batch_stride, features.point_stride);
    return finished([&] {
      robocache::compiled::crop_points(place::device, clouds, from, options,
                                       {out.points, out.normals, out.features, out.offsets, out.cropped}, memory,
                                       device_space::stream());
    });
  }
};

}  // namespace

#include "support/points/crop_points_instances.inc"

}  // namespace test
