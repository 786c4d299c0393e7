// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/clean/clean.hpp"
#include "support/device_call.hpp"
#include "support/device_space.hpp"

namespace test {
namespace {

using robocache::compiled::place;
using space = device_space;

/// Through the compiled API.
struct side {
  template <class Source>
  std::int64_t scratch_bytes(Source const& source, clean_options const& options) const {
    return robocache::compiled::clean_scratch(place::device, any(source), options);
  }
  template <class Source, class Output>
  status clean(Source const& source, Output const& out, clean_options const& options, scratch const& memory) const {
    return finished([&] {
      robocache::compiled::clean(place::device, any(source),
                                 {out.values, out.stamps, out.offsets, out.source_rows, out.reports}, options, memory,
                                 device_space::stream());
    });
  }

 private:
  template <class Value, class Stamp>
  static robocache::compiled::any_series any(robocache::series<Value, Stamp> const& source) {
    return {source.values,       robocache::dtype_of<Value>::value,
            source.when,         source.channels,
            source.batch_stride, source.row_stride,
            source.place};
  }
};

}  // namespace

#include "support/clean/instances.inc"

}  // namespace test
