// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include <cub/device/device_radix_sort.cuh>

#include <robocache/detail/launch.cuh>

// Sorts numbers by keys, on the device. The tests put a header of this name, for the CPU, in its place.
namespace robocache::detail {

/// What is sorted: two buffers each, whose first ones hold what is there at the beginning.
struct sort_buffers {
  std::uint64_t* keys[2];
  std::uint32_t* numbers[2];
};

/// Bytes of scratch beside the buffers: depends on the current device; 0 without one.
/// @param bits  of the keys, from the lowest on: the others do not count
inline std::int64_t sort_bytes(std::int64_t count, int bits) {
  cub::DoubleBuffer<std::uint64_t> keys;
  cub::DoubleBuffer<std::uint32_t> numbers;
  std::size_t bytes = 0;
  cudaError_t const error =
      cub::DeviceRadixSort::SortPairs(nullptr, bytes, keys, numbers, static_cast<std::int32_t>(count), 0, bits);
  return error == cudaSuccess ? static_cast<std::int64_t>(bytes) : 0;
}

/// Sorts `count` keys; numbers with like keys stay in their order.
/// @param sorted  the buffer of numbers that holds the result
ROBOCACHE_HIDDEN inline status sort_pairs(sort_buffers const& buffers, std::int64_t count, int bits, void* memory,
                                          std::int64_t bytes, cudaStream_t cuda_stream, std::uint32_t*& sorted) {
  cub::DoubleBuffer<std::uint64_t> keys(buffers.keys[0], buffers.keys[1]);
  cub::DoubleBuffer<std::uint32_t> numbers(buffers.numbers[0], buffers.numbers[1]);
  auto size = static_cast<std::size_t>(bytes);
  cudaError_t const error = cub::DeviceRadixSort::SortPairs(memory, size, keys, numbers,
                                                            static_cast<std::int32_t>(count), 0, bits, cuda_stream);
  sorted = numbers.Current();
  return error == cudaSuccess ? status{} : cuda_failure("launch", error);
}

}  // namespace robocache::detail
