// SPDX-License-Identifier: Apache-2.0
#include "support/backend.hpp"

#include <robocache/host.hpp>

#include "support/host_call.hpp"

namespace test {

char const* backend_name() { return "host"; }
bool backend_available() { return true; }

template <class Stamp>
outcome resample(problem<Stamp> const& p) {
  return resample_on_host(p);
}

template <class Stamp>
located_outcome locate(problem<Stamp> const& p) {
  return locate_on_host(p);
}

template <class Stamp>
status resample_views(robocache::series<float, Stamp> const& source, timeline<Stamp> const& target,
                      robocache::output<float> const& out, resample_options<Stamp> const& options) {
  return robocache::host::resample(source, target, out, options);
}

#include "support/backend_instances.inc"

}  // namespace test
