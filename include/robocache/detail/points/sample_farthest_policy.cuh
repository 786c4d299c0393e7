// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>

// The tuning of `sample_farthest`: it changes speed, never a result.
namespace robocache::detail {

/// Threads of a block, and the most blocks of a cluster.
inline constexpr int farthest_threads = 512;
inline constexpr int most_farthest_blocks = 16;

/// How many points a thread may have in its registers: two kernels for each of these numbers.
inline constexpr int resident_points_each[] = {1, 2, 4, 6, 10, 16};

/// Threads of each block where so many are a cluster: what more of them save in points they lose when they meet.
constexpr int farthest_threads_for(int blocks) noexcept { return blocks < 8 ? farthest_threads : farthest_threads / 2; }

/// The most points that so many blocks have in their registers.
constexpr std::int64_t most_resident_points(int blocks) noexcept {
  return std::int64_t{16} * farthest_threads_for(blocks) * blocks;
}

/// Points of a bucket, which are neighbours in space, a multiple of 32; more where warps have not lanes enough for so
/// many buckets.
inline constexpr int bucket_points = 128;

/// Blocks that take a cloud together: as many as there are multiprocessors for, and more where they are needed for all
/// points to be in registers.
/// @param points  of a cloud, about
/// @param most    of a cluster on this device
inline int farthest_blocks_for(device_properties const& device, std::int64_t clouds, std::int64_t points,
                               int most) noexcept {
  constexpr std::int64_t points_a_block = 2560;  // fewer are not worth their share of the barriers
  std::int64_t const room = std::int64_t{device.multiprocessors} / std::max<std::int64_t>(clouds, 1);
  int blocks = 1;
  while (2 * blocks <= most &&
         ((2 * blocks <= room && points > blocks * points_a_block) || points > most_resident_points(blocks))) {
    blocks *= 2;
  }
  return blocks;
}

/// Whether clouds that one block has in its registers are put in order: that takes as long as some dozens of steps.
constexpr bool orders_small_clouds(std::int64_t points, std::int64_t samples) noexcept {
  return points >= 2048 && samples >= 384;
}

/// Cells along each axis by which points are put in order, as a power of two: some ten points in each.
constexpr int cell_bits_for(std::int64_t points) noexcept { return points <= 1 << 16 ? 4 : points <= 1 << 20 ? 5 : 6; }

/// Threads of a block that puts points in order, points of each, and blocks of a multiprocessor.
inline constexpr int order_threads = 256;
inline constexpr int order_points = 4;
inline constexpr int order_blocks = 8;

/// Threads of a block that adds up the cells of a cloud.
inline constexpr int order_scan_threads = 1024;

}  // namespace robocache::detail
