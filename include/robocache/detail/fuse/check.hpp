// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/detail/common/timed/streams.hpp>
#include <robocache/stream.hpp>

namespace robocache::detail {

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
