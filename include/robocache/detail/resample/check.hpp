// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/timed/check.hpp>

namespace robocache::detail {

/// Vectors of a row that one block handles at most.
inline constexpr std::int64_t widest_chunk = 4096;

/// Everything that `resample` checks, on the host and on the device alike.
template <class Value, class Stamp, class Result>
status check_resample(series<Value, Stamp> const& source, timeline<Stamp> const& target, output<Result> const& out,
                      resample_options<Stamp> const& options) {
  status s = check_locate("source.when", source.when, target, options);
  if (!s.ok()) { return s; }
  if (std::is_integral_v<Value>) { s = check_integers("options", options.method, dtype_of<Value>::value); }
  if (!s.ok()) { return s; }
  s = check_channels_of_method("source", source.channels, options.method);
  if (!s.ok()) { return s; }
  s = check_fill<Result>(options.fill);
  if (!s.ok()) { return s; }
  s = check_width("source", source.channels, widest_chunk);
  if (!s.ok()) { return s; }
  s = check_values("source", source, sizeof(Value), target.total() > 0);
  return s.ok() ? check_results(target, out, source.channels, sizeof(Result)) : s;
}

}  // namespace robocache::detail
