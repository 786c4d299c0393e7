// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/policy.cuh>
#include <robocache/detail/intrinsics.cuh>

namespace robocache::detail {

/// The sum over all tiles before this one, by decoupled look-back (D. Merrill, M. Garland, "Single-pass parallel prefix
/// scan with decoupled look-back", 2016). Called by a warp. Tiles are begun in their order, so that those before this
/// one are done or under way. Their sums arrive at about the same time, so the warp looks far back at once: going back
/// in steps would take one trip to memory after the other.
inline __device__ std::uint32_t sum_of_tiles_before(std::uint64_t* tiles, std::uint32_t tile, std::uint32_t mine) {
  constexpr std::uint64_t has_own = std::uint64_t{1} << 32;
  constexpr std::uint64_t has_all = std::uint64_t{2} << 32;
  constexpr unsigned each = tiles_a_lane;
  constexpr unsigned span = 32 * each;
  auto* const states = reinterpret_cast<std::uint64_t volatile*>(tiles);
  unsigned const lane = threadIdx.x % 32;
  if (lane == 0) { states[tile] = (tile == 0 ? has_all : has_own) | mine; }
  std::uint32_t before = 0;
  for (std::uint32_t window = tile; window > 0; window -= span) {
    std::uint64_t state[each];
    unsigned complete;  // how far back the nearest tile is whose sum is known
    unsigned unknown;   // and the nearest one about which nothing is known
    do {
      complete = span;
      unknown = span;
#pragma unroll
      for (unsigned i = 0; i < each; ++i) {
        unsigned const back = i * 32 + lane;
        state[i] = back < window ? states[window - 1 - back] : has_all;  // before the first tile
      }
#pragma unroll
      for (unsigned i = each; i-- > 0;) {
        if (state[i] >= has_all) { complete = i * 32 + lane; }
        if (state[i] < has_own) { unknown = i * 32 + lane; }
      }
      complete = __reduce_min_sync(0xffffffffu, complete);
      unknown = __reduce_min_sync(0xffffffffu, unknown);
      // What is before a complete sum is not needed.
    } while (unknown < complete);
    std::uint32_t sum = 0;
#pragma unroll
    for (unsigned i = 0; i < each; ++i) { sum += i * 32 + lane <= complete ? static_cast<std::uint32_t>(state[i]) : 0; }
    before += static_cast<std::uint32_t>(sum_over_warp(static_cast<int>(sum)));
    if (complete < span) { break; }
  }
  if (lane == 0 && tile > 0) { states[tile] = has_all | (before + mine); }
  return before;
}

}  // namespace robocache::detail
