// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// The tuning of `clean`, besides the scans and the sort of common/policy.cuh: it changes speed, never a result. No
// other numbers have been measured.
namespace robocache::detail {

/// Threads of a block that looks at rows, or moves them.
inline constexpr int clean_threads = 256;

/// Lanes that look at one row together, or move it: a power of two, as many as it has channels or more, up to a warp.
constexpr int clean_lanes(std::int64_t channels) noexcept {
  int lanes = 1;
  while (lanes < 32 && lanes < channels) { lanes *= 2; }
  return lanes;
}

}  // namespace robocache::detail
