// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/policy_input/summary.hpp"

namespace test {
namespace {

using robocache::compiled::place;
using space = device_space;

/// Through the compiled API.
struct summary_side {
  template <class Stamp>
  std::int64_t policy_scratch(policy_rows<Stamp> const& rows) const {
    return robocache::compiled::summarize_policy_input_scratch(place::device, rows);
  }
  template <class Stamp>
  status summarize_policy(policy_rows<Stamp> const& rows, summary_state<float> const& state,
                          scratch const& memory) const {
    return finished([&] {
      robocache::compiled::summarize_policy_input(place::device, rows, robocache::detail::untyped(state), memory,
                                                  device_space::stream());
    });
  }
  template <class Stamp>
  status add_policy(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass,
                    scratch const& memory) const {
    return finished([&] {
      robocache::compiled::add_policy_input_to_summary(place::device, rows, robocache::detail::untyped(state), pass,
                                                       memory, device_space::stream());
    });
  }
  status end_pass(summary_state<float> const& state, int pass) const {
    return finished([&] {
      robocache::compiled::end_summary_pass(place::device, dtype::float32, robocache::detail::untyped(state), pass,
                                            device_space::stream());
    });
  }
};

}  // namespace

#include "support/policy_input/summary_instances.inc"

}  // namespace test
