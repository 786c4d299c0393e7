// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/host_space.hpp"
#include "support/points/crop_points.hpp"

namespace test {
namespace {

using space = host_space;

struct side {
  std::int64_t scratch_bytes(robocache::point_clouds const&) const { return 0; }
  template <class Features, class Output>
  status crop_points(robocache::point_clouds const& clouds, Features const& features, crop_options const& options,
                     Output const& out, scratch const&) const {
    return robocache::host::crop_points(clouds, features, options, out);
  }
};

}  // namespace

#include "support/points/crop_points_instances.inc"

}  // namespace test
