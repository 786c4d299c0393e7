// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstring>

#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Scans in order, of any values that can be combined, in three launches: each tile, the tiles, each element. What is
// scanned is a job:
//
//     using value = ...;                                 whole words of 32 bits
//     std::int64_t count() const                         elements; may be known only on the device
//     value nothing() const                              combined with another value it is the other one
//     value combine(value const& a, value const& b) const    `a` of earlier elements
//     value at(std::int64_t i) const
//     void put(std::int64_t i, value const& before, value const& own) const    called once for each element
namespace robocache::detail {

/// Elements of a tile.
inline constexpr int scan_tile = scan_threads * scan_elements_each;

inline std::int64_t scan_tiles(std::int64_t count) noexcept { return (count + scan_tile - 1) / scan_tile; }

template <class Job>
struct scan_params {
  Job job;
  typename Job::value* tiles;  ///< `[scan_tiles]`: of each tile; then of all before it
};

/// A value of the lane that is `distance` before this one.
template <class T>
__device__ T shuffle_words_up(T const& x, unsigned distance) {
  static_assert(sizeof(T) % 4 == 0);
  constexpr int count = sizeof(T) / 4;
  unsigned words[count];
  memcpy(words, &x, sizeof x);
#pragma unroll
  for (int i = 0; i < count; ++i) { words[i] = __shfl_up_sync(0xffffffffu, words[i], distance); }
  T from = x;
  memcpy(&from, words, sizeof from);
  return from;
}

/// The values of the threads before this one, combined. Called by the whole block. Ends with a barrier that lets the
/// next call begin.
/// @param total  of all threads
template <int Threads, class Job>
__device__ typename Job::value combine_before(Job const& job, typename Job::value const& mine,
                                              typename Job::value& total) {
  using value = typename Job::value;
  constexpr int warps = Threads / 32;
  __shared__ value of_warp[warps];
  int const lane = static_cast<int>(threadIdx.x % 32);
  int const warp = static_cast<int>(threadIdx.x / 32);
  value all = mine;
#pragma unroll
  for (int step = 1; step < 32; step *= 2) {
    value const other = shuffle_words_up(all, static_cast<unsigned>(step));
    if (lane >= step) { all = job.combine(other, all); }
  }
  if (lane == 31) { of_warp[warp] = all; }
  value before = shuffle_words_up(all, 1);
  __syncthreads();
  total = job.nothing();
  value of_warps_before = job.nothing();
#pragma unroll
  for (int i = 0; i < warps; ++i) {
    if (i == warp) { of_warps_before = total; }
    total = job.combine(total, of_warp[i]);
  }
  __syncthreads();
  return lane == 0 ? of_warps_before : job.combine(of_warps_before, before);
}

/// The elements of a thread. They are neighbours.
template <class Job>
__device__ void load_elements(Job const& job, std::int64_t first, typename Job::value (&own)[scan_elements_each]) {
  std::int64_t const count = job.count();
#pragma unroll
  for (int i = 0; i < scan_elements_each; ++i) { own[i] = first + i < count ? job.at(first + i) : job.nothing(); }
}

template <class Job>
__global__ void __launch_bounds__(scan_threads) scan_tile_kernel(__grid_constant__ scan_params<Job> const p) {
  wait_for_launch_before();
  typename Job::value own[scan_elements_each];
  load_elements(p.job, (std::int64_t(blockIdx.x) * scan_threads + threadIdx.x) * scan_elements_each, own);
  typename Job::value mine = own[0];
#pragma unroll
  for (int i = 1; i < scan_elements_each; ++i) { mine = p.job.combine(mine, own[i]); }
  typename Job::value total;
  combine_before<scan_threads>(p.job, mine, total);
  if (threadIdx.x == 0) { p.tiles[blockIdx.x] = total; }
}

/// One block.
template <class Job, int Threads>
__global__ void __launch_bounds__(Threads) scan_carry_kernel(__grid_constant__ scan_params<Job> const p) {
  wait_for_launch_before();
  std::int64_t const tiles = (p.job.count() + scan_tile - 1) / scan_tile;
  typename Job::value carried = p.job.nothing();
  for (std::int64_t first = 0; first < tiles; first += Threads) {
    std::int64_t const tile = first + threadIdx.x;
    typename Job::value const mine = tile < tiles ? p.tiles[tile] : p.job.nothing();
    typename Job::value total;
    auto const before = combine_before<Threads>(p.job, mine, total);
    if (tile < tiles) { p.tiles[tile] = p.job.combine(carried, before); }
    carried = p.job.combine(carried, total);
  }
}

template <class Job>
__global__ void __launch_bounds__(scan_threads) scan_place_kernel(__grid_constant__ scan_params<Job> const p) {
  wait_for_launch_before();
  std::int64_t const count = p.job.count();
  if (std::int64_t(blockIdx.x) * scan_tile >= count) { return; }
  std::int64_t const first = (std::int64_t(blockIdx.x) * scan_threads + threadIdx.x) * scan_elements_each;
  typename Job::value own[scan_elements_each];
  load_elements(p.job, first, own);
  typename Job::value mine = own[0];
#pragma unroll
  for (int i = 1; i < scan_elements_each; ++i) { mine = p.job.combine(mine, own[i]); }
  typename Job::value total;
  auto const of_threads = combine_before<scan_threads>(p.job, mine, total);
  auto before = p.job.combine(p.tiles[blockIdx.x], of_threads);
#pragma unroll
  for (int i = 0; i < scan_elements_each; ++i) {
    if (first + i < count) { p.job.put(first + i, before, own[i]); }
    before = p.job.combine(before, own[i]);
  }
}

/// @param most   the most elements that there may be; at least 1
/// @param tiles  memory for `scan_tiles(most)` values
template <int CarryThreads = scan_carry_threads, class Job>
ROBOCACHE_HIDDEN status scan_in_order(Job const& job, std::int64_t most, void* tiles, launch_chain& chain) {
  scan_params<Job> const p{job, static_cast<typename Job::value*>(tiles)};
  dim3 const blocks(static_cast<unsigned>(scan_tiles(most)));
  status s = chain.launch(scan_tile_kernel<Job>, p, blocks, scan_threads);
  if (s.ok()) { s = chain.launch(scan_carry_kernel<Job, CarryThreads>, p, dim3(1), CarryThreads); }
  return s.ok() ? chain.launch(scan_place_kernel<Job>, p, blocks, scan_threads) : s;
}

}  // namespace robocache::detail
