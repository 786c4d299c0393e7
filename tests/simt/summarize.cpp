// SPDX-License-Identifier: Apache-2.0
#include "support/summarize/summarize.hpp"

#include <cuda_runtime_api.h>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"

#include <robocache/summarize.cuh>

namespace test {
namespace {

using space = host_space;

struct side {
  template <class Value>
  std::int64_t scratch_bytes(value_rows<Value> const& rows) const {
    return robocache::summarize_scratch(rows);
  }
  template <class Value>
  status summarize(value_rows<Value> const& rows, summary_state<Value> const& state, scratch const& memory) const {
    return robocache::summarize(rows, state, memory, nullptr);
  }
  template <class Value>
  status add(value_rows<Value> const& rows, summary_state<Value> const& state, int pass, scratch const& memory) const {
    return robocache::add_to_summary(rows, state, pass, memory, nullptr);
  }
  template <class Value>
  status end(summary_state<Value> const& state, int pass) const {
    return robocache::end_summary_pass(state, pass, nullptr);
  }
};

}  // namespace

#include "support/summarize/instances.inc"

}  // namespace test
