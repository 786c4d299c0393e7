// SPDX-License-Identifier: Apache-2.0
#include "support/backward/resample.hpp"

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"

#include <robocache/resample_backward.cuh>

namespace test {

template <class Stamp>
gradients resample_backward(backward_problem<Stamp> const& p) {
  gradients o = run_backward<host_space>(p, [](backward_arguments<Stamp> const& a) {
    return with_float_types(a.of.forward.value_type, a.of.forward.result_type, [&](auto value, auto result) {
      return call_backward<typename decltype(value)::type, typename decltype(result)::type>(
          a, [](auto const&... arguments) { return robocache::resample_backward(arguments..., nullptr); });
    });
  });
  if (p.forward.ascends) { o.trouble += difference(p, o, backward_on_host(p)); }
  return o;
}

template gradients resample_backward(backward_problem<float> const&);
template gradients resample_backward(backward_problem<double> const&);
template gradients resample_backward(backward_problem<std::int64_t> const&);

}  // namespace test
