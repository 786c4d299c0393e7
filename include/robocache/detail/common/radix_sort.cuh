// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <utility>

#include <robocache/detail/common/block_scan.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Sorts numbers by keys whose count only the device knows: a radix sort from the lowest digit on, which leaves equal
// keys in their order. CUB's takes the count from the host, and its calls look at the last CUDA error and clear it,
// which a call of this library never does.
namespace robocache::detail {

/// Keys of a block.
inline constexpr int sort_tile = sort_threads * sort_rounds;

/// What is sorted, in two buffers each.
struct sort_buffers {
  std::uint64_t* keys[2];
  std::uint32_t* numbers[2];
  std::uint32_t* counts;  ///< `[digits, tiles]`: keys with each digit in each tile, then how many come before them
  std::uint32_t* totals;  ///< `[digits]`
};

ROBOCACHE_HOST_DEVICE inline std::int64_t sort_tiles(std::int64_t count) noexcept {
  return (count + sort_tile - 1) / sort_tile;
}

/// One digit of the keys.
struct sort_params {
  std::uint64_t const* keys;
  std::uint32_t const* numbers;
  std::uint64_t* keys_to;
  std::uint32_t* numbers_to;
  std::uint32_t* counts;
  std::uint32_t* totals;
  std::uint32_t const* count;  ///< how many keys there are
  std::int32_t tiles;
  std::int32_t shift;
};

inline __device__ unsigned digit_of(sort_params const& p, std::uint64_t key) {
  return static_cast<unsigned>(key >> p.shift) % digits;
}

/// The first of a thread's keys: a warp has neighbouring ones.
inline __device__ std::int64_t first_sort_key() {
  return std::int64_t(blockIdx.x) * sort_tile + threadIdx.x / 32 * 32 * sort_rounds + threadIdx.x % 32;
}

/// Counts the digits of each tile.
template <int Threads>
__global__ void __launch_bounds__(Threads) sort_count_kernel(__grid_constant__ sort_params const p) {
  static_assert(Threads == sort_threads);
  __shared__ unsigned counts[digits];
  wait_for_launch_before();
  std::int64_t const all = *p.count;
  if (std::int64_t(blockIdx.x) * sort_tile >= all) { return; }
  counts[threadIdx.x] = 0;
  __syncthreads();
  std::int64_t const first = first_sort_key();
  // All loads come before the atomic operations, or each load would wait for the atomic operation before it.
  std::uint64_t key[sort_rounds];
#pragma unroll
  for (int r = 0; r < sort_rounds; ++r) { key[r] = first + r * 32 < all ? p.keys[first + r * 32] : 0; }
#pragma unroll
  for (int r = 0; r < sort_rounds; ++r) {
    if (first + r * 32 < all) { atomicAdd(counts + digit_of(p, key[r]), 1u); }
  }
  __syncthreads();
  p.counts[std::int64_t(threadIdx.x) * p.tiles + blockIdx.x] = counts[threadIdx.x];
}

/// Adds up the counts of the tiles before each: a block per digit. Tiles without keys are not counted.
template <int Threads>
__global__ void __launch_bounds__(Threads) sort_sum_kernel(__grid_constant__ sort_params const p) {
  wait_for_launch_before();
  std::uint32_t* const counts = p.counts + std::int64_t(blockIdx.x) * p.tiles;
  std::int64_t const tiles = sort_tiles(*p.count);
  std::uint32_t before = 0;
  for (std::int64_t first = 0; first < tiles; first += Threads) {
    std::int64_t const tile = first + threadIdx.x;
    std::uint32_t const mine = tile < tiles ? counts[tile] : 0;
    std::uint32_t total = 0;
    std::uint32_t const sum = before + sum_before<Threads>(mine, total);
    if (tile < tiles) { counts[tile] = sum; }
    before += total;
  }
  if (threadIdx.x == 0) { p.totals[blockIdx.x] = before; }
}

/// Moves each key to its place: after all keys with lower digits, and after those with the same digit in earlier tiles,
/// in earlier warps, and earlier in its own warp.
template <int Threads>
__global__ void __launch_bounds__(Threads) sort_move_kernel(__grid_constant__ sort_params const p) {
  static_assert(Threads == sort_threads);
  constexpr int warps = Threads / 32;
  __shared__ unsigned places[warps][digits];
  wait_for_launch_before();
  if (std::int64_t(blockIdx.x) * sort_tile >= std::int64_t(*p.count)) { return; }
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  std::uint32_t all = 0;
  std::uint32_t place = sum_before<Threads>(p.totals[threadIdx.x], all);
  place += p.counts[std::int64_t(threadIdx.x) * p.tiles + blockIdx.x];
#pragma unroll
  for (int w = 0; w < warps; ++w) { places[w][threadIdx.x] = 0; }
  __syncthreads();
  std::int64_t const first = first_sort_key();
  std::uint64_t key[sort_rounds];
  std::uint32_t number[sort_rounds];
  bool exists[sort_rounds];
#pragma unroll
  for (int r = 0; r < sort_rounds; ++r) {
    exists[r] = first + r * 32 < all;
    key[r] = exists[r] ? p.keys[first + r * 32] : 0;
    number[r] = exists[r] ? p.numbers[first + r * 32] : 0;
  }
#pragma unroll
  for (int r = 0; r < sort_rounds; ++r) {
    if (exists[r]) { atomicAdd(&places[warp][digit_of(p, key[r])], 1u); }
  }
  __syncthreads();
#pragma unroll
  for (int w = 0; w < warps; ++w) {
    unsigned const count = places[w][threadIdx.x];
    places[w][threadIdx.x] = place;
    place += count;
  }
  __syncthreads();
#pragma unroll
  for (int r = 0; r < sort_rounds; ++r) {
    unsigned const digit = exists[r] ? digit_of(p, key[r]) : digits;
    unsigned const alike = __match_any_sync(0xffffffffu, digit);
    unsigned const begin = exists[r] ? places[warp][digit] : 0;
    __syncwarp();
    if (exists[r]) {
      if (lane == static_cast<unsigned>(__ffs(static_cast<int>(alike)) - 1)) {
        places[warp][digit] = begin + static_cast<unsigned>(__popc(alike));
      }
      unsigned const to = begin + static_cast<unsigned>(__popc(alike & ((1u << lane) - 1)));
      p.keys_to[to] = key[r];
      p.numbers_to[to] = number[r];
    }
    __syncwarp();
  }
}

/// Sorts by the lowest `bits` of the keys, which are in the first buffers.
/// @param most    keys that there may be
/// @param count   on the device: how many there are
/// @param sorted  the buffer of numbers that holds the result
template <class Chain>
ROBOCACHE_HIDDEN status sort_pairs(sort_buffers const& buffers, std::int64_t most, std::uint32_t const* count, int bits,
                                   Chain& chain, std::uint32_t*& sorted) {
  auto const tiles = static_cast<std::int32_t>(sort_tiles(most));
  sort_params p{buffers.keys[0],
                buffers.numbers[0],
                buffers.keys[1],
                buffers.numbers[1],
                buffers.counts,
                buffers.totals,
                count,
                tiles,
                0};
  std::uint64_t* keys[2] = {buffers.keys[0], buffers.keys[1]};
  std::uint32_t* numbers[2] = {buffers.numbers[0], buffers.numbers[1]};
  for (; p.shift < bits; p.shift += digit_bits) {
    p.keys = keys[0];
    p.numbers = numbers[0];
    p.keys_to = keys[1];
    p.numbers_to = numbers[1];
    dim3 const blocks(static_cast<unsigned>(tiles));
    status s = chain.launch(sort_count_kernel<sort_threads>, p, blocks, sort_threads);
    if (s.ok()) { s = chain.launch(sort_sum_kernel<sort_threads>, p, dim3(digits), sort_threads); }
    if (s.ok()) { s = chain.launch(sort_move_kernel<sort_threads>, p, blocks, sort_threads); }
    if (!s.ok()) { return s; }
    std::swap(keys[0], keys[1]);
    std::swap(numbers[0], numbers[1]);
  }
  sorted = numbers[0];
  return {};
}

}  // namespace robocache::detail
