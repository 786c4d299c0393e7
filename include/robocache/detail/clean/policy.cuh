// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Tuning constants of `clean`, besides those of scans and the sort in common/policy.cuh. They change the speed, never a
// result. No other numbers have been measured.
namespace robocache::detail {

/// Threads of a block that marks or moves rows.
inline constexpr int clean_threads = 256;

/// Lanes that read or move one row together: a power of two, at least the number of its channels, up to a warp.
constexpr int clean_lanes(std::int64_t channels) noexcept {
  int lanes = 1;
  while (lanes < 32 && lanes < channels) { lanes *= 2; }
  return lanes;
}

}  // namespace robocache::detail
