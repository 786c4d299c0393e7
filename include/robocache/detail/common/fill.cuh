// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/policy.cuh>
#include <robocache/detail/intrinsics.cuh>

// Fills several arrays in one launch, the first of a call: a launch for each would cost as much as clearing some
// megabytes.
namespace robocache::detail {

/// Memory to be filled with a pattern of 4 bytes, from its first byte on.
struct fill_region {
  std::byte* to;
  std::int64_t bytes;
  std::uint32_t pattern;
};

/// What is to be filled, one region after the other.
struct fill_list {
  static constexpr int capacity = 9;  ///< all results of `voxelize`, and the lists' counters
  fill_region regions[capacity];
  int count = 0;

  /// Null and empty memory is left out.
  void add(void* to, std::int64_t bytes, std::uint32_t pattern = 0) {
    if (to == nullptr || bytes <= 0) { return; }
    assert(count < capacity);
    regions[count++] = {static_cast<std::byte*>(to), bytes, pattern};
  }
};

/// A row of the grid for each region.
template <int Threads>
__global__ void __launch_bounds__(Threads) fill_kernel(__grid_constant__ fill_list const p) {
  let_next_launch_begin();
  fill_region const region = p.regions[blockIdx.y];
  // Vectors where addresses are multiples of 16; bytes before and after those one by one.
  auto const misplaced = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(region.to) % 16);
  std::int64_t const head = min((16 - misplaced) % 16, region.bytes);
  std::int64_t const vectors = (region.bytes - head) / 16;
  std::int64_t const tail = head + vectors * 16;
  if (blockIdx.x == 0) {
    std::int64_t const one = threadIdx.x < 16 ? threadIdx.x : tail + threadIdx.x - 16;
    if (threadIdx.x < 16 ? one < head : threadIdx.x < 32 && one < region.bytes) {
      region.to[one] = static_cast<std::byte>(region.pattern >> 8 * (one % 4));
    }
  }
  unsigned const turned = __funnelshift_r(region.pattern, region.pattern, static_cast<unsigned>(8 * (head % 4)));
  uint4 const vector{turned, turned, turned, turned};
  auto* const to = reinterpret_cast<uint4*>(region.to + head);
#pragma unroll 4
  for (std::int64_t i = std::int64_t(blockIdx.x) * Threads + threadIdx.x; i < vectors;
       i += std::int64_t(gridDim.x) * Threads) {
    to[i] = vector;
  }
}

/// Fills everything in a list.
/// @param blocks_each  blocks per multiprocessor at most
template <class Chain>
ROBOCACHE_HIDDEN status fill(fill_list const& list, Chain& chain, int blocks_each) {
  if (list.count == 0) { return {}; }
  std::int64_t most = 0;
  for (int i = 0; i < list.count; ++i) { most = std::max(most, list.regions[i].bytes); }
  std::int64_t const wanted = most / (16 * fill_threads * fill_vectors_each) + 1;
  auto const blocks =
      static_cast<unsigned>(std::min(wanted, std::int64_t{chain.device().multiprocessors} * blocks_each));
  return chain.launch(fill_kernel<fill_threads>, list, dim3(blocks, static_cast<unsigned>(list.count)), fill_threads);
}

template <class Chain>
ROBOCACHE_HIDDEN status fill(fill_list const& list, Chain& chain) {
  return fill(list, chain, fill_blocks_each(chain.device()));
}

}  // namespace robocache::detail
