// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/summarize.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

namespace {

/// Calls `visitor(typed rows, typed state)`.
template <class Visitor>
void visit_summary(any_value_rows const& rows, any_summary_state const& state, Visitor&& visitor) {
  visit_value("rows", rows.type, [&](auto value) {
    using Value = typename decltype(value)::type;
    visitor(typed<Value>(rows), typed<Value>(state));
  });
}

}  // namespace

std::int64_t summarize_scratch(place where, any_value_rows const& rows) {
  if (where == place::host) { return 0; }
  return visit_value("rows", rows.type, [&](auto value) {
    return robocache::summarize_scratch(typed<typename decltype(value)::type>(rows));
  });
}

void summarize(place where, any_value_rows const& rows, any_summary_state const& state, scratch const& memory,
               stream_handle cuda_stream) {
  visit_summary(rows, state, [&](auto const& from, auto const& to) {
    require(where == place::host ? host::summarize(from, to) : robocache::summarize(from, to, memory, cuda_stream));
  });
}

void add_to_summary(place where, any_value_rows const& rows, any_summary_state const& state, int pass,
                    scratch const& memory, stream_handle cuda_stream) {
  visit_summary(rows, state, [&](auto const& from, auto const& to) {
    require(where == place::host ? host::add_to_summary(from, to, pass)
                                 : robocache::add_to_summary(from, to, pass, memory, cuda_stream));
  });
}

void end_summary_pass(place where, dtype type, any_summary_state const& state, int pass, stream_handle cuda_stream) {
  visit_value("rows", type, [&](auto value) {
    auto const to = typed<typename decltype(value)::type>(state);
    require(where == place::host ? host::end_summary_pass(to, pass)
                                 : robocache::end_summary_pass(to, pass, cuda_stream));
  });
}

}  // namespace robocache::compiled
