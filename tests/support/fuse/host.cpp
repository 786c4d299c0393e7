// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/fuse/fuse.hpp"

namespace test {

template <class Stamp>
fused fuse(fuse_problem<Stamp> const& p) {
  return fuse_on_host(p);
}

template <class Stamp>
status fuse_views(robocache::stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                  robocache::fused_output<float> const& out) {
  return robocache::host::fuse(streams, count, target, out);
}

template fused fuse(fuse_problem<float> const&);
template fused fuse(fuse_problem<double> const&);
template fused fuse(fuse_problem<std::int64_t> const&);
template status fuse_views(robocache::stream<float> const*, std::int64_t, timeline<float> const&,
                           robocache::fused_output<float> const&);

}  // namespace test
