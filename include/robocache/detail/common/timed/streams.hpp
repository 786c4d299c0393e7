// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <type_traits>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/stream.hpp>

// The streams of a fusion: where their channels begin, and their checks. The work grows with the number of streams,
// with its square where they are not in the order of their channels or leave gaps, and with nothing else.
namespace robocache::detail {

/// Channels that a stream has in a row of results.
template <class Stamp>
std::int64_t result_channels(stream<Stamp> const& one) noexcept {
  return one.channels;
}

/// Where the channels of one stream after the other begin.
class place_walk {
 public:
  template <class Stream>
  std::int64_t next(Stream const& one) {
    std::int64_t const first = one.first_channel == next_channel ? end_ : one.first_channel;
    end_ = first + result_channels(one);
    return first;
  }

 private:
  std::int64_t end_ = 0;
};

/// C, as the streams make it: up to the last channel that one writes.
template <class Stream>
std::int64_t channels_of(Stream const* streams, std::int64_t count) {
  place_walk places;
  std::int64_t channels = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t const end = places.next(streams[i]) + result_channels(streams[i]);
    channels = end > channels ? end : channels;
  }
  return channels;
}

/// Calls `use(place, width)` for each run of channels below `channels` that no stream writes, until a status is not ok;
/// for parts of it if it is as wide as no stream can be. Streams do not overlap.
template <class Stream, class Use>
status for_each_gap(Stream const* streams, std::int64_t count, std::int64_t channels, Use&& use) {
  constexpr std::int64_t widest = std::int64_t(1) << 30;
  status s;
  std::int64_t written = 0;
  for (std::int64_t i = 0; i < count; ++i) { written += result_channels(streams[i]); }
  if (written == channels) { return s; }
  for (std::int64_t begin = 0; begin < channels && s.ok();) {
    // What begins here, and what begins next.
    std::int64_t next = channels - begin < widest ? channels : begin + widest;
    std::int64_t end = begin;
    place_walk places;
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t const place = places.next(streams[i]);
      if (place == begin) { end = place + result_channels(streams[i]); }
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

/// Where a stream's channels begin.
inline status check_place(char const* name, std::int64_t first, std::int64_t channels) {
  if (first <= most_elements - channels) { return {}; }
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
  s = check_channels_of_method(name, one.channels, one.options.method);
  if (!s.ok()) { return s; }
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

/// That stream `i`, whose channels begin at `first`, has none of a stream before it.
template <class Stream>
status check_apart(Stream const* streams, std::int64_t i, std::int64_t first) {
  std::int64_t const channels = result_channels(streams[i]);
  place_walk others;
  for (std::int64_t j = 0; j < i; ++j) {
    std::int64_t const other = others.next(streams[j]);
    std::int64_t const others_channels = result_channels(streams[j]);
    if (first < other + others_channels && other < first + channels) {
      return refuse(invalid, stream_name(i).text, "first_channel",
                    "found channels %lld to %lld, want none of streams[%lld], which has %lld to %lld",
                    static_cast<long long>(first), static_cast<long long>(first + channels - 1),
                    static_cast<long long>(j), static_cast<long long>(other),
                    static_cast<long long>(other + others_channels - 1));
    }
  }
  return {};
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
    if (first < end && !check_apart(streams, i, first).ok()) { return check_apart(streams, i, first); }
    end = first + streams[i].channels > end ? first + streams[i].channels : end;
  }
  return {};
}

/// True where the times that a stream is asked for are known to ascend: sums of integers with a latency may wrap.
template <class Stamp>
bool asks_in_order(stream<Stamp> const& one, timeline<Stamp> const& target) {
  return target.kind == timeline_kind::uniform && (std::is_floating_point_v<Stamp> || one.latency == Stamp(0));
}

}  // namespace robocache::detail
