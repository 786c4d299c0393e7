// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/backward/resample.hpp"
#include "support/device_call.hpp"
#include "support/device_space.hpp"

namespace test {

template <class Stamp>
gradients resample_backward(backward_problem<Stamp> const& p) {
  using namespace robocache::compiled;
  gradients o = run_backward<device_space>(p, [](backward_arguments<Stamp> const& a) {
    return finished([&] {
      problem<Stamp> const& f = a.of.forward;
      any_series const source{a.values, f.value_type, a.source, f.channels, f.batch_stride, f.row_stride, f.place};
      any_result_gradients const results{a.results, f.result_type, f.result_batch_stride, f.result_row_stride};
      any_source_gradients const out{a.out_values, a.out_targets, a.of.out_batch_stride, a.of.out_row_stride};
      resample_backward(place::device, source, a.target, results, out, f.options, a.of.order, device_space::stream());
    });
  });
  if (p.forward.ascends) { o.trouble += difference(p, o, backward_on_host(p)); }
  return o;
}

template gradients resample_backward(backward_problem<float> const&);
template gradients resample_backward(backward_problem<double> const&);
template gradients resample_backward(backward_problem<std::int64_t> const&);

}  // namespace test
