// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/draw.hpp"
#include "support/policy_input/problem.hpp"

/// `policy_input` under test: as fuse/fuse.hpp is for `fuse`.
namespace test {

/// On the side under test; on a device it also compares every bit with the host's.
template <class Stamp>
policy_outcome policy_input(policy_problem<Stamp> const& p);

/// `host::policy_input`, in guarded memory.
template <class Stamp>
policy_outcome policy_input_on_host(policy_problem<Stamp> const& p);

/// The call alone, with views that a test made by hand: for calls that are refused.
status policy_input_views(robocache::policy_fusion<float> const* fusions, std::int64_t count);

/// Two sides' results of one problem.
template <class Stamp>
std::string difference(policy_problem<Stamp> const& p, policy_outcome const& a, policy_outcome const& b);

/// Makes the call and compares everything it left with the oracle: bits, where what is done is said in roundings; else
/// within the errors that the semantics state.
template <class Stamp>
std::string verify(policy_problem<Stamp> const& p);

/// A policy input of as many fusions, whose targets are windows of one batch, with streams and rules of any kind.
template <class Stamp>
policy_problem<Stamp> draw_policy_input(generator& random, std::int64_t fusions, std::int64_t streams);

/// A fusion's result for channel `c` of target row `row`, as a number.
template <class Stamp>
double result_at(policy_fusion_data<Stamp> const& f, policy_results const& r, std::int64_t row, std::int64_t c) {
  return decode(f.result_type, load_bits(f.result_type, r.results.data(), f.result_layout().begin(row) + c));
}

}  // namespace test
