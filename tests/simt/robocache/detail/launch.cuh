// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstring>

#include <robocache/detail/common/check.hpp>

#include "simt/simt.hpp"

// Replaces the library's header of this name: runs all blocks, one after the other, from the first to the
// last or from the last to the first, by turns.
namespace robocache::detail {

/// Dynamic shared memory that a block may have, besides what kernels declare.
inline constexpr int most_shared_bytes = 46 * 1024;

inline status cuda_failure(char const* what, cudaError_t) { return refuse(status_code::cuda_error, what, "", "none"); }

inline status clear(void* memory, std::int64_t bytes, cudaStream_t) {
  std::memset(memory, 0, std::size_t(bytes));
  return {};
}

template <auto>
status allow_shared(int) {
  return {};
}

/// How many launches there were.
inline int launch_count = 0;

template <class Params>
status launch(void (*kernel)(Params), Params const& params, dim3 grid, int threads, int shared_bytes, cudaStream_t,
              bool = false) {
  if (shared_bytes > most_shared_bytes) { simt::fail("more shared memory than a block has"); }
  ++launch_count;
  gridDim = {grid.x, grid.y, 1};
  blockDim = {unsigned(threads), 1, 1};
  std::uint64_t const blocks = std::uint64_t(grid.x) * grid.y;
  for (std::uint64_t turn = 0; turn < blocks; ++turn) {
    std::uint64_t const i = launch_count % 2 == 0 ? blocks - 1 - turn : turn;
    blockIdx = {unsigned(i % grid.x), unsigned(i / grid.x), 0};
    simt::block::current().run(threads, [&] { kernel(params); });
  }
  return {};
}

}  // namespace robocache::detail
