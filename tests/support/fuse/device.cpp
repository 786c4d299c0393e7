// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/fuse/fuse.hpp"

namespace test {

using robocache::compiled::any_fused_output;
using robocache::compiled::any_streams;
using robocache::compiled::place;

template <class Stamp>
fused fuse(fuse_problem<Stamp> const& p) {
  fused o = run_fuse<device_space>(p, [](fuse_arguments<Stamp> const& a) {
    return finished([&] {
      any_fused_output const out{a.results,
                                 a.of.result_type,
                                 a.valid,
                                 a.all_valid,
                                 a.of.channels,
                                 a.of.fill,
                                 a.of.result_batch_stride,
                                 a.of.result_row_stride};
      robocache::compiled::fuse(place::device, any_streams(a.streams.data(), std::int64_t(a.streams.size())), a.target,
                                out, device_space::stream());
    });
  });
  if (p.ascends) { o.trouble += difference(p, o, fuse_on_host(p)); }
  return o;
}

template <class Stamp>
status fuse_views(robocache::stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                  robocache::fused_output<float> const& out) {
  return finished([&] {
    any_fused_output const to{out.values,   dtype::float32, out.valid,        out.all_valid,
                              out.channels, out.fill,       out.batch_stride, out.row_stride};
    robocache::compiled::fuse(place::device, any_streams(streams, count), target, to, device_space::stream());
  });
}

template fused fuse(fuse_problem<float> const&);
template fused fuse(fuse_problem<double> const&);
template fused fuse(fuse_problem<std::int64_t> const&);
template status fuse_views(robocache::stream<float> const*, std::int64_t, timeline<float> const&,
                           robocache::fused_output<float> const&);

}  // namespace test
