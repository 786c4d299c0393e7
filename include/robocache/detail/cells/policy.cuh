// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/arch.cuh>

// What voxelizing into a grid is tuned by: it changes speed, never a result. Figures are of an H100, as
// docs/performance.md has them; the letters are the cases of its table "Voxelize, dense". Where it says "untested", no
// other number has been measured.
namespace robocache::detail {

/// Bytes of results that stay in the L2 cache, of 50 MB, beside points that stream through it: (CU) took 401 us in
/// three slabs of 22 MB; in two of 32 MB 560, as with one; four cost more than they gained.
constexpr std::int64_t most_cached_bytes(device_properties const&) noexcept { return std::int64_t{22} << 20; }

/// How many slabs counts are taken in at most. More are untested.
inline constexpr std::int64_t most_slabs = 4;

/// Points from which on they should not wait for memory. Untested.
inline constexpr std::int64_t slab_rows = 1 << 20;

/// How many slabs counts are taken in, if there is scratch for it: a grid that the cache does not hold, and so many
/// points that they should not wait for memory. The points are read anew for each slab, so there are few or none.
constexpr std::int64_t count_slabs(device_properties const& device, std::int64_t rows, std::int64_t cells) noexcept {
  std::int64_t const slabs = cells > 0 ? (cells * 4 - 1) / most_cached_bytes(device) + 1 : 0;
  return rows >= slab_rows && slabs <= most_slabs ? slabs : 1;
}

/// Runs of a warp's 32 points from which on they count as scattered, and are left to their slab. Untested; that some
/// are left is worth (CU) 358 us instead of 401 and (CS) 114 instead of 146.
inline constexpr int many_runs = 16;

/// Cells of a further slab that a thread has under way. Untested.
inline constexpr int slab_at_once = 4;

/// Vectors of features that a thread has under way where they are added up in memory. Untested.
inline constexpr int add_at_once = 4;

/// Blocks of a multiprocessor that divide sums, at most. Untested.
constexpr int divide_blocks_each(device_properties const&) noexcept { return 32; }

}  // namespace robocache::detail
