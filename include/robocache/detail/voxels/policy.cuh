// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/config.hpp>

// Tuning constants of voxels without a grid. They change the speed, never a result. Figures are of an H100, as in
// docs/performance.md, "Voxelize, sparse and gathered"; where no case is named, of means of 4 features of 1 M points.
// "Untested" means that no other number has been measured.
namespace robocache::detail {

/// Cells up to which the table has a place for each, whatever the number of points: it is small beside the cache.
/// Untested.
inline constexpr std::int64_t least_direct_cells = 1 << 20;

/// Cells per point up to which the table has a place for each: it takes no more memory than hashing would. (The 32 MB
/// for 200^3 cells took longer than 16 MB of hashed places.)
inline constexpr std::int64_t cells_a_point = 4;

/// Cells up to which the table has a place for each.
constexpr std::int64_t most_direct_cells(std::int64_t rows) noexcept {
  return std::min<std::int64_t>(std::max(least_direct_cells, cells_a_point * rows), INT32_MAX);
}

/// Places of hash tables for all rows before one: two per row, or three for two rows where there are so many that
/// places could not be counted in 32 bits. Fuller tables are untested; larger ones do not fit the cache: 1 M atomic
/// operations take 16.4 us on tables of up to 16 MB and 21.6 on one of 32.
/// @param rows  of all clouds
ROBOCACHE_HOST_DEVICE constexpr std::int64_t places_before(std::int64_t row, std::int64_t rows) {
  return row + (rows <= std::int64_t{1} << 30 ? row : row / 2);
}

/// The last try that jumps to any place; further ones go from place to place, so that all places are tried. Where all
/// tries went from place to place, the unluckiest of 64 rows needed 8 to 10: 54 us, of which the operations were 15.
inline constexpr std::uint32_t last_anywhere = 3;

/// Blocks per multiprocessor that find cells: hashing takes more registers than reading points does, and spills cost
/// memory traffic. With 5, which spill 200 bytes per thread, it takes 118 to 123 us; with 4, 108.
template <bool Hashed>
inline constexpr int insert_blocks_each = Hashed ? 4 : point_blocks_each;

/// Rows that a thread numbers, and threads of a block, where there are few rows and where there are many. Tiles of
/// 2,048 rows took 107 us instead of 108: larger tiles are fewer to add up, smaller ones fill the chip.
inline constexpr int number_rows_each = 4;
inline constexpr int number_threads = 256;
inline constexpr int many_number_threads = 512;

/// Whether there are many. Untested.
constexpr bool has_many_rows(std::int64_t rows) noexcept { return rows >= 1 << 19; }

/// Clouds per thread of a tile up to which all of them are checked. Untested.
inline constexpr int clouds_a_thread = 4;

/// Threads that a multiprocessor holds at a time at least: the chips of data centres hold more.
#if defined(__CUDA_ARCH__) && (__CUDA_ARCH__ == 800 || __CUDA_ARCH__ == 900 || __CUDA_ARCH__ / 100 == 10)
inline constexpr int most_threads = 2048;
#else
inline constexpr int most_threads = 1536;
#endif

/// Threads per multiprocessor that number rows: cells of 64 bits take more registers.
template <bool Wide>
inline constexpr int number_threads_each = Wide ? 1536 : most_threads;

/// Threads of a block that lists points, and rows of a thread, 32 apart. Untested; when a thread's rows were
/// neighbours, each store touched 32 sectors of memory, and took 45 us where 20 were expected.
inline constexpr int list_threads = 256;
inline constexpr int list_rows = 4;

/// The same where the voxel of each point is given: one point per thread. Untested.
inline constexpr int given_threads = 256;

/// Threads of a block that puts lists in order or copies points. Untested.
inline constexpr int gather_threads = reduce_threads;

/// Vectors of points that a thread has in flight where they are copied. Untested.
inline constexpr int gather_at_once = 4;

/// Threads of a block that interleaves coordinates. Untested.
inline constexpr int pack_threads = 256;

/// The most blocks of the cluster that finds voxels where there are few points, and the most threads of a block.
inline constexpr int most_cluster_blocks = 16;
inline constexpr int most_cluster_threads = 1024;

/// Rows up to which one block of it is enough. Untested.
inline constexpr std::int64_t cluster_block_rows = 512;

/// Rows whose points a thread has in flight. Untested.
inline constexpr int cluster_rows_at_once = 2;

/// Rows that a cluster takes at most. On an H200 20,000 took 26.0 us instead of 29.5, 48,000 32.7 instead of 32.1.
inline constexpr std::int64_t most_cluster_rows = 1 << 15;

/// Rows up to which the device finds voxels by a cluster; 0: never. Measured only on an H200; small chips, most of
/// whose multiprocessors a cluster would take, are untested.
constexpr std::int64_t most_cluster_rows_for(device_properties const& device) noexcept {
  bool const large = device.multiprocessors >= 4 * most_cluster_blocks;
  return large && device.memory_gbs >= memory_rate::hbm3e ? most_cluster_rows : 0;
}

/// How rows are dealt out to the blocks of a cluster.
struct cluster_shape {
  int blocks;
  int rows_each;  ///< of a block, a multiple of 32
  int threads;    ///< of a block, likewise: each has the same number of rows; 1,024 and a remainder took 2.3 us longer
};

constexpr cluster_shape cluster_shape_for(std::int64_t rows) noexcept {
  cluster_shape shape{1, 0, 0};
  while (shape.blocks < most_cluster_blocks && shape.blocks * cluster_block_rows < rows) { shape.blocks *= 2; }
  auto const each = static_cast<int>((rows + shape.blocks - 1) / shape.blocks);
  int const rounds = (each + most_cluster_threads - 1) / most_cluster_threads;
  shape.rows_each = (each + 31) / 32 * 32;
  shape.threads = ((each + rounds - 1) / rounds + 31) / 32 * 32;
  return shape;
}

/// The most blocks per multiprocessor. Untested.
struct voxel_shape {
  int few_each;       ///< that put lists of few points in order
  int gather_each;    ///< that copy points, there or back
  int pack_each;      ///< that interleave coordinates
  int backward_each;  ///< that write gradients
};

constexpr voxel_shape voxel_shape_for(device_properties const&) noexcept { return {16, 16, 16, 4 * point_blocks_each}; }

}  // namespace robocache::detail
