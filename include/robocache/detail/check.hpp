// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <type_traits>

#include <robocache/dtype.hpp>
#include <robocache/options.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/timeline.hpp>

// The argument checks that device, host and compiled API share. All are O(1): nothing that a pointer points to is read.
namespace robocache::detail {

/// "name.field" with `sentence` formatted: what was found and what is wanted.
[[gnu::format(printf, 4, 5)]] inline status refuse(status_code code, char const* name, char const* field,
                                                   char const* sentence, ...) {
  char argument[40];
  std::snprintf(argument, sizeof argument, "%s%s%s", name, *field == '\0' ? "" : ".", field);
  char text[200];
  std::va_list values;
  va_start(values, sentence);
  std::vsnprintf(text, sizeof text, sentence, values);
  va_end(values);
  return status(code, argument, text);
}

inline constexpr status_code invalid = status_code::invalid_argument;

constexpr bool is_hold(interpolation method) noexcept {
  return method == interpolation::previous || method == interpolation::next || method == interpolation::nearest;
}

/// True if `a * b` leaves 64 bits. Both not negative.
inline bool product_overflows(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product);
}

/// A part of the range, so that bytes of 8-byte elements and sums of terms stay inside as well.
inline constexpr std::int64_t most_elements = INT64_MAX / 32;

/// Multiplies; false where that goes beyond `most_elements`. Both factors are 0 or more.
inline bool multiply(std::int64_t& product, std::int64_t factor) {
  return !__builtin_mul_overflow(product, factor, &product) && product <= most_elements;
}

/// Elements of so many rows, for a message: where 64 bits do not hold them, the most that these hold.
inline std::int64_t elements_of(std::int64_t rows, std::int64_t channels) noexcept {
  std::int64_t elements = 0;
  return __builtin_mul_overflow(rows, channels, &elements) ? INT64_MAX : elements;
}

/// A pointer that `count` elements are read from or written to.
template <class T>
status check_pointer(char const* name, char const* field, T const* pointer, std::int64_t count, std::size_t alignment) {
  if (count > 0 && pointer == nullptr) {
    return refuse(invalid, name, field, "found a null pointer, want %lld elements", static_cast<long long>(count));
  }
  if (reinterpret_cast<std::uintptr_t>(pointer) % alignment != 0) {
    return refuse(invalid, name, field, "found address %p, want a multiple of %zu bytes",
                  static_cast<void const*>(pointer), alignment);
  }
  return {};
}

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

/// @param name    what the caller calls this timeline: "source.when" or "target"
/// @param looked  whether the call looks at its samples: without targets nothing is missed
template <class Stamp>
status check_timeline(char const* name, timeline<Stamp> const& when, bool looked = true) {
  if (when.kind > timeline_kind::windows) {
    return refuse(invalid, name, "kind", "found %d, want a timeline_kind", static_cast<int>(when.kind));
  }
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
  if (when.lengths != nullptr && when.kind != timeline_kind::dense) {
    return refuse(invalid, name, "lengths", "found a pointer, want it with dense timelines only");
  }
  if (when.packed() && when.length != 0) {
    return refuse(invalid, name, "length", "found %lld, want 0 for packed timelines",
                  static_cast<long long>(when.length));
  }
  // Looked at whether or not there are samples.
  status s = check_pointer(name, "offsets", when.offsets, 0, 8);
  if (!s.ok()) { return s; }
  s = check_pointer(name, "lengths", when.lengths, 0, 8);
  if (!s.ok()) { return s; }
  s = check_pointer(name, "trajectory", when.trajectory, 0, 8);
  if (!s.ok()) { return s; }
  std::int64_t const total = when.total();
  if (total == 0 || when.batch == 0 || !looked) { return {}; }

  bool const stored =
      when.kind == timeline_kind::dense || when.kind == timeline_kind::shared || when.kind == timeline_kind::ragged;
  // Without a stride all trajectories have the same stamps.
  std::int64_t const stamps = !when.packed() && when.stride == 0 ? when.length : total;
  s = check_pointer(name, "stamps", when.stamps, stored ? stamps : 0, alignof(Stamp));
  if (!s.ok()) { return s; }
  s = check_pointer(name, "offsets", when.offsets, when.kind == timeline_kind::ragged ? when.batch + 1 : 0, 8);
  if (!s.ok()) { return s; }
  if (when.kind == timeline_kind::dense ? when.stride < 0 : when.stride != 0) {
    return refuse(invalid, name, "stride", "found %lld, want %s", static_cast<long long>(when.stride),
                  when.kind == timeline_kind::dense ? "0 or more" : "0 for timelines that are not dense");
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
  bool const stray_stamps = when.stamps != nullptr && !stored;
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

/// @param name  what the caller calls these rules: "options"
template <class Stamp>
status check_options(char const* name, resample_options<Stamp> const& options) {
  if (options.method > interpolation::slerp) {
    return refuse(invalid, name, "method", "found %d, want an interpolation", static_cast<int>(options.method));
  }
  if (options.before > edge::extrapolate || options.after > edge::extrapolate) {
    bool const before = options.before > edge::extrapolate;
    return refuse(invalid, name, before ? "before" : "after", "found %d, want an edge",
                  static_cast<int>(before ? options.before : options.after));
  }
  if (!(options.max_gap >= Stamp(0))) {
    return refuse(invalid, name, "max_gap", "found %g, want 0 or more", static_cast<double>(options.max_gap));
  }
  // A difference is 0 for finite numbers alone.
  if (!(options.tolerance >= Stamp(0)) || options.tolerance - options.tolerance != Stamp(0)) {
    return refuse(invalid, name, "tolerance", "found %g, want 0 or more, and finite",
                  static_cast<double>(options.tolerance));
  }
  if (options.tolerance != Stamp(0) && (options.causal || !is_hold(options.method))) {
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

/// The timeline on which values are wanted.
template <class Stamp>
status check_target(timeline<Stamp> const& target) {
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

/// Strides with the default filled in.
struct strides {
  std::int64_t batch;
  std::int64_t row;
};

template <class View, class Stamp>
strides strides_of(View const& view, timeline<Stamp> const& when, std::int64_t channels) noexcept {
  std::int64_t const row = view.row_stride == contiguous ? channels : view.row_stride;
  std::int64_t batch = view.batch_stride;
  // Where the default itself overflows, `check_strides` names the row stride before it looks at this.
  if (batch == contiguous && __builtin_mul_overflow(when.length, row, &batch)) { batch = 0; }
  return {batch, row};
}

/// Strides that are not negative and keep every offset of `batch` x `length` rows within 64 bits.
/// @param row_field  what the view calls the stride from row to row
inline status check_strides(char const* name, strides step, std::int64_t batch, std::int64_t length,
                            std::int64_t channels, char const* row_field = "row_stride") {
  if (step.row < 0) {
    return refuse(invalid, name, row_field, "found %lld, want 0 or more", static_cast<long long>(step.row));
  }
  if (step.batch < 0) {
    return refuse(invalid, name, "batch_stride", "found %lld, want 0 or more", static_cast<long long>(step.batch));
  }
  std::int64_t in_trajectory = length;
  std::int64_t in_batch = batch;
  if (!multiply(in_trajectory, step.row) || !multiply(in_batch, step.batch) || channels > most_elements) {
    return refuse(invalid, name, row_field, "found %lld x %lld rows with strides %lld and %lld, want below 2^58 in all",
                  static_cast<long long>(batch), static_cast<long long>(length), static_cast<long long>(step.batch),
                  static_cast<long long>(step.row));
  }
  return {};
}

/// Rows of a result must not overlap: either whole trajectories are nested in the batch stride, or, as in
/// `[T, B, D]`, the batch is nested in the row stride.
inline status check_disjoint(char const* name, strides step, std::int64_t batch, std::int64_t length,
                             std::int64_t channels, char const* row_field = "row_stride") {
  if (batch == 0 || length == 0) { return {}; }
  bool const rows_apart = length <= 1 || step.row >= channels;
  bool const batch_apart = batch <= 1 || step.batch >= channels;
  bool const rows_inside = batch <= 1 || step.batch >= (length - 1) * step.row + channels;
  bool const batch_inside = length <= 1 || step.row >= (batch - 1) * step.batch + channels;
  if (!rows_apart || !batch_apart || !(rows_inside || batch_inside)) {
    return refuse(invalid, name, rows_apart ? "batch_stride" : row_field,
                  "found strides %lld (batch) and %lld (row) for %lld channels, want rows that do not overlap",
                  static_cast<long long>(step.batch), static_cast<long long>(step.row),
                  static_cast<long long>(channels));
  }
  return {};
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

/// The values of a series or a stream.
/// @param read  whether there are targets that may read some
template <class Source>
status check_values(char const* name, Source const& source, std::size_t value_bytes, bool read) {
  if (source.channels < 1) {
    return refuse(invalid, name, "channels", "found %lld, want 1 or more", static_cast<long long>(source.channels));
  }
  if (source.place != value_place::device && source.place != value_place::pinned) {
    return refuse(invalid, name, "place", "found %d, want a value_place", static_cast<int>(source.place));
  }
  std::int64_t const rows = source.when.batch == 0 || !read ? 0 : source.when.total();
  status const s = check_pointer(name, "values", source.values, elements_of(rows, source.channels), value_bytes);
  if (!s.ok()) { return s; }
  bool const packed = source.when.packed();
  strides const from = strides_of(source, source.when, source.channels);
  return check_strides(name, packed ? strides{0, from.row} : from, source.when.batch,
                       packed ? source.when.rows : source.when.length, source.channels);
}

/// Where results of `channels` channels go.
template <class Output, class Stamp>
status check_results(timeline<Stamp> const& target, Output const& out, std::int64_t channels,
                     std::size_t result_bytes) {
  status s = check_pointer("out", "values", out.values, elements_of(target.total(), channels), result_bytes);
  if (!s.ok()) { return s; }
  bool const packed = target.packed();
  strides const to = strides_of(out, target, channels);
  std::int64_t const rows_each = packed ? target.rows : target.length;
  s = check_strides("out", packed ? strides{0, to.row} : to, target.batch, rows_each, channels);
  if (!s.ok()) { return s; }
  return check_disjoint("out", to, packed ? 1 : target.batch, rows_each, channels);
}

/// Vectors of a row that one block of a resampling handles at most, and how many blocks may share a row.
inline constexpr std::int64_t widest_chunk = 4096;
inline constexpr std::int64_t most_chunks = 65535;

/// What the largest grid has for rows of `chunk` channels a block, whether or not they can be read in vectors: refused
/// on the host as well, so that a call is sound on both sides or on neither.
inline status check_width(char const* name, std::int64_t channels, std::int64_t chunk) {
  std::int64_t const most = most_chunks * chunk;
  if (channels <= most) { return {}; }
  return refuse(status_code::unsupported, name, "channels", "found %lld, want at most %lld",
                static_cast<long long>(channels), static_cast<long long>(most));
}

/// Everything that `resample` checks, on the host and on the device alike.
template <class Value, class Stamp, class Result>
status check_resample(series<Value, Stamp> const& source, timeline<Stamp> const& target, output<Result> const& out,
                      resample_options<Stamp> const& options) {
  status s = check_locate("source.when", source.when, target, options);
  if (!s.ok()) { return s; }
  if (std::is_integral_v<Value> && !is_hold(options.method)) {
    return refuse(status_code::unsupported, "options", "method",
                  "found %s for %s values, want previous, next or nearest", name_of(options.method),
                  name_of(dtype_of<Value>::value));
  }
  if (options.method == interpolation::slerp && source.channels != 4) {
    return refuse(invalid, "source", "channels", "found %lld, want 4 for interpolation::slerp",
                  static_cast<long long>(source.channels));
  }
  s = check_fill<Result>(options.fill);
  if (!s.ok()) { return s; }
  s = check_width("source", source.channels, widest_chunk);
  if (!s.ok()) { return s; }
  s = check_values("source", source, sizeof(Value), target.total() > 0);
  return s.ok() ? check_results(target, out, source.channels, sizeof(Result)) : s;
}

}  // namespace robocache::detail
