// SPDX-License-Identifier: Apache-2.0
#include "support/policy_input/policy_input.hpp"

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/catch.hpp"
#include "support/host_space.hpp"

#include <robocache/policy_input.cuh>

namespace test {

template <class Stamp>
policy_outcome policy_input(policy_problem<Stamp> const& p) {
  policy_outcome o = run_policy_input<host_space>(
      p, [](auto const* fusions, std::int64_t count) { return robocache::policy_input(fusions, count, nullptr); });
  o.trouble += difference(p, o, policy_input_on_host(p));
  return o;
}

status policy_input_views(robocache::policy_fusion<float> const* fusions, std::int64_t count) {
  return robocache::policy_input(fusions, count, nullptr);
}

template policy_outcome policy_input(policy_problem<float> const&);
template policy_outcome policy_input(policy_problem<double> const&);
template policy_outcome policy_input(policy_problem<std::int64_t> const&);

}  // namespace test
