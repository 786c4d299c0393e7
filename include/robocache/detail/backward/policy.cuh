// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/timed/policy.cuh>
#include <robocache/detail/common/timed/tiling.hpp>

namespace robocache::detail {

/// Channels per vector where everything is aligned for it: 16 bytes of the 2-byte types.
inline constexpr int backward_vector = 8;

/// Vectors of `N` channels whose sums a thread keeps at a time.
template <int N>
inline constexpr int sums_at_a_time = N > 1 ? 2 : 4;

/// How the source's rows are cut for the gradients of its values, with `N` channels a vector, on every chip.
/// @param one_board  all readers fit on one board: then a tile may have several rounds of sums, and targets are located
///                   once for all; else each round would locate all targets anew
template <int N>
constexpr tile_shape backward_shape_for(device_properties const&, bool one_board) noexcept {
  return {max_threads, one_board ? 16 : sums_at_a_time<N>, 4};
}

/// Targets that a block takes at a time for the gradients of their times: its first warp locates one per lane, then
/// each warp sums up every eighth.
inline constexpr int times_rows = 32;

/// Channels of its groups of rows that a block takes, and groups that it takes at a time.
inline constexpr int row_sum_channels = 64;
inline constexpr int row_sum_groups = max_threads / row_sum_channels;

/// Blocks of sums that are launched at most; beyond, blocks take several tiles.
inline constexpr std::int64_t most_sum_blocks = 1 << 20;

}  // namespace robocache::detail
