// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/resample_backward.cuh>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

void resample_backward(place where, any_series const& source, any_timeline const& target,
                       any_result_gradients const& results, any_source_gradients const& out, any_options const& options,
                       target_order order, stream_handle cuda_stream) {
  visit_stamps("source.when", source.when, target, options, [&](auto const& when, auto const& at, auto const& rules) {
    visit_floats("source", source.type, [&](auto value) {
      visit_floats("results", results.type, [&](auto result) {
        using Value = typename decltype(value)::type;
        using Result = typename decltype(result)::type;
        using Stamp = std::remove_cv_t<std::remove_reference_t<decltype(when.start)>>;
        series<Value, Stamp> const from{static_cast<Value const*>(source.values),
                                        when,
                                        source.channels,
                                        source.batch_stride,
                                        source.row_stride,
                                        source.place};
        result_gradients<Result> const gradients{static_cast<Result const*>(results.values), results.batch_stride,
                                                 results.row_stride};
        source_gradients<Value> const to{static_cast<Value*>(out.values), out.targets, out.batch_stride,
                                         out.row_stride};
        require(where == place::host
                    ? host::resample_backward(from, at, gradients, to, rules, order)
                    : robocache::resample_backward(from, at, gradients, to, rules, order, cuda_stream));
      });
    });
  });
}

}  // namespace robocache::compiled
