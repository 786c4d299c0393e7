// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/block_scan.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/results.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Cells with more points than one group of the sum's tree: their lists are sorted, a warp adds up each group of 64
// points for a vector, and the groups' sums go up the tree. Blocks find out on the device how much there is to do.
namespace robocache::detail {

/// Sorts `count` numbers in shared memory, ascending: a bitonic network.
/// @param count  a power of 2
inline __device__ void sort_block(std::uint32_t* numbers, unsigned count) {
  for (unsigned run = 2; run <= count; run *= 2) {
    for (unsigned step = run / 2; step > 0; step /= 2) {
      for (unsigned i = threadIdx.x; i < count / 2; i += reduce_threads) {
        unsigned const low = 2 * i - (i & (step - 1));
        std::uint32_t const a = numbers[low];
        std::uint32_t const b = numbers[low + step];
        bool const ascends = (low & run) == 0;
        if ((a > b) == ascends) {
          numbers[low] = b;
          numbers[low + step] = a;
        }
      }
      __syncthreads();
    }
  }
}

/// Sorts the lists of crowded cells that fit a block, in place; says which cell each group belongs to.
/// @param numbers  shared memory for `most_block_points`
/// @param worker   of so many blocks that do the same
inline __device__ void sort_crowds(point_lists const& lists, std::uint32_t* numbers, unsigned worker,
                                   unsigned workers) {
  unsigned const cells = lists.counters->crowded;
  for (unsigned index = worker; index < cells; index += workers) {
    crowded_cell const one = lists.crowded[index];
    unsigned const groups = (one.count + most_tile_points - 1) / most_tile_points;
    for (unsigned i = threadIdx.x; i < groups; i += reduce_threads) { lists.owners[one.first_group + i] = index; }
    if (one.count > most_block_points) { continue; }
    unsigned padded = 2 * most_tile_points;
    while (padded < one.count) { padded *= 2; }
    for (unsigned i = threadIdx.x; i < padded; i += reduce_threads) {
      numbers[i] = i < one.count ? lists.rows[one.start + i] : UINT32_MAX;
    }
    __syncthreads();
    sort_block(numbers, padded);
    for (unsigned i = threadIdx.x; i < one.count; i += reduce_threads) { lists.rows[one.start + i] = numbers[i]; }
    __syncthreads();
  }
}

/// Rows that a block looks for at a time in the list of a huge cell: one bit per row in its shared memory.
inline constexpr unsigned range_words = most_block_points;
inline constexpr unsigned range_rows = 32 * range_words;

/// Sorts the lists of huge cells into `ranks`: a block takes a range of rows and notes which of them are in the list.
/// Each row occurs once, so the bits in ascending order are the sorted list.
/// @param rows  of all clouds
/// @param bits  shared memory for `range_words`
inline __device__ void sort_huge(point_lists const& lists, std::int64_t rows, std::uint32_t* bits, unsigned worker,
                                 unsigned workers) {
  constexpr unsigned words_each = range_words / reduce_threads;
  auto const ranges = static_cast<unsigned>((rows + range_rows - 1) / range_rows);
  std::int64_t const jobs = std::int64_t(lists.counters->huge) * ranges;
  for (std::int64_t job = worker; job < jobs; job += workers) {
    crowded_cell const one = lists.crowded[lists.huge[job / ranges]];
    unsigned const low = static_cast<unsigned>(job % ranges) * range_rows;
    for (unsigned i = threadIdx.x; i < range_words; i += reduce_threads) { bits[i] = 0; }
    __syncthreads();
    unsigned before = 0;
    for (unsigned i = threadIdx.x; i < one.count; i += reduce_threads) {
      unsigned const row = lists.rows[one.start + i];
      if (row < low) {
        ++before;
      } else if (row - low < range_rows) {
        atomicOr(bits + (row - low) / 32, 1u << (row % 32));
      }
    }
    unsigned all_before = 0;
    sum_before<reduce_threads>(before, all_before);
    unsigned found = 0;
    for (unsigned i = 0; i < words_each; ++i) { found += __popc(bits[threadIdx.x * words_each + i]); }
    unsigned total = 0;
    std::uint32_t* to = lists.ranks + (one.start + all_before + sum_before<reduce_threads>(found, total));
    for (unsigned i = 0; i < words_each; ++i) {
      unsigned const word = threadIdx.x * words_each + i;
      for (unsigned left = bits[word]; left != 0; left &= left - 1) {
        *to++ = low + 32 * word + __ffs(static_cast<int>(left)) - 1;
      }
    }
    __syncthreads();
  }
}

/// Stores some channels of the sum of a group of 64 points.
/// @param to  the element of the first channel
template <int N, bool Extremes>
__device__ void store_group(point_lists const& lists, std::int64_t to, channel_sums<N, Extremes> const& sums) {
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if (lists.sums != nullptr) { lists.sums[to + i] = sums.sum[i]; }
    if constexpr (Extremes) {
      if (lists.largest != nullptr) { lists.largest[to + i] = sums.largest[i]; }
      if (lists.smallest != nullptr) { lists.smallest[to + i] = sums.smallest[i]; }
    }
  }
}
inline __device__ void store_group(point_lists const& lists, std::int64_t to, coordinate_sums const& sums) {
  lists.sums[to] = sums.sum;
  lists.largest[to] = device::order_of(sums.highest);
  lists.smallest[to] = device::order_of(sums.lowest);
}

/// Computes the next level of a channel from `count` groups.
inline __device__ channel_sums<1, true> add_groups(point_lists const& lists, std::int64_t first, unsigned count,
                                                   std::int64_t channels) {
  constexpr unsigned at_once = groups_at_once;
  channel_sums<1, true> sums;
  sums.clear();
  for (unsigned turn = 0; turn < count; turn += at_once) {
    float sum[at_once] = {};
    std::uint32_t largest[at_once] = {};
    std::uint32_t smallest[at_once] = {};
#pragma unroll
    for (unsigned i = 0; i < at_once; ++i) {
      if (turn + i >= count) { continue; }
      std::int64_t const from = first + (turn + i) * channels;
      // For voxels, other blocks of the same launch wrote them.
      if (lists.sums != nullptr) { sum[i] = __ldcg(lists.sums + from); }
      if (lists.largest != nullptr) { largest[i] = __ldcg(lists.largest + from); }
      if (lists.smallest != nullptr) { smallest[i] = __ldcg(lists.smallest + from); }
    }
#pragma unroll
    for (unsigned i = 0; i < at_once; ++i) {
      if (turn + i >= count) { continue; }
      sums.sum[0] = device::add_rn(sums.sum[0], sum[i]);
      sums.largest[0] = max(sums.largest[0], largest[i]);
      sums.smallest[0] = min(sums.smallest[0], smallest[i]);
    }
  }
  return sums;
}

/// Goes up the tree of a crowded cell, and writes its results. Each level overwrites the one before: sum i of a level
/// is made of the 64 sums from 64 i on, so all that a round of threads overwrites has been read.
/// @param thread, threads  this thread, and how many do it together
/// @param wait             a barrier among them
template <class Params, class Wait>
__device__ void add_up_crowd(Params const& p, crowded_cell const& one, unsigned thread, unsigned threads,
                             Wait const& wait) {
  constexpr unsigned width = most_tile_points;
  std::int64_t const channels = p.results.channels;
  std::int64_t const first = one.first_group * channels;
  unsigned groups = (one.count + width - 1) / width;
  for (; groups > width; groups = (groups + width - 1) / width) {
    std::int64_t const items = (groups + width - 1) / width * channels;
    for (std::int64_t round = 0; round < items; round += threads) {
      std::int64_t const item = round + thread;
      channel_sums<1, true> sums;
      if (item < items) {
        std::int64_t const group = item / channels;
        sums = add_groups(p.lists, first + group * width * channels + item % channels,
                          min(width, groups - static_cast<unsigned>(group) * width), channels);
      }
      wait();
      if (item < items) {
        if (p.lists.sums != nullptr) { p.lists.sums[first + item] = sums.sum[0]; }
        if (p.lists.largest != nullptr) { p.lists.largest[first + item] = sums.largest[0]; }
        if (p.lists.smallest != nullptr) { p.lists.smallest[first + item] = sums.smallest[0]; }
      }
      wait();
    }
  }
  for (std::int64_t c = thread; c < channels; c += threads) {
    channel_sums<1, true> const all = add_groups(p.lists, first + c, groups, channels);
    if constexpr (of_coordinates<Params>) {
      coordinate_sums sums;
      sums.begin(p, c, {device::from_order(all.smallest[0])});
      sums.sum = all.sum[0];
      sums.highest = device::from_order(all.largest[0]);
      write_results(p, one.cell, c, one.count, sums);
    } else {
      write_results(p, one.cell, c, one.count, all);
    }
  }
}

/// Called by each warp that has added up a vector of a group: the last warp of a voxel goes up its tree, so that no
/// further launch is needed.
template <class Params>
__device__ void finish_crowd(Params const& p, std::uint32_t index, crowded_cell const& one) {
  unsigned const groups = (one.count + most_tile_points - 1) / most_tile_points;
  unsigned arrived = 0;
  if (threadIdx.x % 32 == 0) {
    __threadfence();  // this warp's sums are visible before its arrival is
    arrived = atomicAdd(&p.lists.crowded[index].arrived, 1u);
  }
  if (__shfl_sync(0xffffffffu, arrived, 0) + 1 != groups * p.features.vectors.value) { return; }
  __threadfence();
  if (threadIdx.x % 32 == 0) { p.lists.crowded[index].arrived = 0; }  // for further features of the same voxels
  add_up_crowd(p, one, threadIdx.x % 32, 32, [] { __syncwarp(); });
}

/// Adds up each group of 64 points, one warp per vector; for voxels the groups, too.
template <class Value, int N, bool Extremes, class Params>
__global__ void __launch_bounds__(reduce_threads) crowd_group_kernel(__grid_constant__ Params const p) {
  constexpr unsigned warps = reduce_threads / 32;
  let_next_launch_begin();
  wait_for_launch_before();
  unsigned const vectors = p.features.vectors.value;
  std::int64_t const items = std::int64_t(p.lists.counters->groups) * vectors;
  for (std::int64_t item = std::int64_t(blockIdx.x) * warps + threadIdx.x / 32; item < items;
       item += std::int64_t(gridDim.x) * warps) {
    std::int64_t const group = item / vectors;
    std::int64_t const channel = (item - group * vectors) * N;
    std::uint32_t const index = p.lists.owners[group];
    crowded_cell const one = p.lists.crowded[index];
    unsigned const begin = static_cast<unsigned>(group - one.first_group) * most_tile_points;
    unsigned const count = min(std::uint32_t{most_tile_points}, one.count - begin);
    std::uint32_t const* const list =
        (one.count > most_block_points ? p.lists.ranks : p.lists.rows) + one.start + begin;
    sums_for<Params, N, Extremes> sums;
    sums.clear();
    Value const* const from = static_cast<Value const*>(p.features.values) + (skip_for(p, one.cell, list[0]) + channel);
    add_by_warp<N>(p, sums, from, channel, count, [&](unsigned j) { return static_cast<std::int64_t>(list[j]); });
    if (threadIdx.x % 32 == 0) { store_group(p.lists, group * p.results.channels + channel, sums); }
    if constexpr (of_voxels<Params>) { finish_crowd(p, index, one); }
  }
}

/// Goes up the trees of crowded cells, one block per cell.
template <int Threads>
__global__ void __launch_bounds__(Threads) crowd_kernel(__grid_constant__ cell_reduce_params const p) {
  wait_for_launch_before();
  unsigned const cells = p.lists.counters->crowded;
  for (unsigned index = blockIdx.x; index < cells; index += gridDim.x) {
    add_up_crowd(p, p.lists.crowded[index], threadIdx.x, Threads, [] { __syncthreads(); });
    __syncthreads();
  }
}

}  // namespace robocache::detail
