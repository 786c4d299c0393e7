// SPDX-License-Identifier: Apache-2.0
#include "support/backward/fuse.hpp"

#include <robocache/host.hpp>

namespace test {

template <class Stamp>
fused_gradients fuse_backward(fuse_backward_problem<Stamp> const& p) {
  return fuse_backward_on_host(p);
}

status fuse_backward_views(robocache::stream<float> const* streams, std::int64_t count, timeline<float> const& target,
                           robocache::result_gradients<float> const& results, robocache::stream_gradients const* out,
                           float* targets) {
  return robocache::host::fuse_backward(streams, count, target, results, out, targets, target_order::any);
}

template fused_gradients fuse_backward(fuse_backward_problem<float> const&);
template fused_gradients fuse_backward(fuse_backward_problem<double> const&);
template fused_gradients fuse_backward(fuse_backward_problem<std::int64_t> const&);

}  // namespace test
