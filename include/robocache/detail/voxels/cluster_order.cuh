// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/crowd.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/reduce.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/voxels/cluster_tables.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>

// Puts the lists of a cluster's voxels in order: each block those of its places. Cells are spread over places, so all
// blocks have about as many.
namespace robocache::detail {

/// Sorts up to 32 * K numbers by a warp: a bitonic network over number `32 * k + lane`.
template <int K>
__device__ void sort_lanes(std::uint32_t (&numbers)[K]) {
  unsigned const lane = threadIdx.x % 32;
  for (unsigned run = 2; run <= 32 * K; run *= 2) {
#pragma unroll
    for (int step = K / 2; step > 0; step /= 2) {
      if (32 * step >= static_cast<int>(run)) { continue; }
#pragma unroll
      for (int k = 0; k < K; ++k) {
        if ((k & step) != 0) { continue; }
        bool const ascends = (32 * k & run) == 0;
        std::uint32_t const low = min(numbers[k], numbers[k + step]);
        std::uint32_t const high = max(numbers[k], numbers[k + step]);
        numbers[k] = ascends ? low : high;
        numbers[k + step] = ascends ? high : low;
      }
    }
    for (unsigned step = min(run / 2, 16u); step > 0; step /= 2) {
#pragma unroll
      for (int k = 0; k < K; ++k) {
        bool const ascends = ((32 * k + lane) & run) == 0;
        std::uint32_t const other = __shfl_xor_sync(0xffffffffu, numbers[k], static_cast<int>(step));
        bool const wants_low = ((lane & step) == 0) == ascends;
        numbers[k] = wants_low ? min(numbers[k], other) : max(numbers[k], other);
      }
    }
  }
}

/// Where a list begins among all, and how many points it has.
struct ordered_list {
  std::uint32_t start;
  std::uint32_t count;
  std::uint32_t* to;  ///< where it goes

  __device__ ordered_list(point_lists const& lists, cluster_list const& list, std::uint32_t lists_before)
      : start(lists_before + list.start()), count(list.later() + 1) {
    to = (count > most_block_points ? lists.ranks : lists.rows) + start;
  }
};

/// A list of up to 32 * K points, by a warp.
template <int K>
__device__ void order_by_warp(cluster_tables const& t, ordered_list const& list) {
  unsigned const lane = threadIdx.x % 32;
  std::uint32_t rows[K];
#pragma unroll
  for (int k = 0; k < K; ++k) {
    unsigned const j = 32 * k + lane;
    rows[k] = j < list.count ? *t.list.at(list.start + j) : UINT32_MAX;
  }
  sort_lanes(rows);
#pragma unroll
  for (int k = 0; k < K; ++k) {
    unsigned const j = 32 * k + lane;
    if (j < list.count) { list.to[j] = rows[k]; }
  }
}

/// Points of a lane where a warp sorts a crowded list; longer ones are a block's.
inline constexpr int crowd_rows_a_lane = 8;
inline constexpr unsigned most_warp_points = 32 * crowd_rows_a_lane;

/// A list of any length, by the block: rows are there once, so their bits in order are the list in order.
inline __device__ void order_by_block(cluster_tables const& t, ordered_list const& list, unsigned words) {
  for (unsigned i = threadIdx.x; i < words; i += blockDim.x) { t.bits[i] = 0; }
  __syncthreads();
  for (unsigned j = threadIdx.x; j < list.count; j += blockDim.x) {
    std::uint32_t const row = *t.list.at(list.start + j);
    atomicOr(t.bits + row / 32, 1u << row % 32);
  }
  __syncthreads();
  unsigned const each = (words + blockDim.x - 1) / blockDim.x;
  unsigned const begin = min(threadIdx.x * each, words);
  unsigned const end = min(begin + each, words);
  std::uint32_t mine = 0;
  for (unsigned i = begin; i < end; ++i) { mine += __popc(t.bits[i]); }
  std::uint32_t sum = mine;
#pragma unroll
  for (int step = 1; step < 32; step *= 2) {
    std::uint32_t const other = __shfl_up_sync(0xffffffffu, sum, step);
    if (threadIdx.x % 32 >= static_cast<unsigned>(step)) { sum += other; }
  }
  if (threadIdx.x % 32 == 31) { t.sums->of_warp[threadIdx.x / 32] = sum; }
  __syncthreads();
  std::uint32_t* to = list.to + (sum - mine);
  for (unsigned warp = 0; warp < threadIdx.x / 32; ++warp) { to += t.sums->of_warp[warp]; }
  for (unsigned i = begin; i < end; ++i) {
    for (unsigned left = t.bits[i]; left != 0; left &= left - 1) { *to++ = 32 * i + __ffs(static_cast<int>(left)) - 1; }
  }
  __syncthreads();
}

/// Lists of few points: a thread each. Gathers the others that are kept.
inline __device__ void order_few_lists(point_lists const& lists, std::uint32_t capacity, cluster_tables const& t,
                                       std::uint32_t lists_before) {
  for (unsigned i = threadIdx.x; i < t.places_each(); i += blockDim.x) {
    cluster_list const word(t.counts.mine[i]);
    if (word.later() == 0 || t.first.mine[i] >= capacity) { continue; }
    ordered_list const list(lists, word, lists_before);
    if (list.count > most_tile_points) {
      t.queue[t.places_each() - 1 - atomicAdd(&t.sums->crowded, 1u)] = i;
    } else if (list.count > most_few_points) {
      t.queue[atomicAdd(&t.sums->some, 1u)] = i;
    } else {
      std::uint32_t rows[most_few_points];
#pragma unroll
      for (unsigned j = 0; j < most_few_points; ++j) {
        rows[j] = j < list.count ? *t.list.at(list.start + j) : UINT32_MAX;
      }
      if (list.count > 2) { sort_registers(rows); }
#pragma unroll
      for (unsigned j = 0; j < most_few_points; ++j) {
        if (j < list.count) { list.to[j] = rows[j]; }
      }
    }
  }
}

/// Says which voxels of the block's places are crowded.
inline __device__ void list_crowds(point_lists const& lists, cluster_tables const& t, std::uint32_t lists_before) {
  unsigned const lane = threadIdx.x % 32;
  for (unsigned i = threadIdx.x / 32; i < t.sums->crowded; i += blockDim.x / 32) {
    std::uint32_t const at = t.queue[t.places_each() - 1 - i];
    ordered_list const list(lists, cluster_list(t.counts.mine[at]), lists_before);
    unsigned const groups = (list.count + most_tile_points - 1) / most_tile_points;
    std::uint32_t index = 0;
    std::uint32_t first_group = 0;
    if (lane == 0) {
      index = atomicAdd(&lists.counters->crowded, 1u);
      first_group = atomicAdd(&lists.counters->groups, groups);
      lists.crowded[index] = {t.first.mine[at], list.start, list.count, first_group, 0};
    }
    index = __shfl_sync(0xffffffffu, index, 0);
    first_group = __shfl_sync(0xffffffffu, first_group, 0);
    for (unsigned group = lane; group < groups; group += 32) { lists.owners[first_group + group] = index; }
  }
}

/// Writes the lists of the block's places to memory, in order; and which of them are of more than a few points.
inline __device__ void order_lists(point_lists const& lists, std::int64_t rows, std::uint32_t capacity,
                                   cluster_tables const& t, cluster_sums_of_lane const& all) {
  std::uint32_t const lists_before = __shfl_sync(0xffffffffu, all.listed_before, static_cast<int>(t.self));
  order_few_lists(lists, capacity, t, lists_before);
  __syncthreads();
  unsigned const warp = threadIdx.x / 32;
  unsigned const warps = blockDim.x / 32;
  unsigned const some = t.sums->some;
  unsigned const crowded = t.sums->crowded;
  auto const list_at = [&](unsigned queued) {
    return ordered_list(lists, cluster_list(t.counts.mine[t.queue[queued]]), lists_before);
  };
  for (unsigned i = warp; i < some + crowded; i += warps) {
    // Crowded lists take longest.
    bool const is_crowded = i < crowded;
    ordered_list const list = list_at(is_crowded ? t.places_each() - 1 - i : i - crowded);
    if (!is_crowded) {
      order_by_warp<2>(t, list);
    } else if (list.count <= most_warp_points) {
      order_by_warp<crowd_rows_a_lane>(t, list);
    }
  }
  if (threadIdx.x == 0 && some > 0) { t.sums->some_before = atomicAdd(&lists.counters->some, some); }
  list_crowds(lists, t, lists_before);
  __syncthreads();
  for (unsigned i = threadIdx.x; i < some; i += blockDim.x) {
    ordered_list const list = list_at(i);
    lists.some[t.sums->some_before + i] = {t.first.mine[t.queue[i]], list.start, list.count};
  }
  for (unsigned i = 0; i < crowded; ++i) {
    ordered_list const list = list_at(t.places_each() - 1 - i);
    if (list.count > most_warp_points) { order_by_block(t, list, static_cast<unsigned>((rows + 31) / 32)); }
  }
}

}  // namespace robocache::detail
