// SPDX-License-Identifier: Apache-2.0
#include "support/points/crop_points.hpp"

#include <cuda_runtime_api.h>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"

#include <robocache/crop_points.cuh>

namespace test {
namespace {

using space = host_space;

struct side {
  std::int64_t scratch_bytes(robocache::point_clouds const& clouds) const {
    return robocache::crop_points_scratch(clouds);
  }
  template <class Features, class Output>
  status crop_points(robocache::point_clouds const& clouds, Features const& features, crop_options const& options,
                     Output const& out, scratch const& memory) const {
    return robocache::crop_points(clouds, features, options, out, memory, nullptr);
  }
};

}  // namespace

#include "support/points/crop_points_instances.inc"

}  // namespace test
