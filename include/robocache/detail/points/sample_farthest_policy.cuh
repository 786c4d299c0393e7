// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>

// The tuning of `sample_farthest`: it changes speed, never a result.
namespace robocache::detail {

/// Threads of a block, at most; what kernels are compiled for.
inline constexpr int farthest_threads = 512;

/// Points that a thread keeps in registers, where a block takes a cloud and where a cluster does: there is a kernel for
/// each number. 128 clouds of 3,000 points: 71.6 us in blocks of 512 threads, 77.1 of 256, 86.7 of 128.
inline constexpr int small_points_each[] = {1, 2, 4, 6, 8, 12, 16};
inline constexpr int resident_points_each[] = {2, 5, 8, 10, 14, 16};
inline constexpr int most_points_each = 16;

/// The largest cloud that a block has in its registers.
inline constexpr std::int64_t most_small_points = most_points_each * farthest_threads;

/// Points of a bucket, which are neighbours in space, a multiple of 32; more where warps have not lanes enough for so
/// many buckets.
inline constexpr int bucket_points = 128;

/// Sizes of clusters. An H200 has groups of 16 or 18 multiprocessors, so that 31 clusters of four blocks run at a time,
/// or 40 of three.
inline constexpr int cluster_sizes[] = {2, 3, 4, 6, 8, 16};
inline constexpr int cluster_size_count = 6;
inline constexpr int most_farthest_blocks = 16;

/// How many clusters of each of these sizes the device runs at a time; 0: none.
struct cluster_room {
  int at_once[cluster_size_count];
};

/// Threads of each block where so many are a cluster: what more of them save in points they lose when they meet.
constexpr int farthest_threads_for(int blocks) noexcept { return blocks < 6 ? farthest_threads : farthest_threads / 2; }

/// The most points that so many blocks have in their registers.
constexpr std::int64_t most_resident_points(int blocks) noexcept {
  return blocks == 1 ? 0 : std::int64_t{most_points_each} * farthest_threads_for(blocks) * blocks;
}

/// Blocks that take a cloud together: as many as all clouds at a time have room for, as long as each has points enough
/// for its share of the meetings; and more where the registers of fewer do not hold all points.
/// @param points  of a cloud, about
inline farthest_shape farthest_shape_for(cluster_room const& room, std::int64_t clouds, std::int64_t points) noexcept {
  constexpr std::int64_t points_a_block = 1000;
  constexpr int most_of_choice = 8;
  int blocks = 1;
  for (int i = 0; i < cluster_size_count; ++i) {
    int const size = cluster_sizes[i];
    bool const chosen = room.at_once[i] >= clouds && size <= most_of_choice && points >= size * points_a_block;
    bool const needed = room.at_once[i] > 0 && points > most_resident_points(blocks);
    if (chosen || needed) { blocks = size; }
  }
  return {blocks, farthest_threads_for(blocks)};
}

/// The same where points stay in memory.
inline farthest_shape bucket_shape_for(cluster_room const& room, std::int64_t clouds, std::int64_t points) noexcept {
  constexpr std::int64_t points_a_block = 4096;
  constexpr std::int64_t many_points = 1 << 20;
  int blocks = 1;
  for (int i = 0; i < cluster_size_count; ++i) {
    if (room.at_once[i] >= clouds && points >= cluster_sizes[i] * points_a_block) { blocks = cluster_sizes[i]; }
  }
  return {blocks, blocks == most_farthest_blocks && points < many_points ? farthest_threads / 2 : farthest_threads};
}

/// Whether clouds that one block has in its registers are put in order all the same: that takes as long as some dozens
/// of steps.
constexpr bool orders_small_clouds(std::int64_t points, std::int64_t samples) noexcept {
  return points >= 2048 && samples >= 384;
}

/// Cells along each axis by which points are put in order, as a power of two: some ten points in each.
constexpr int cell_bits_for(std::int64_t points) noexcept {
  int bits = 2;
  while (bits < 6 && points > std::int64_t{16} << 3 * bits) { ++bits; }
  return bits;
}

/// Threads of a block that puts points in order, points of each, and blocks of a multiprocessor.
inline constexpr int order_threads = 256;
inline constexpr int order_points = 4;
inline constexpr int order_blocks = 8;

/// Threads of a block that adds up the cells of a cloud.
inline constexpr int order_scan_threads = 1024;

}  // namespace robocache::detail
