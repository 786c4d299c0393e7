// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/policy_input/policy_input.hpp"

namespace test {

template <class Stamp>
policy_outcome policy_input(policy_problem<Stamp> const& p) {
  return policy_input_on_host(p);
}

status policy_input_views(robocache::policy_fusion<float> const* fusions, std::int64_t count) {
  return robocache::host::policy_input(fusions, count);
}

template policy_outcome policy_input(policy_problem<float> const&);
template policy_outcome policy_input(policy_problem<double> const&);
template policy_outcome policy_input(policy_problem<std::int64_t> const&);

}  // namespace test
