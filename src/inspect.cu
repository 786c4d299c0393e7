// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>
#include <robocache/inspect.cuh>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

void inspect(place where, any_timeline const& when, trajectory_report* reports, stream_handle cuda_stream) {
  visit_timeline("when", when, [&](auto const& one) {
    require(where == place::host ? host::inspect(one, reports) : robocache::inspect(one, reports, cuda_stream));
  });
}

void inspect(place where, any_timeline const& when, std::int64_t source_batch, trajectory_report* reports,
             stream_handle cuda_stream) {
  visit_timeline("when", when, [&](auto const& one) {
    require(where == place::host ? host::inspect(one, source_batch, reports)
                                 : robocache::inspect(one, source_batch, reports, cuda_stream));
  });
}

void inspect_rotations(place where, any_series const& source, rotation_report* reports, stream_handle cuda_stream) {
  visit_float("source", source.type, [&](auto value) {
    visit_timeline("source.when", source.when, [&](auto const& when) {
      auto const values = typed<typename decltype(value)::type>(source, when);
      require(where == place::host ? host::inspect_rotations(values, reports)
                                   : robocache::inspect_rotations(values, reports, cuda_stream));
    });
  });
}

}  // namespace robocache::compiled
