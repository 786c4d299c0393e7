// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>
#include <robocache/policy_input.cuh>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

void policy_input(place where, any_fusions const& fusions, stream_handle cuda_stream) {
  visit_stamp("fusions", fusions.type, [&](auto stamp) {
    auto const* const from = static_cast<policy_fusion<typename decltype(stamp)::type> const*>(fusions.first);
    require(where == place::host ? host::policy_input(from, fusions.count)
                                 : robocache::policy_input(from, fusions.count, cuda_stream));
  });
}

}  // namespace robocache::compiled
