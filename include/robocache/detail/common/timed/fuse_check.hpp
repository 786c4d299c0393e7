// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <type_traits>

#include <robocache/detail/check.hpp>
#include <robocache/detail/common/timed/backward_check.hpp>
#include <robocache/stream.hpp>

// The argument checks of fusing. The work grows with the number of streams, with its square where they are not in the
// order of their channels or leave gaps, and with nothing else.
namespace robocache::detail {

/// Where the channels of one stream after the other begin.
class place_walk {
 public:
  template <class Stamp>
  std::int64_t next(stream<Stamp> const& one) {
    std::int64_t const first = one.first_channel == next_channel ? end_ : one.first_channel;
    end_ = first + one.channels;
    return first;
  }

 private:
  std::int64_t end_ = 0;
};

/// C, as the streams make it: up to the last channel that one writes.
template <class Stamp>
std::int64_t channels_of(stream<Stamp> const* streams, std::int64_t count) {
  place_walk places;
  std::int64_t channels = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t const end = places.next(streams[i]) + streams[i].channels;
    channels = end > channels ? end : channels;
  }
  return channels;
}

/// Calls `use(place, width)` for each run of channels below `channels` that no stream writes, until a status is not ok;
/// for parts of it if it is as wide as no stream can be. Streams do not overlap.
template <class Stamp, class Use>
status for_each_gap(stream<Stamp> const* streams, std::int64_t count, std::int64_t channels, Use&& use) {
  constexpr std::int64_t widest = std::int64_t(1) << 30;
  status s;
  std::int64_t written = 0;
  for (std::int64_t i = 0; i < count; ++i) { written += streams[i].channels; }
  if (written == channels) { return s; }
  for (std::int64_t begin = 0; begin < channels && s.ok();) {
    // What begins here, and what begins next.
    std::int64_t next = channels - begin < widest ? channels : begin + widest;
    std::int64_t end = begin;
    place_walk places;
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t const place = places.next(streams[i]);
      if (place == begin) { end = place + streams[i].channels; }
      if (place > begin && place < next) { next = place; }
    }
    if (end == begin) {
      s = use(begin, next - begin);
      end = next;
    }
    begin = end;
  }
  return s;
}

/// "streams[2]", or "streams[2].when".
struct stream_name {
  char text[40];
  explicit stream_name(std::int64_t i, char const* field = "", char const* array = "streams") {
    std::snprintf(text, sizeof text, "%s[%lld]%s", array, static_cast<long long>(i), field);
  }
};

/// Channels of all streams together, as strides bound them.
inline constexpr std::int64_t most_channels = INT64_MAX / 32;

/// Where a stream's channels begin.
inline status check_place(char const* name, std::int64_t first, std::int64_t channels) {
  if (first <= most_channels - channels) { return {}; }
  return refuse(invalid, name, "first_channel", "found %lld, want below 2^58 channels in all",
                static_cast<long long>(first));
}

/// One stream by itself, for a target that was checked.
/// @param name, when, options  what the caller calls it, its timeline and its rules
/// @param looked               whether samples are looked at though there are no targets
template <class Stamp>
status check_stream(char const* name, char const* when, char const* options, stream<Stamp> const& one,
                    timeline<Stamp> const& target, bool looked) {
  status s = check_source(when, one.when, looked || target.total() > 0);
  if (!s.ok()) { return s; }
  s = check_batches(when, one.when, target);
  if (!s.ok()) { return s; }
  if (one.type != dtype::float32 && one.type != dtype::float16 && one.type != dtype::bfloat16) {
    return refuse(status_code::unsupported, name, "type", "found %s, want fp32, fp16 or bf16", name_of(one.type));
  }
  s = check_options(options, one.options);
  if (!s.ok()) { return s; }
  if (one.options.method == interpolation::slerp && one.channels != 4) {
    return refuse(invalid, name, "channels", "found %lld, want 4 for interpolation::slerp",
                  static_cast<long long>(one.channels));
  }
  if constexpr (std::is_floating_point_v<Stamp>) {
    if (!std::isfinite(one.latency)) {
      return refuse(invalid, name, "latency", "found %g, want a finite time", static_cast<double>(one.latency));
    }
  }
  if (one.channels > INT32_MAX) {
    return refuse(status_code::unsupported, name, "channels", "found %lld, want less than 2^31",
                  static_cast<long long>(one.channels));
  }
  s = check_values(name, one, size_of(one.type), target.total() > 0);
  if (!s.ok()) { return s; }
  s = check_pointer(name, "scale", one.scale, 0, alignof(float));
  if (!s.ok()) { return s; }
  s = check_pointer(name, "shift", one.shift, 0, alignof(float));
  if (!s.ok()) { return s; }
  if (one.first_channel < 0 && one.first_channel != next_channel) {
    return refuse(invalid, name, "first_channel", "found %lld, want 0 or more, or next_channel",
                  static_cast<long long>(one.first_channel));
  }
  return check_place(name, one.first_channel, one.channels);
}

/// All streams, and that their places do not overlap.
/// @param looked  as `check_stream` takes it
template <class Stamp>
status check_streams(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target, bool looked) {
  if (count < 1) {
    return refuse(invalid, "count", "", "found %lld, want 1 stream or more", static_cast<long long>(count));
  }
  if (streams == nullptr) {
    return refuse(invalid, "streams", "", "found a null pointer, want %lld streams", static_cast<long long>(count));
  }
  status const s = check_target(target);
  if (!s.ok()) { return s; }
  place_walk places;
  std::int64_t end = 0;  // of the streams before: what begins behind it overlaps none
  for (std::int64_t i = 0; i < count; ++i) {
    // Names are made for those who read them: printing costs more than checking.
    if (!check_stream("streams", "streams", "streams", streams[i], target, looked).ok()) {
      return check_stream(stream_name(i).text, stream_name(i, ".when").text, stream_name(i, ".options").text,
                          streams[i], target, looked);
    }
    std::int64_t const first = places.next(streams[i]);
    if (!check_place("streams", first, streams[i].channels).ok()) {
      return check_place(stream_name(i).text, first, streams[i].channels);
    }
    place_walk others;
    for (std::int64_t j = 0; j < i && first < end; ++j) {
      std::int64_t const other = others.next(streams[j]);
      if (first < other + streams[j].channels && other < first + streams[i].channels) {
        return refuse(invalid, stream_name(i).text, "first_channel",
                      "found channels %lld to %lld, want none of streams[%lld], which has %lld to %lld",
                      static_cast<long long>(first), static_cast<long long>(first + streams[i].channels - 1),
                      static_cast<long long>(j), static_cast<long long>(other),
                      static_cast<long long>(other + streams[j].channels - 1));
      }
    }
    end = first + streams[i].channels > end ? first + streams[i].channels : end;
  }
  return {};
}

/// Everything that `fuse` checks, on the host and on the device alike.
template <class Stamp, class Result>
status check_fuse(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                  fused_output<Result> const& out) {
  status s = check_streams(streams, count, target, false);
  if (!s.ok()) { return s; }
  std::int64_t const written = channels_of(streams, count);
  if (out.channels != 0 && out.channels < written) {
    return refuse(invalid, "out", "channels", "found %lld, want 0, or %lld and more, which the streams write",
                  static_cast<long long>(out.channels), static_cast<long long>(written));
  }
  return check_results(target, out, out.channels == 0 ? written : out.channels, sizeof(Result));
}

/// True where the times that a stream is asked for are known to ascend: sums of integers with a latency may wrap.
template <class Stamp>
bool asks_in_order(stream<Stamp> const& one, timeline<Stamp> const& target) {
  return target.kind == timeline_kind::uniform && (std::is_floating_point_v<Stamp> || one.latency == Stamp(0));
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
  bool const packed = one.when.packed();
  strides const step = strides_of(out, one.when, one.channels);
  strides const to = packed ? strides{0, step.row} : step;
  std::int64_t const rows_each = packed ? one.when.rows : one.when.length;
  s = check_strides(name, to, one.when.batch, rows_each, one.channels);
  return s.ok() ? check_disjoint(name, to, packed ? 1 : one.when.batch, rows_each, one.channels) : s;
}

/// Everything that `fuse_backward` checks, but for its scratch.
template <class Stamp, class Result>
status check_fuse_backward(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                           result_gradients<Result> const& results, stream_gradients const* out, float const* targets,
                           target_order order) {
  status s = check_streams(streams, count, target, true);
  if (!s.ok()) { return s; }
  if (out == nullptr) {
    return refuse(invalid, "out", "", "found a null pointer, want %lld stream_gradients",
                  static_cast<long long>(count));
  }
  if (order > target_order::ascending) {
    return refuse(invalid, "order", "", "found %d, want a target_order", static_cast<int>(order));
  }
  for (std::int64_t i = 0; i < count; ++i) {
    stream<Stamp> const& one = streams[i];
    bool const asked = out[i].values != nullptr || out[i].scale != nullptr || out[i].shift != nullptr;
    if (asked && one.options.method > interpolation::linear) {
      return refuse(status_code::unsupported, stream_name(i, ".options").text, "method",
                    "found %s, want previous, next, nearest or linear: no other method has a gradient here",
                    name_of(one.options.method));
    }
    if (targets != nullptr && one.options.method != interpolation::linear) {
      return refuse(status_code::unsupported, "targets", "",
                    "found a pointer with %s in streams[%lld], want null: linear alone has a gradient of target times",
                    name_of(one.options.method), static_cast<long long>(i));
    }
    if (!check_on_device("streams", one.place).ok()) { return check_on_device(stream_name(i).text, one.place); }
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
  strides const step = strides_of(results, target, channels_of(streams, count));
  return check_strides("results", target.packed() ? strides{0, step.row} : step, target.batch,
                       target.packed() ? target.rows : target.length, channels_of(streams, count));
}

}  // namespace robocache::detail
