// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/backend.hpp"
#include "support/compare.hpp"
#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/host_call.hpp"
#include "support/runner.hpp"

// The compiled API: its kernels exist once in the library, so no test compiles one. package/header_api.cu shows
// that the header API gives the same.
namespace test {

char const* backend_name() { return "gpu"; }
bool backend_available() { return robocache::compiled::device_count() > 0; }

template <class Stamp>
outcome resample(problem<Stamp> const& p) {
  using namespace robocache::compiled;
  outcome o = run_resample<device_space>(p, [](call_arguments<Stamp> const& a) {
    return finished([&] {
      any_series const source{a.values,          a.of.value_type, a.source,  a.of.channels,
                              a.of.batch_stride, a.of.row_stride, a.of.place};
      any_output const out{a.results, a.of.result_type, a.valid, a.of.result_batch_stride, a.of.result_row_stride};
      resample(place::device, source, a.target, out, a.of.options, device_space::stream());
    });
  });
  if (p.ascends) { o.trouble += difference(p, o, resample_on_host(p)); }
  return o;
}

template <class Stamp>
located_outcome locate(problem<Stamp> const& p) {
  using namespace robocache::compiled;
  located_outcome o = run_locate<device_space>(p, [](call_arguments<Stamp> const& a, robocache::located const& out) {
    return finished([&] { locate(place::device, a.source, a.target, out, a.of.options, device_space::stream()); });
  });
  if (p.ascends) { o.trouble += difference(o, locate_on_host(p)); }
  return o;
}

template <class Stamp>
status resample_views(robocache::series<float, Stamp> const& source, timeline<Stamp> const& target,
                      robocache::output<float> const& out, resample_options<Stamp> const& options) {
  using namespace robocache::compiled;
  return finished([&] {
    any_series const from{source.values,   dtype::float32,      source.when,
                          source.channels, source.batch_stride, source.row_stride};
    any_output const to{out.values, dtype::float32, out.valid, out.batch_stride, out.row_stride};
    resample(place::device, from, target, to, options, device_space::stream());
  });
}

#include "support/backend_instances.inc"

}  // namespace test
