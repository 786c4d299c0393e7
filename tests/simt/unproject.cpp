// SPDX-License-Identifier: Apache-2.0
#include "support/points/unproject.hpp"

#include <cuda_runtime_api.h>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"

#include <robocache/unproject.cuh>

namespace test {
namespace {

using space = host_space;

struct side {
  template <class Images>
  std::int64_t scratch_bytes(Images const& images) const {
    return robocache::unproject_scratch(images);
  }
  template <class Images, class Features, class Output>
  status unproject(Images const& images, Features const& features, unproject_options const& options, Output const& out,
                   scratch const& memory) const {
    return robocache::unproject(images, features, options, out, memory, nullptr);
  }
  template <class Images>
  status unproject_dense(Images const& images, unproject_options const& options,
                         robocache::dense_unprojected_output const& out) const {
    return robocache::unproject_dense(images, options, out, nullptr);
  }
};

}  // namespace

#include "support/points/unproject_instances.inc"

}  // namespace test
