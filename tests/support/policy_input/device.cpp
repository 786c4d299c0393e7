// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/policy_input/policy_input.hpp"

namespace test {

using robocache::compiled::any_fusions;
using robocache::compiled::place;

template <class Stamp>
policy_outcome policy_input(policy_problem<Stamp> const& p) {
  policy_outcome o = run_policy_input<device_space>(p, [](auto const* fusions, std::int64_t count) {
    return finished(
        [&] { robocache::compiled::policy_input(place::device, any_fusions(fusions, count), device_space::stream()); });
  });
  o.trouble += difference(p, o, policy_input_on_host(p));
  return o;
}

status policy_input_views(robocache::policy_fusion<float> const* fusions, std::int64_t count) {
  return finished(
      [&] { robocache::compiled::policy_input(place::device, any_fusions(fusions, count), device_space::stream()); });
}

template policy_outcome policy_input(policy_problem<float> const&);
template policy_outcome policy_input(policy_problem<double> const&);
template policy_outcome policy_input(policy_problem<std::int64_t> const&);

}  // namespace test
