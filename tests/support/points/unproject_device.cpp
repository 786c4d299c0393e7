// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/points/unproject.hpp"

namespace test {
namespace {

using robocache::compiled::place;
using space = device_space;

/// Through the compiled API.
struct side {
  template <class Images>
  std::int64_t scratch_bytes(Images const& images) const {
    return robocache::compiled::unproject_scratch(place::device, images);
  }
  template <class Images, class Value>
  status unproject(Images const& images, image_features<Value> const& features, unproject_options const& options,
                   unprojected_output<Value> const& out, scratch const& memory) const {
    robocache::compiled::any_image_features const from(features.values, robocache::dtype_of<Value>::value,
                                                       features.channels, features.order);
    return finished([&] {
      robocache::compiled::unproject(place::device, images, from, options,
                                     {out.points, out.features, out.offsets, out.reports}, memory,
                                     device_space::stream());
    });
  }
  template <class Images>
  status unproject_dense(Images const& images, unproject_options const& options,
                         robocache::dense_unprojected_output const& out) const {
    return finished(
        [&] { robocache::compiled::unproject_dense(place::device, images, options, out, device_space::stream()); });
  }
};

}  // namespace

#include "support/points/unproject_instances.inc"

}  // namespace test
