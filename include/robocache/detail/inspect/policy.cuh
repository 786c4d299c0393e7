// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace robocache::detail {

/// The most threads of a block.
inline constexpr int inspect_threads = 256;

/// The launch of a data check: blocks, threads of each, and how many blocks share a trajectory.
struct inspect_shape {
  unsigned blocks;
  int threads;
  unsigned parts;
};

/// @param longest  samples that the longest trajectory may have: for packed ones only the sum is known
inline inspect_shape inspect_shape_for(std::int64_t batch, std::int64_t longest) noexcept {
  constexpr std::int64_t samples_each = 4;       // per thread, before a trajectory gets a second block
  constexpr std::int64_t enough_blocks = 2048;   // for any chip; more only where there are more trajectories
  constexpr std::int64_t most_blocks = 1 << 16;  // beyond this, blocks take several trajectories
  std::int64_t const warps = longest / (32 * samples_each) + 1;
  int const threads = static_cast<int>(32 * std::min<std::int64_t>(warps, inspect_threads / 32));
  std::int64_t const wanted = longest / (threads * samples_each) + 1;
  std::int64_t const parts = std::min(wanted, std::max<std::int64_t>(1, enough_blocks / batch));
  return {static_cast<unsigned>(parts * std::min(batch, most_blocks)), threads, static_cast<unsigned>(parts)};
}

}  // namespace robocache::detail
