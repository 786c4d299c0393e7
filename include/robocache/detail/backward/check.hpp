// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/detail/common/timed/streams.hpp>
#include <robocache/stream.hpp>

namespace robocache::detail {

/// Gradients take values in device memory only.
inline status check_on_device(char const* name, value_place place) {
  if (place == value_place::device) { return {}; }
  return refuse(status_code::unsupported, name, "place", "found value_place::pinned, want value_place::device");
}

/// Gradients go to whole trajectories.
template <class Stamp>
status check_not_as_of(timeline<Stamp> const& target) {
  if (target.as_of == nullptr) { return {}; }
  return refuse(status_code::unsupported, "target", "as_of", "found a pointer, want null: gradients take all samples");
}

/// Channels of a row of gradients that one block handles at most.
inline constexpr std::int64_t widest_gradient_chunk = 1024;

/// Everything that `resample_backward` checks, on the host and on the device alike.
template <class Value, class Stamp, class Result>
status check_backward(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                      result_gradients<Result> const& results, source_gradients<Value> const& out,
                      resample_options<Stamp> const& options, target_order order) {
  status s = check_differentiable("options", options.method);
  if (!s.ok()) { return s; }
  s = check_locate("source.when", source.when, target, options, true);
  if (!s.ok()) { return s; }
  s = check_not_as_of(target);
  if (!s.ok()) { return s; }
  s = check_order(order);
  if (!s.ok()) { return s; }
  // An array without elements may be a null pointer and still be wanted.
  if (out.values == nullptr && out.targets == nullptr && source.when.total() > 0 && target.total() > 0) {
    return refuse(invalid, "out", "values", "found null pointers here and in out.targets, want one of the two");
  }
  if (out.targets != nullptr && !device::traits_of(options.method).moves) {
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
  s = check_no_ring("source.when", source.when);
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

  s = check_view("source", source, source.when, source.channels);
  if (!s.ok()) { return s; }
  s = check_view("results", results, target, source.channels);
  if (!s.ok()) { return s; }
  return out.values == nullptr ? check_view("out", out, source.when, source.channels)
                               : check_written_view("out", out, source.when, source.channels);
}

/// Where the gradients of one stream go.
/// @param name  what the caller calls it
template <class Stamp>
status check_gradients(char const* name, stream<Stamp> const& one, stream_gradients const& out) {
  status s = check_pointer(name, "values", out.values, 0, size_of(one.type));
  if (!s.ok()) { return s; }
  s = check_pointer(name, "scale", out.scale, 0, alignof(float));
  if (!s.ok()) { return s; }
  s = check_pointer(name, "shift", out.shift, 0, alignof(float));
  if (!s.ok() || out.values == nullptr) { return s; }
  return check_written_view(name, out, one.when, one.channels);
}

/// Everything that `fuse_backward` checks, except for its scratch.
template <class Stamp, class Result>
status check_fuse_backward(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                           result_gradients<Result> const& results, stream_gradients const* out, float const* targets,
                           target_order order) {
  status s = check_streams(streams, count, target, true);
  if (!s.ok()) { return s; }
  s = check_not_as_of(target);
  if (!s.ok()) { return s; }
  if (out == nullptr) {
    return refuse(invalid, "out", "", "found a null pointer, want %lld stream_gradients",
                  static_cast<long long>(count));
  }
  s = check_order(order);
  if (!s.ok()) { return s; }
  for (std::int64_t i = 0; i < count; ++i) {
    stream<Stamp> const& one = streams[i];
    bool const asked = out[i].values != nullptr || out[i].scale != nullptr || out[i].shift != nullptr;
    if (asked && !check_differentiable("streams", one.options.method).ok()) {
      return check_differentiable(stream_name(i, ".options").text, one.options.method);
    }
    if (targets != nullptr && !device::traits_of(one.options.method).moves) {
      return refuse(status_code::unsupported, "targets", "",
                    "found a pointer with %s in streams[%lld], want null: linear alone has a gradient of target times",
                    name_of(one.options.method), static_cast<long long>(i));
    }
    if (!check_on_device("streams", one.place).ok()) { return check_on_device(stream_name(i).text, one.place); }
    if (!check_no_ring("streams", one.when).ok()) { return check_no_ring(stream_name(i, ".when").text, one.when); }
    if (asked && !check_width("streams", one.channels, widest_gradient_chunk).ok()) {
      return check_width(stream_name(i).text, one.channels, widest_gradient_chunk);
    }
    if (!check_gradients("out", one, out[i]).ok()) {
      return check_gradients(stream_name(i, "", "out").text, one, out[i]);
    }
  }
  s = check_pointer("targets", "", targets, 0, alignof(float));
  if (!s.ok()) { return s; }
  std::int64_t const target_rows = target.batch == 0 ? 0 : target.total();
  s = check_pointer("results", "values", results.values, elements_of(target_rows, channels_of(streams, count)),
                    sizeof(Result));
  if (!s.ok()) { return s; }
  return check_view("results", results, target, channels_of(streams, count));
}

}  // namespace robocache::detail
