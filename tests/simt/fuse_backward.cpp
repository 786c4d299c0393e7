// SPDX-License-Identifier: Apache-2.0
#include "support/backward/fuse.hpp"

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"

#include <robocache/fuse_backward.cuh>

namespace test {

template <class Stamp>
fused_gradients fuse_backward(fuse_backward_problem<Stamp> const& p) {
  using arguments = fuse_backward_arguments<Stamp>;
  fused_gradients o = run_fuse_backward<host_space>(
      p,
      [](arguments const& a) {
        return robocache::fuse_backward_scratch(a.streams.data(), a.count(), a.target, a.out.data());
      },
      [](arguments const& a) {
        return with_float_types(dtype::float32, a.of.forward.result_type, [&](auto, auto result) {
          return robocache::fuse_backward(a.streams.data(), a.count(), a.target,
                                          a.template gradients<typename decltype(result)::type>(), a.out.data(),
                                          a.targets, a.of.order, a.memory, nullptr);
        });
      });
  if (p.forward.ascends && p.has_scratch()) { o.trouble += difference(p, o, fuse_backward_on_host(p)); }
  return o;
}

status fuse_backward_views(robocache::stream<float> const* streams, std::int64_t count, timeline<float> const& target,
                           robocache::result_gradients<float> const& results, robocache::stream_gradients const* out,
                           float* targets) {
  return robocache::fuse_backward(streams, count, target, results, out, targets, target_order::any, {}, nullptr);
}

template fused_gradients fuse_backward(fuse_backward_problem<float> const&);
template fused_gradients fuse_backward(fuse_backward_problem<double> const&);
template fused_gradients fuse_backward(fuse_backward_problem<std::int64_t> const&);

}  // namespace test
