// SPDX-License-Identifier: Apache-2.0
#include "support/host_call.hpp"

#include <robocache/host.hpp>

#include "support/host_space.hpp"
#include "support/runner.hpp"
#include "support/typed.hpp"

namespace test {
template <class Stamp>
outcome resample_on_host(problem<Stamp> const& p) {
  return run_resample<host_space>(p, [](call_arguments<Stamp> const& a) {
    return with_types(a.of.value_type, a.of.result_type, [&](auto value, auto result) {
      using value_type = typename decltype(value)::type;
      using result_type = typename decltype(result)::type;
      return robocache::host::resample(a.template series<value_type>(), a.target, a.template output<result_type>(),
                                       a.of.options);
    });
  });
}

template <class Stamp>
located_outcome locate_on_host(problem<Stamp> const& p) {
  return run_locate<host_space>(p, [](call_arguments<Stamp> const& a, robocache::located const& out) {
    return robocache::host::locate(a.source, a.target, out, a.of.options);
  });
}

template outcome resample_on_host(problem<float> const&);
template outcome resample_on_host(problem<double> const&);
template outcome resample_on_host(problem<std::int64_t> const&);
template located_outcome locate_on_host(problem<float> const&);
template located_outcome locate_on_host(problem<double> const&);
template located_outcome locate_on_host(problem<std::int64_t> const&);

}  // namespace test
