// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>

// The tuning of `sample_farthest`: it changes speed, never a result.
namespace robocache::detail {

/// Threads of a block that has a whole cloud in its registers, and how many points each may have: a kernel for each of
/// these numbers.
inline constexpr int small_farthest_threads = 512;
inline constexpr int small_farthest_points[] = {1, 2, 4, 6, 8};

/// The largest cloud that is in registers.
inline constexpr std::int64_t most_small_points = 8 * small_farthest_threads;

/// Threads of a block that samples a cloud in buckets.
inline constexpr int bucket_threads = 512;

/// Points of a bucket, which are neighbours in space, a multiple of 32; more where warps have not lanes enough for so
/// many buckets.
inline constexpr int bucket_points = 128;

/// The most blocks of a cluster, and the fewest points for which each is worth its share of the barriers.
inline constexpr int most_bucket_blocks = 16;
inline constexpr std::int64_t bucket_points_a_block = 4096;

/// Blocks that take a cloud together: as many as there are multiprocessors for.
/// @param points  of a cloud, about
inline int bucket_blocks_for(device_properties const& device, std::int64_t clouds, std::int64_t points) noexcept {
  std::int64_t const room = std::int64_t{device.multiprocessors} / std::max<std::int64_t>(clouds, 1);
  int blocks = 1;
  while (blocks < most_bucket_blocks && 2 * blocks <= room && 2 * blocks * bucket_points_a_block <= points) {
    blocks *= 2;
  }
  return blocks;
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
