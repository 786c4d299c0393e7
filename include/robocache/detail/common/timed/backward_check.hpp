// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/check.hpp>

namespace robocache::detail {

/// Gradients take values in device memory alone.
inline status check_on_device(char const* name, value_place place) {
  if (place == value_place::device) { return {}; }
  return refuse(status_code::unsupported, name, "place", "found value_place::pinned, want value_place::device");
}

/// Channels of a row of gradients that one block handles at most.
inline constexpr std::int64_t widest_gradient_chunk = 1024;

/// Everything that `resample_backward` checks, on the host and on the device alike.
template <class Value, class Stamp, class Result>
status check_backward(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                      result_gradients<Result> const& results, source_gradients<Value> const& out,
                      resample_options<Stamp> const& options, target_order order) {
  if (options.method > interpolation::linear && options.method <= interpolation::slerp) {
    return refuse(status_code::unsupported, "options", "method",
                  "found %s, want previous, next, nearest or linear: no other method has a gradient here",
                  name_of(options.method));
  }
  status s = check_locate("source.when", source.when, target, options, true);
  if (!s.ok()) { return s; }
  if (order > target_order::ascending) {
    return refuse(invalid, "order", "", "found %d, want a target_order", static_cast<int>(order));
  }
  // What has no element may be a null pointer and wanted all the same.
  if (out.values == nullptr && out.targets == nullptr && source.when.total() > 0 && target.total() > 0) {
    return refuse(invalid, "out", "values", "found null pointers here and in out.targets, want one of the two");
  }
  if (out.targets != nullptr && options.method != interpolation::linear) {
    return refuse(status_code::unsupported, "out", "targets",
                  "found a pointer with %s, want null: linear alone has a gradient of target times",
                  name_of(options.method));
  }
  if (source.channels < 1) {
    return refuse(invalid, "source", "channels", "found %lld, want 1 or more", static_cast<long long>(source.channels));
  }
  s = check_width("source", source.channels, widest_gradient_chunk);
  if (!s.ok()) { return s; }
  s = check_on_device("source", source.place);
  if (!s.ok()) { return s; }
  std::int64_t const source_rows = source.when.batch == 0 ? 0 : source.when.total();
  std::int64_t const target_rows = target.batch == 0 ? 0 : target.total();
  s = check_pointer("source", "values", source.values,
                    out.targets == nullptr || target_rows == 0 ? 0 : elements_of(source_rows, source.channels),
                    sizeof(Value));
  if (!s.ok()) { return s; }
  s = check_pointer("results", "values", results.values, elements_of(target_rows, source.channels), sizeof(Result));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "values", out.values, 0, sizeof(Value));
  if (!s.ok()) { return s; }
  s = check_pointer("out", "targets", out.targets, 0, sizeof(float));
  if (!s.ok()) { return s; }

  bool const source_packed = source.when.packed();
  bool const target_packed = target.packed();
  auto const packed_strides = [](strides step, bool packed) { return packed ? strides{0, step.row} : step; };
  strides const from = packed_strides(strides_of(source, source.when, source.channels), source_packed);
  strides const to = packed_strides(strides_of(out, source.when, source.channels), source_packed);
  strides const results_step = packed_strides(strides_of(results, target, source.channels), target_packed);
  std::int64_t const rows_each = source_packed ? source.when.rows : source.when.length;
  s = check_strides("source", from, source.when.batch, rows_each, source.channels);
  if (!s.ok()) { return s; }
  s = check_strides("results", results_step, target.batch, target_packed ? target.rows : target.length,
                    source.channels);
  if (!s.ok()) { return s; }
  s = check_strides("out", to, source.when.batch, rows_each, source.channels);
  if (!s.ok() || out.values == nullptr) { return s; }
  return check_disjoint("out", to, source_packed ? 1 : source.when.batch, rows_each, source.channels);
}

}  // namespace robocache::detail
