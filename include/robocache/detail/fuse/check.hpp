// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/detail/common/timed/streams.hpp>
#include <robocache/stream.hpp>

namespace robocache::detail {

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

}  // namespace robocache::detail
