// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/summarize_policy_input.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

namespace {

/// Calls `visitor(typed rows)`.
template <class Visitor>
auto visit_policy_rows(any_policy_rows const& rows, Visitor&& visitor) {
  return visit_stamp("rows", rows.type,
                     [&](auto stamp) { return visitor(typed<typename decltype(stamp)::type>(rows)); });
}

}  // namespace

std::int64_t summarize_policy_input_scratch(place where, any_policy_rows const& rows) {
  if (where == place::host) { return 0; }
  return visit_policy_rows(rows, [](auto const& typed) { return robocache::summarize_policy_input_scratch(typed); });
}

void summarize_policy_input(place where, any_policy_rows const& rows, any_summary_state const& state,
                            scratch const& memory, stream_handle cuda_stream) {
  visit_policy_rows(rows, [&](auto const& from) {
    auto const to = typed<float>(state);
    require(where == place::host ? host::summarize_policy_input(from, to)
                                 : robocache::summarize_policy_input(from, to, memory, cuda_stream));
  });
}

void add_policy_input_to_summary(place where, any_policy_rows const& rows, any_summary_state const& state, int pass,
                                 scratch const& memory, stream_handle cuda_stream) {
  visit_policy_rows(rows, [&](auto const& from) {
    auto const to = typed<float>(state);
    require(where == place::host ? host::add_policy_input_to_summary(from, to, pass)
                                 : robocache::add_policy_input_to_summary(from, to, pass, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
