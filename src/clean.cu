// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/clean.cuh>
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

namespace {

/// Calls `visitor(typed source)`.
template <class Visitor>
auto visit_source(any_series const& source, Visitor&& visitor) {
  return visit_value("source", source.type, [&](auto value) {
    return visit_timeline("source.when", source.when, [&](auto const& when) {
      return visitor(typed<typename decltype(value)::type>(source, when));
    });
  });
}

template <class Value, class Stamp>
clean_output<Value, Stamp> typed(any_clean_output const& out, series<Value, Stamp> const&) noexcept {
  return {static_cast<Value*>(out.values), static_cast<Stamp*>(out.stamps), out.offsets, out.source_rows, out.reports};
}

}  // namespace

std::int64_t clean_scratch(place where, any_series const& source, clean_options const& options) {
  if (where == place::host) { return 0; }
  return visit_source(source, [&](auto const& from) { return robocache::clean_scratch(from, options); });
}

void clean(place where, any_series const& source, any_clean_output const& out, clean_options const& options,
           scratch const& memory, stream_handle cuda_stream) {
  visit_source(source, [&](auto const& from) {
    auto const to = typed(out, from);
    require(where == place::host ? host::clean(from, to, options)
                                 : robocache::clean(from, to, options, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
