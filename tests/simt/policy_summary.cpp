// SPDX-License-Identifier: Apache-2.0
#include "support/policy_input/summary.hpp"

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"

#include <robocache/summarize.cuh>
#include <robocache/summarize_policy_input.cuh>

namespace test {
namespace {

using space = host_space;

struct summary_side {
  template <class Stamp>
  std::int64_t policy_scratch(policy_rows<Stamp> const& rows) const {
    return robocache::summarize_policy_input_scratch(rows);
  }
  template <class Stamp>
  status summarize_policy(policy_rows<Stamp> const& rows, summary_state<float> const& state,
                          scratch const& memory) const {
    return robocache::summarize_policy_input(rows, state, memory, nullptr);
  }
  template <class Stamp>
  status add_policy(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass,
                    scratch const& memory) const {
    return robocache::add_policy_input_to_summary(rows, state, pass, memory, nullptr);
  }
  status end_pass(summary_state<float> const& state, int pass) const {
    return robocache::end_summary_pass(state, pass, nullptr);
  }
};

}  // namespace

#include "support/policy_input/summary_instances.inc"

}  // namespace test
