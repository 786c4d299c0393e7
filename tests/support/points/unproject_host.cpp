// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/host_space.hpp"
#include "support/points/unproject.hpp"

namespace test {
namespace {

using space = host_space;

struct side {
  template <class Images>
  std::int64_t scratch_bytes(Images const&) const {
    return 0;
  }
  template <class Images, class Features, class Output>
  status unproject(Images const& images, Features const& features, unproject_options const& options, Output const& out,
                   scratch const&) const {
    return robocache::host::unproject(images, features, options, out);
  }
  template <class Images>
  status unproject_dense(Images const& images, unproject_options const& options,
                         robocache::dense_unprojected_output const& out) const {
    return robocache::host::unproject_dense(images, options, out);
  }
};

}  // namespace

#include "support/points/unproject_instances.inc"

}  // namespace test
