// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/host_space.hpp"
#include "support/summarize/summarize.hpp"

namespace test {
namespace {

using space = host_space;

struct side {
  template <class Value>
  std::int64_t scratch_bytes(value_rows<Value> const&) const {
    return 0;
  }
  template <class Value>
  status summarize(value_rows<Value> const& rows, summary_state<Value> const& state, scratch const&) const {
    return robocache::host::summarize(rows, state);
  }
  template <class Value>
  status add(value_rows<Value> const& rows, summary_state<Value> const& state, int pass, scratch const&) const {
    return robocache::host::add_to_summary(rows, state, pass);
  }
  template <class Value>
  status end(summary_state<Value> const& state, int pass) const {
    return robocache::host::end_summary_pass(state, pass);
  }
};

}  // namespace

#include "support/summarize/instances.inc"

}  // namespace test
