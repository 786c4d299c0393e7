// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/host_space.hpp"
#include "support/policy_input/summary.hpp"

namespace test {
namespace {

using space = host_space;

struct summary_side {
  template <class Stamp>
  std::int64_t policy_scratch(policy_rows<Stamp> const& rows) const {
    static_cast<void>(rows);
    return 0;
  }
  template <class Stamp>
  status summarize_policy(policy_rows<Stamp> const& rows, summary_state<float> const& state,
                          scratch const& memory) const {
    static_cast<void>(memory);
    return robocache::host::summarize_policy_input(rows, state);
  }
  template <class Stamp>
  status add_policy(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass,
                    scratch const& memory) const {
    static_cast<void>(memory);
    return robocache::host::add_policy_input_to_summary(rows, state, pass);
  }
  status end_pass(summary_state<float> const& state, int pass) const {
    return robocache::host::end_summary_pass(state, pass);
  }
};

}  // namespace

#include "support/policy_input/summary_instances.inc"

}  // namespace test
