// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/timeline.cuh>

// What becomes of rows that are appended to a ring. Rules: docs/semantics.md, Rings.
namespace robocache::device {

/// Not after any finite stamp: the newest stamp of a ring without rows.
template <class Stamp>
inline constexpr Stamp before_all = std::is_integral_v<Stamp> ? std::numeric_limits<Stamp>::lowest()
                                                              : -std::numeric_limits<Stamp>::infinity();

/// Rows of a trajectory since its reset, before a call.
/// @param written  as it is stored
/// @param reset    not 0: the trajectory begins anew
ROBOCACHE_HOST_DEVICE inline std::int64_t written_before(std::int64_t written, std::uint8_t reset) {
  return written < 0 || reset != 0 ? 0 : written;
}

/// The stamp of the newest row of a trajectory.
/// @param stamps   its slots
/// @param written  rows since its reset
/// @param next     the slot of the next row
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline Stamp newest_stamp(Stamp const* stamps, std::int64_t capacity, std::int64_t written,
                                                std::int64_t next) {
  return written > 0 ? stamps[(next > 0 ? next : capacity) - 1] : before_all<Stamp>;
}

/// Whether a row with a finite stamp is accepted.
/// @param newest  the largest stamp before it: of the ring, or of rows of the call that are accepted, or refused as
///                older, which makes no difference
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline bool is_in_order(Stamp stamp, Stamp newest) {
  return stamp >= newest;
}

}  // namespace robocache::device
