// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <robocache/detail/common/check.hpp>
#include <robocache/device/method.cuh>
#include <robocache/dtype.hpp>
#include <robocache/options.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/timeline.hpp>

// The argument checks that calls with times share.
namespace robocache::detail {

template <class Stamp>
status check_period(char const* name, timeline<Stamp> const& when) {
  if constexpr (std::is_floating_point_v<Stamp>) {
    if (!(when.num > Stamp(0)) || !std::isfinite(when.num)) {
      return refuse(invalid, name, "num", "found a period of %g, want it above 0 and finite", double(when.num));
    }
  } else if (when.num <= 0 || when.den <= 0) {
    return refuse(invalid, name, "num", "found a period of %lld / %lld, want both above 0",
                  static_cast<long long>(when.num), static_cast<long long>(when.den));
  }
  return {};
}

/// That there is such a kind.
inline status check_kind(char const* name, timeline_kind kind) {
  switch (kind) {
    case timeline_kind::dense:
    case timeline_kind::shared:
    case timeline_kind::ragged:
    case timeline_kind::uniform:
    case timeline_kind::windows:
    case timeline_kind::ring: return {};
  }
  return refuse(invalid, name, "kind", "found %d, want a timeline_kind", static_cast<int>(kind));
}

/// That there is such an edge.
/// @param field  which of the two
/// @param after  whether it is the one after the last sample
inline status check_edge(char const* name, char const* field, edge rule, bool after) {
  switch (rule) {
    case edge::clamp:
    case edge::fill:
    case edge::extrapolate: return {};
    case edge::hold:
      if (after) { return {}; }
      return refuse(invalid, name, field, "found edge::hold, want clamp, fill or extrapolate before the first sample");
  }
  return refuse(invalid, name, field, "found %d, want an edge", static_cast<int>(rule));
}

/// @param name    what the caller calls this timeline: "source.when" or "target"
/// @param looked  whether the call looks at its samples: without targets nothing is missed
template <class Stamp>
status check_timeline(char const* name, timeline<Stamp> const& when, bool looked = true) {
  status s = check_kind(name, when.kind);
  if (!s.ok()) { return s; }
  if (when.batch < 0) {
    return refuse(invalid, name, "batch", "found %lld, want 0 or more", static_cast<long long>(when.batch));
  }
  if (when.length < 0) {
    return refuse(invalid, name, "length", "found %lld, want 0 or more", static_cast<long long>(when.length));
  }
  if (when.rows < 0) {
    return refuse(invalid, name, "rows", "found %lld, want 0 or more", static_cast<long long>(when.rows));
  }
  if (product_overflows(when.batch, when.length)) {
    return refuse(invalid, name, "length", "found batch %lld times length %lld, want a product below 2^63",
                  static_cast<long long>(when.batch), static_cast<long long>(when.length));
  }
  bool const takes_offsets = when.kind == timeline_kind::ragged || when.kind == timeline_kind::uniform;
  if (when.offsets != nullptr && !takes_offsets) {
    return refuse(invalid, name, "offsets", "found a pointer, want it with ragged and uniform timelines only");
  }
  bool const ring = when.kind == timeline_kind::ring;
  if (when.lengths != nullptr && when.kind != timeline_kind::dense && !ring) {
    return refuse(invalid, name, "lengths", "found a pointer, want it with dense timelines only");
  }
  if (when.as_of != nullptr && when.kind != timeline_kind::windows) {
    return refuse(invalid, name, "as_of", "found a pointer, want it with windows only");
  }
  if (when.packed() && when.length != 0) {
    return refuse(invalid, name, "length", "found %lld, want 0 for packed timelines",
                  static_cast<long long>(when.length));
  }
  // Looked at whether or not there are samples.
  s = check_pointer(name, "offsets", when.offsets, 0, 8);
  if (!s.ok()) { return s; }
  s = check_pointer(name, "lengths", when.lengths, 0, 8);
  if (!s.ok()) { return s; }
  s = check_pointer(name, "trajectory", when.trajectory, 0, 8);
  if (!s.ok()) { return s; }
  s = check_pointer(name, "as_of", when.as_of, 0, alignof(Stamp));
  if (!s.ok()) { return s; }
  std::int64_t const total = when.total();
  if (total == 0 || when.batch == 0 || !looked) { return {}; }

  // Without a stride all trajectories have the same stamps.
  std::int64_t const stamps = !when.packed() && when.stride == 0 ? when.length : total;
  s = check_pointer(name, "stamps", when.stamps, when.stored() || ring ? stamps : 0, alignof(Stamp));
  if (!s.ok()) { return s; }
  s = check_pointer(name, "written", when.lengths, ring ? when.batch : 0, 8);
  if (!s.ok()) { return s; }
  s = check_pointer(name, "offsets", when.offsets, when.kind == timeline_kind::ragged ? when.batch + 1 : 0, 8);
  if (!s.ok()) { return s; }
  bool const rows_each = when.kind == timeline_kind::dense || ring;
  if (rows_each ? when.stride < 0 : when.stride != 0) {
    return refuse(invalid, name, "stride", "found %lld, want %s", static_cast<long long>(when.stride),
                  rows_each ? "0 or more" : "0 for timelines that are neither dense nor rings");
  }
  std::int64_t span = when.batch;
  if (!multiply(span, when.stride)) {
    return refuse(invalid, name, "stride", "found %lld for %lld trajectories, want a product of at most 2^58",
                  static_cast<long long>(when.stride), static_cast<long long>(when.batch));
  }
  if (when.length > INT32_MAX) {
    return refuse(status_code::unsupported, name, "length", "found %lld, want trajectories of less than 2^31 samples",
                  static_cast<long long>(when.length));
  }
  bool const stray_stamps = when.stamps != nullptr && !when.stored() && !ring;
  if (stray_stamps || (when.deltas != nullptr && when.kind != timeline_kind::windows)) {
    return refuse(invalid, name, stray_stamps ? "stamps" : "deltas",
                  "found a pointer, want null for this kind of timeline");
  }
  if (when.kind == timeline_kind::uniform) {
    s = check_period(name, when);
    if (!s.ok()) { return s; }
  }
  bool const windows = when.kind == timeline_kind::windows;
  s = check_pointer(name, "starts", when.starts, windows ? when.batch : 0, alignof(Stamp));
  if (!s.ok()) { return s; }
  return check_pointer(name, "deltas", when.deltas, windows ? when.length : 0, alignof(Stamp));
}

/// That there is such a method.
/// @param name  what the caller calls the rules that have it: "options"
inline status check_method(char const* name, interpolation method) {
  if (device::traits_of(method).exists) { return {}; }
  return refuse(invalid, name, "method", "found %d, want an interpolation", static_cast<int>(method));
}

/// That the method takes rows of so many channels.
/// @param name  what the caller calls the rows
inline status check_channels_of_method(char const* name, std::int64_t channels, interpolation method) {
  int const wanted = device::traits_of(method).channels;
  if (wanted == 0 || channels == wanted) { return {}; }
  return refuse(invalid, name, "channels", "found %lld, want %d for interpolation::%s",
                static_cast<long long>(channels), wanted, name_of(method));
}

/// That integers can be had by the method.
inline status check_integers(char const* name, interpolation method, dtype type) {
  if (device::traits_of(method).holds) { return {}; }
  return refuse(status_code::unsupported, name, "method", "found %s for %s values, want previous, next or nearest",
                name_of(method), name_of(type));
}

/// That the method has gradients of values.
inline status check_differentiable(char const* name, interpolation method) {
  status const s = check_method(name, method);
  if (!s.ok() || device::traits_of(method).differentiable) { return s; }
  return refuse(status_code::unsupported, name, "method",
                "found %s, want previous, next, nearest or linear: no other method has a gradient here",
                name_of(method));
}

/// That the order of targets is one.
inline status check_order(target_order order) {
  switch (order) {
    case target_order::any:
    case target_order::ascending: return {};
  }
  return refuse(invalid, "order", "", "found %d, want a target_order", static_cast<int>(order));
}

/// @param name  what the caller calls these rules: "options"
template <class Stamp>
status check_options(char const* name, resample_options<Stamp> const& options) {
  status s = check_method(name, options.method);
  if (!s.ok()) { return s; }
  s = check_edge(name, "before", options.before, false);
  if (!s.ok()) { return s; }
  s = check_edge(name, "after", options.after, true);
  if (!s.ok()) { return s; }
  if (!(options.max_gap >= Stamp(0))) {
    return refuse(invalid, name, "max_gap", "found %g, want 0 or more", static_cast<double>(options.max_gap));
  }
  // A difference is 0 for finite numbers alone.
  if (!(options.tolerance >= Stamp(0)) || options.tolerance - options.tolerance != Stamp(0)) {
    return refuse(invalid, name, "tolerance", "found %g, want 0 or more, and finite",
                  static_cast<double>(options.tolerance));
  }
  if (options.tolerance != Stamp(0) && (options.causal || !device::traits_of(options.method).holds)) {
    return refuse(invalid, name, "tolerance", "found %g with %s, want 0: it is for previous, next and nearest",
                  static_cast<double>(options.tolerance), options.causal ? "causal" : name_of(options.method));
  }
  if (options.causal && options.method != interpolation::previous) {
    return refuse(invalid, name, "causal",
                  "found a method that reads later samples, want interpolation::previous with causal");
  }
  if (options.causal && options.before != edge::fill) {
    return refuse(invalid, name, "before",
                  "found an edge that reads the first sample before its time, want edge::fill with causal");
  }
  return {};
}

/// A timeline that values are taken from.
template <class Stamp>
status check_source(char const* name, timeline<Stamp> const& source, bool looked) {
  if (source.kind == timeline_kind::windows) {
    return refuse(invalid, name, "kind", "found windows, want a timeline that has samples of its own");
  }
  return check_timeline(name, source, looked);
}

/// For calls that read samples where they lie one after the other.
template <class Stamp>
status check_no_ring(char const* name, timeline<Stamp> const& source) {
  if (source.kind != timeline_kind::ring) { return {}; }
  return refuse(status_code::unsupported, name, "kind", "found a ring, want another timeline for this call");
}

/// The timeline on which values are wanted.
template <class Stamp>
status check_target(timeline<Stamp> const& target) {
  if (target.kind == timeline_kind::ring) {
    return refuse(invalid, "target", "kind", "found a ring, want another timeline: a ring is a source");
  }
  status const s = check_timeline("target", target);
  if (s.ok() && target.trajectory != nullptr && target.kind != timeline_kind::windows) {
    return refuse(invalid, "target", "trajectory", "found a pointer, want it with windows only");
  }
  return s;
}

/// That source and target have the same trajectories, or the target picks some. No window picks none: an array without
/// an element may well be a null pointer.
template <class Stamp>
status check_batches(char const* source_name, timeline<Stamp> const& source, timeline<Stamp> const& target) {
  bool const picks = target.trajectory != nullptr || (target.kind == timeline_kind::windows && target.batch == 0);
  if (!picks && source.batch != target.batch) {
    return refuse(invalid, "target", "batch", "found %lld, want the %lld of %s", static_cast<long long>(target.batch),
                  static_cast<long long>(source.batch), source_name);
  }
  return {};
}

/// The timelines and the rules: all that `locate` takes.
/// @param looked  whether samples are looked at though there are no targets
template <class Stamp>
status check_locate(char const* source_name, timeline<Stamp> const& source, timeline<Stamp> const& target,
                    resample_options<Stamp> const& options, bool looked = false) {
  status s = check_target(target);
  if (!s.ok()) { return s; }
  s = check_source(source_name, source, looked || target.total() > 0);
  if (!s.ok()) { return s; }
  s = check_batches(source_name, source, target);
  return s.ok() ? check_options("options", options) : s;
}

/// Where `locate` writes: each pointer may be null, none may be misaligned.
inline status check_located(located const& out) {
  status s = check_pointer("out", "rows", out.rows, 0, alignof(std::int64_t));
  return s.ok() ? check_pointer("out", "weights", out.weights, 0, alignof(float)) : s;
}

/// The strides of a view in the shape of `when`. Packed rows follow each other whoever owns them: the batch has none.
template <class View, class Stamp>
strides strides_of(View const& view, timeline<Stamp> const& when, std::int64_t channels) noexcept {
  std::int64_t const row = view.row_stride == contiguous ? channels : view.row_stride;
  if (when.packed()) { return {0, row}; }
  std::int64_t batch = view.batch_stride;
  // Where the default itself overflows, `check_strides` names the row stride before it looks at this.
  if (batch == contiguous && __builtin_mul_overflow(when.length, row, &batch)) { batch = 0; }
  return {batch, row};
}

template <class Result>
status check_fill(double fill) {
  if constexpr (std::is_integral_v<Result>) {
    // 2^63 itself is out of range, and the largest double below it is in.
    double const low = static_cast<double>(std::numeric_limits<Result>::min());
    double const beyond = std::ldexp(1.0, std::numeric_limits<Result>::digits);
    if (!(fill >= low && fill < beyond) || std::floor(fill) != fill) {
      return refuse(invalid, "options", "fill", "found %g, want a whole number in the range of %s", fill,
                    name_of(dtype_of<Result>::value));
    }
  }
  return {};
}

/// That every element of a view in the shape of `when` can be reached.
template <class View, class Stamp>
status check_view(char const* name, View const& view, timeline<Stamp> const& when, std::int64_t channels) {
  return check_strides(name, strides_of(view, when, channels), when.batch, when.rows_each(), channels);
}

/// And that none of them is another one as well.
template <class View, class Stamp>
status check_written_view(char const* name, View const& view, timeline<Stamp> const& when, std::int64_t channels) {
  status const s = check_view(name, view, when, channels);
  std::int64_t const batch = when.packed() ? 1 : when.batch;
  return s.ok() ? check_disjoint(name, strides_of(view, when, channels), batch, when.rows_each(), channels) : s;
}

/// That there is such a place.
inline status check_value_place(char const* name, value_place place) {
  switch (place) {
    case value_place::device:
    case value_place::pinned: return {};
  }
  return refuse(invalid, name, "place", "found %d, want a value_place", static_cast<int>(place));
}

/// The values of a series or a stream.
/// @param read  whether there are targets that may read some
template <class Source>
status check_values(char const* name, Source const& source, std::size_t value_bytes, bool read) {
  if (source.channels < 1) {
    return refuse(invalid, name, "channels", "found %lld, want 1 or more", static_cast<long long>(source.channels));
  }
  status s = check_value_place(name, source.place);
  if (!s.ok()) { return s; }
  std::int64_t const rows = source.when.batch == 0 || !read ? 0 : source.when.total();
  s = check_pointer(name, "values", source.values, elements_of(rows, source.channels), value_bytes);
  if (!s.ok()) { return s; }
  return check_view(name, source, source.when, source.channels);
}

/// Where results of `channels` channels go.
template <class Output, class Stamp>
status check_results(timeline<Stamp> const& target, Output const& out, std::int64_t channels,
                     std::size_t result_bytes) {
  status const s = check_pointer("out", "values", out.values, elements_of(target.total(), channels), result_bytes);
  return s.ok() ? check_written_view("out", out, target, channels) : s;
}

}  // namespace robocache::detail
