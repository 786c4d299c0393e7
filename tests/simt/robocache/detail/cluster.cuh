// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/launch.cuh>

#include "simt/simt.hpp"

// Stands in the place of the library's header of this name: all blocks of a cluster take turns.
namespace robocache::detail {

inline constexpr bool has_clusters = true;
inline unsigned cluster_rank() { return simt::block::current().rank(); }
inline void cluster_barrier() { simt::block::current().wait_for_cluster(); }
inline unsigned char* launched_memory() { return simt::launched_memory_of(cluster_rank()); }

template <class T>
T* shared_of(T* mine, unsigned rank) {
  auto const at = reinterpret_cast<unsigned char*>(mine) - launched_memory();
  return reinterpret_cast<T*>(simt::launched_memory_of(rank) + at);
}

template <class Params>
bool allow_cluster(void (*)(Params), int, unsigned, int, int) {
  return true;
}

/// How many clusters were launched.
inline int cluster_count = 0;

template <class Params>
status launch_cluster(void (*kernel)(Params), Params const& params, unsigned blocks, int threads, int shared_bytes,
                      cudaStream_t) {
  ++launch_count;
  ++cluster_count;
  gridDim = {blocks, 1, 1};
  blockDim = {unsigned(threads), 1, 1};
  blockIdx = {};  // not used: a block of a cluster has a rank
  simt::give_launched_memory(blocks, std::size_t(shared_bytes));
  simt::block::current().run(
      threads, [&] { kernel(params); }, blocks);
  simt::give_launched_memory(0, 0);
  return {};
}

}  // namespace robocache::detail
