// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/device_call.hpp"
#include "support/device_space.hpp"
#include "support/summarize/summarize.hpp"

namespace test {
namespace {

using robocache::compiled::place;
using space = device_space;

/// Through the compiled API.
struct side {
  template <class Value>
  std::int64_t scratch_bytes(value_rows<Value> const& rows) const {
    return robocache::compiled::summarize_scratch(place::device, any(rows));
  }
  template <class Value>
  status summarize(value_rows<Value> const& rows, summary_state<Value> const& state, scratch const& memory) const {
    return finished([&] {
      robocache::compiled::summarize(place::device, any(rows), robocache::detail::untyped(state), memory,
                                     device_space::stream());
    });
  }
  template <class Value>
  status add(value_rows<Value> const& rows, summary_state<Value> const& state, int pass, scratch const& memory) const {
    return finished([&] {
      robocache::compiled::add_to_summary(place::device, any(rows), robocache::detail::untyped(state), pass, memory,
                                          device_space::stream());
    });
  }
  template <class Value>
  status end(summary_state<Value> const& state, int pass) const {
    return finished([&] {
      robocache::compiled::end_summary_pass(place::device, robocache::dtype_of<Value>::value,
                                            robocache::detail::untyped(state), pass, device_space::stream());
    });
  }

 private:
  template <class Value>
  static robocache::compiled::any_value_rows any(value_rows<Value> const& rows) {
    return {rows.values,     robocache::dtype_of<Value>::value,
            rows.rows,       rows.channels,
            rows.row_stride, rows.mask,
            rows.offsets,    rows.groups};
  }
};

}  // namespace

#include "support/summarize/instances.inc"

}  // namespace test
