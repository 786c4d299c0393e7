// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/resample.cuh>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

void resample(place where, any_series const& source, any_timeline const& target, any_output const& out,
              any_options const& options, stream_handle cuda_stream) {
  visit_stamps("source.when", source.when, target, options, [&](auto const& when, auto const& at, auto const& rules) {
    visit_values(source.type, out.type, [&](auto value, auto result) {
      auto const from = typed<typename decltype(value)::type>(source, when);
      auto const to = typed<typename decltype(result)::type>(out);
      require(where == place::host ? host::resample(from, at, to, rules)
                                   : robocache::resample(from, at, to, rules, cuda_stream));
    });
  });
}

}  // namespace robocache::compiled
