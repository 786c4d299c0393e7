// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime_api.h>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/backend.hpp"
#include "support/compare.hpp"
#include "support/host_call.hpp"
#include "support/host_space.hpp"
#include "support/runner.hpp"
#include "support/typed.hpp"

// The device side of the library, its kernels run on the CPU: the same bodies as on a GPU, compared with the host's
// bits.
// nvcc has no such warning.
#pragma GCC diagnostic ignored "-Wsign-compare"
#include <robocache/resample.cuh>

namespace robocache::detail {
thread_local sector dynamic_shared[most_shared_bytes / sizeof(sector)];  // what kernels declare `extern __shared__`
}

namespace test {

char const* backend_name() { return "simt"; }
bool backend_available() { return true; }

template <class Stamp>
outcome resample(problem<Stamp> const& p) {
  outcome o = run_resample<host_space>(p, [](call_arguments<Stamp> const& a) {
    return with_types(a.of.value_type, a.of.result_type, [&](auto value, auto result) {
      using value_type = typename decltype(value)::type;
      using result_type = typename decltype(result)::type;
      return robocache::resample(a.template series<value_type>(), a.target, a.template output<result_type>(),
                                 a.of.options, nullptr);
    });
  });
  if (p.ascends) { o.trouble += difference(p, o, resample_on_host(p)); }
  return o;
}

template <class Stamp>
located_outcome locate(problem<Stamp> const& p) {
  located_outcome o = run_locate<host_space>(p, [](call_arguments<Stamp> const& a, robocache::located const& out) {
    return robocache::locate(a.source, a.target, out, a.of.options, nullptr);
  });
  if (p.ascends) { o.trouble += difference(o, locate_on_host(p)); }
  return o;
}

template <class Stamp>
status resample_views(robocache::series<float, Stamp> const& source, timeline<Stamp> const& target,
                      robocache::output<float> const& out, resample_options<Stamp> const& options) {
  return robocache::resample(source, target, out, options, nullptr);
}

#include "support/backend_instances.inc"

}  // namespace test
