// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/backward/fuse.hpp"
#include "support/device_call.hpp"
#include "support/device_space.hpp"

namespace test {

template <class Stamp>
fused_gradients fuse_backward(fuse_backward_problem<Stamp> const& p) {
  using namespace robocache::compiled;
  using arguments = fuse_backward_arguments<Stamp>;
  auto const streams_of = [](arguments const& a) { return any_streams(a.streams.data(), a.count()); };
  fused_gradients o = run_fuse_backward<device_space>(
      p,
      [&](arguments const& a) { return fuse_backward_scratch(place::device, streams_of(a), a.target, a.out.data()); },
      [&](arguments const& a) {
        return finished([&] {
          fuse_problem<Stamp> const& f = a.of.forward;
          any_result_gradients const results{a.results, f.result_type, f.result_batch_stride, f.result_row_stride};
          robocache::compiled::fuse_backward(place::device, streams_of(a), a.target, results, a.out.data(), a.targets,
                                             a.of.order, a.memory, device_space::stream());
        });
      });
  if (p.forward.ascends && p.has_scratch()) { o.trouble += difference(p, o, fuse_backward_on_host(p)); }
  return o;
}

status fuse_backward_views(robocache::stream<float> const* streams, std::int64_t count, timeline<float> const& target,
                           robocache::result_gradients<float> const& results, robocache::stream_gradients const* out,
                           float* targets) {
  using namespace robocache::compiled;
  return finished([&] {
    any_result_gradients const from{results.values, dtype::float32, results.batch_stride, results.row_stride};
    robocache::compiled::fuse_backward(place::device, any_streams(streams, count), target, from, out, targets,
                                       target_order::any, {}, device_space::stream());
  });
}

template fused_gradients fuse_backward(fuse_backward_problem<float> const&);
template fused_gradients fuse_backward(fuse_backward_problem<double> const&);
template fused_gradients fuse_backward(fuse_backward_problem<std::int64_t> const&);

}  // namespace test
