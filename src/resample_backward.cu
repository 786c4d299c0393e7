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
    visit_float("source", source.type, [&](auto value) {
      visit_view("results", results, [&](auto const& gradients) {
        auto const from = typed<typename decltype(value)::type>(source, when);
        auto const to = typed<typename decltype(value)::type>(out);
        require(where == place::host
                    ? host::resample_backward(from, at, gradients, to, rules, order)
                    : robocache::resample_backward(from, at, gradients, to, rules, order, cuda_stream));
      });
    });
  });
}

}  // namespace robocache::compiled
