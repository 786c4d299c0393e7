// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>

// The tuning of neighbours: it changes speed, never a result.
namespace robocache::detail {

/// Threads of a block, and points that it has in shared memory at a time.
inline constexpr int neighbour_threads = 128;
inline constexpr int neighbour_tile = 512;

/// How many nearest neighbours a thread has room for: a kernel for each of these numbers.
inline constexpr int nearest_rooms[] = {1, 4, 8, 16, 32, 64};

/// Blocks that a multiprocessor should have.
inline constexpr int neighbour_blocks = 4;

/// Lanes that share a query: more where queries are too few to keep the chip busy.
inline int neighbour_lanes_for(device_properties const& device, std::int64_t queries) noexcept {
  std::int64_t const threads = std::int64_t{device.multiprocessors} * neighbour_blocks * neighbour_threads;
  int lanes = 1;
  while (lanes < 32 && 2 * lanes * queries <= threads) { lanes *= 2; }
  return lanes;
}

}  // namespace robocache::detail
