// SPDX-License-Identifier: Apache-2.0
#include "../support/fuse.hpp"

#include "../support/host_space.hpp"
#include "../support/typed.hpp"
#include "device.hpp"
#include "simt.hpp"

#include <robocache/fuse.cuh>

namespace test {

template <class Stamp>
fused fuse(fuse_problem<Stamp> const& p) {
  fused o = run_fuse<host_space>(p, [](fuse_arguments<Stamp> const& a) {
    return with_float_types(dtype::float32, a.of.result_type, [&](auto, auto result) {
      return robocache::fuse(a.streams.data(), std::int64_t(a.streams.size()), a.target,
                             a.template output<typename decltype(result)::type>(), nullptr);
    });
  });
  if (p.ascends) { o.trouble += difference(p, o, fuse_on_host(p)); }
  return o;
}

template <class Stamp>
status fuse_views(robocache::stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                  robocache::fused_output<float> const& out) {
  return robocache::fuse(streams, count, target, out, nullptr);
}

template fused fuse(fuse_problem<float> const&);
template fused fuse(fuse_problem<double> const&);
template fused fuse(fuse_problem<std::int64_t> const&);
template status fuse_views(robocache::stream<float> const*, std::int64_t, timeline<float> const&,
                           robocache::fused_output<float> const&);

}  // namespace test
