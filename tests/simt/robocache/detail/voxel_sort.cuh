// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include <robocache/status.hpp>

// Stands in the place of the library's header of this name.
namespace robocache::detail {

struct sort_buffers {
  std::uint64_t* keys[2];
  std::uint32_t* numbers[2];
};

inline std::int64_t sort_bytes(std::int64_t, int) { return 16; }

inline status sort_pairs(sort_buffers const& buffers, std::int64_t count, int bits, void*, std::int64_t, cudaStream_t,
                         std::uint32_t*& sorted) {
  std::uint64_t const mask = bits < 64 ? (std::uint64_t(1) << bits) - 1 : ~std::uint64_t(0);
  std::vector<std::int64_t> order(std::size_t(count), 0);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return (buffers.keys[0][a] & mask) < (buffers.keys[0][b] & mask);
  });
  for (std::size_t i = 0; i < order.size(); ++i) { buffers.numbers[1][i] = buffers.numbers[0][order[i]]; }
  sorted = buffers.numbers[1];
  return {};
}

}  // namespace robocache::detail
