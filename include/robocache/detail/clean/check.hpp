// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/cleaning.hpp>
#include <robocache/detail/common/timed/check.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>

namespace robocache::detail {

/// Checks that these rules exist.
inline status check_clean_rules(clean_options const& options) {
  auto const unknown = [](char const* field, int found, char const* wanted) {
    return refuse(invalid, "options", field, "found %d, want a %s", found, wanted);
  };
  switch (options.nan) {
    case nan_rule::keep:
    case nan_rule::any:
    case nan_rule::all: break;
    default: return unknown("nan", static_cast<int>(options.nan), "nan_rule");
  }
  switch (options.backward) {
    case backward_rule::drop:
    case backward_rule::sort: break;
    default: return unknown("backward", static_cast<int>(options.backward), "backward_rule");
  }
  switch (options.duplicates) {
    case duplicate_rule::first:
    case duplicate_rule::last: break;
    default: return unknown("duplicates", static_cast<int>(options.duplicates), "duplicate_rule");
  }
  return {};
}

template <class Value>
status check_quaternions(clean_options const& options, std::int64_t channels) {
  if (options.quaternions < 0 || options.quaternions > most_quaternions) {
    return refuse(invalid, "options", "quaternions", "found %lld, want 0 to %d",
                  static_cast<long long>(options.quaternions), most_quaternions);
  }
  if (options.quaternions > 0 && std::is_integral_v<Value>) {
    return refuse(status_code::unsupported, "options", "quaternions", "found %lld of integers, want them of floats",
                  static_cast<long long>(options.quaternions));
  }
  for (std::int64_t k = 0; k < options.quaternions; ++k) {
    std::int64_t const first = options.quaternion_channels[k];
    if (first < 0 || first > channels - 4) {
      return refuse(invalid, "options", "quaternion_channels", "found %lld of %lld channels, want four of them from it",
                    static_cast<long long>(first), static_cast<long long>(channels));
    }
    for (std::int64_t other = 0; other < k; ++other) {
      std::int64_t const apart = first - options.quaternion_channels[other];
      if (apart > -4 && apart < 4) {
        return refuse(invalid, "options", "quaternion_channels", "found %lld and %lld, want four channels of each",
                      static_cast<long long>(options.quaternion_channels[other]), static_cast<long long>(first));
      }
    }
  }
  return {};
}

/// Checks what `clean_scratch` relies on.
template <class Value, class Stamp>
status check_clean_source(series<Value, Stamp> const& source, clean_options const& options) {
  status s = check_source("source.when", source.when, true);
  if (s.ok()) { s = check_no_ring("source.when", source.when); }
  if (s.ok()) { s = check_values("source", source, sizeof(Value), true); }
  if (!s.ok()) { return s; }
  if (source.place != value_place::device) {
    return refuse(status_code::unsupported, "source", "place", "found pinned, want device");
  }
  if (source.when.batch > 0 && source.when.total() > INT32_MAX) {
    return refuse(status_code::unsupported, "source.when", "rows", "found %lld, want below 2^31",
                  static_cast<long long>(source.when.total()));
  }
  s = check_clean_rules(options);
  return s.ok() ? check_quaternions<Value>(options, source.channels) : s;
}

/// Everything that `clean` checks, on the host and on the device alike.
template <class Value, class Stamp>
status check_clean(series<Value, Stamp> const& source, clean_output<Value, Stamp> const& out,
                   clean_options const& options) {
  status s = check_clean_source(source, options);
  if (!s.ok()) { return s; }
  std::int64_t const rows = source.when.batch == 0 ? 0 : source.when.total();
  s = check_pointer("out", "values", out.values, elements_of(rows, source.channels), sizeof(Value));
  if (s.ok()) { s = check_pointer("out", "stamps", out.stamps, rows, sizeof(Stamp)); }
  if (s.ok()) { s = check_pointer("out", "offsets", out.offsets, source.when.batch + 1, alignof(std::int64_t)); }
  if (s.ok()) { s = check_pointer("out", "source_rows", out.source_rows, 0, alignof(std::int64_t)); }
  return s.ok() ? check_pointer("out", "reports", out.reports, 0, alignof(clean_report)) : s;
}

}  // namespace robocache::detail
