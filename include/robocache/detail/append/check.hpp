// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/append.hpp>
#include <robocache/detail/common/check.hpp>
#include <robocache/detail/common/timed/streams.hpp>
#include <robocache/dtype.hpp>
#include <robocache/status.hpp>

namespace robocache::detail {

/// Bytes of a row, below: the words of as many rows as a warp looks at are counted in 31 bits.
inline constexpr std::int64_t widest_appended_row = std::int64_t(1) << 26;

/// One stream.
/// @param name  what the caller calls it
template <class Stamp>
status check_append_stream(char const* name, append_stream<Stamp> const& one, std::int64_t batch) {
  auto const is_number = [](std::int64_t count, std::int64_t least) { return count >= least && count <= INT32_MAX; };
  if (!is_number(one.capacity, 1)) {
    return refuse(invalid, name, "capacity", "found %lld, want 1 or more, below 2^31",
                  static_cast<long long>(one.capacity));
  }
  if (one.channels < 1) {
    return refuse(invalid, name, "channels", "found %lld, want 1 or more", static_cast<long long>(one.channels));
  }
  if (!is_number(one.rows, 0)) {
    return refuse(invalid, name, "rows", "found %lld, want 0 or more, below 2^31", static_cast<long long>(one.rows));
  }
  auto const bytes = static_cast<std::int64_t>(size_of(one.type));
  if (bytes == 0) { return refuse(invalid, name, "type", "found %d, want a dtype", static_cast<int>(one.type)); }
  std::int64_t row_bytes = one.channels;
  if (!multiply(row_bytes, bytes) || row_bytes >= widest_appended_row) {
    return refuse(status_code::unsupported, name, "channels", "found %lld, want rows below 2^26 bytes",
                  static_cast<long long>(one.channels));
  }
  std::int64_t const most_rows = one.rows > one.capacity ? one.rows : one.capacity;
  std::int64_t all = row_bytes;
  if (!multiply(all, most_rows) || !multiply(all, batch)) {
    return refuse(invalid, name, one.rows > one.capacity ? "rows" : "capacity",
                  "found %lld in each of %lld trajectories, want at most 2^58 bytes in all",
                  static_cast<long long>(most_rows), static_cast<long long>(batch));
  }
  std::int64_t const kept = batch * one.capacity;
  std::int64_t const offered = batch * one.rows;
  auto const value_bytes = static_cast<std::size_t>(bytes);
  status s = check_pointer(name, "stamps", one.stamps, kept, alignof(Stamp));
  if (s.ok()) {
    s = check_pointer(name, "values", static_cast<char const*>(one.values), kept * one.channels, value_bytes);
  }
  if (s.ok()) { s = check_pointer(name, "written", one.written, batch, alignof(std::int64_t)); }
  if (s.ok()) { s = check_pointer(name, "new_stamps", one.new_stamps, offered, alignof(Stamp)); }
  if (s.ok()) {
    s = check_pointer(name, "new_values", static_cast<char const*>(one.new_values), offered * one.channels,
                      value_bytes);
  }
  if (s.ok()) { s = check_pointer(name, "counts", one.counts, 0, alignof(std::int64_t)); }
  return s.ok() ? check_pointer(name, "reports", one.reports, 0, alignof(append_report)) : s;
}

/// Everything that `append` checks, on the host and on the device alike.
template <class Stamp>
status check_append(append_stream<Stamp> const* streams, std::int64_t count, std::int64_t batch) {
  if (count < 1) {
    return refuse(invalid, "count", "", "found %lld, want 1 stream or more", static_cast<long long>(count));
  }
  if (streams == nullptr) {
    return refuse(invalid, "streams", "", "found a null pointer, want %lld streams", static_cast<long long>(count));
  }
  if (batch < 0) { return refuse(invalid, "batch", "", "found %lld, want 0 or more", static_cast<long long>(batch)); }
  for (std::int64_t i = 0; i < count; ++i) {
    // Names are made only for messages.
    if (!check_append_stream("streams", streams[i], batch).ok()) {
      return check_append_stream(stream_name(i).text, streams[i], batch);
    }
  }
  return {};
}

}  // namespace robocache::detail
