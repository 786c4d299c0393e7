// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/launch.cuh>

// Clusters of blocks, which run at the same time and reach each other's shared memory: compute capability 9.0 or newer.
// The tests put a header of this name, for the CPU, in its place.
namespace robocache::detail {

/// Whether this code can run in a cluster.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
inline constexpr bool has_clusters = true;
#else
inline constexpr bool has_clusters = false;
#endif

/// The number of this block in its cluster.
inline __device__ unsigned cluster_rank() {
  unsigned rank = 0;
#if __CUDA_ARCH__ >= 900
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
#endif
  return rank;
}

/// Waits for all threads of the cluster. What they wrote before, to any memory, is visible afterwards.
inline __device__ void cluster_barrier() {
#if __CUDA_ARCH__ >= 900
  __syncwarp();
  asm volatile("barrier.cluster.arrive.release.aligned;\n\tbarrier.cluster.wait.acquire.aligned;" ::: "memory");
#endif
}

/// The shared memory that the block was launched with, aligned to 16 bytes.
inline __device__ unsigned char* launched_memory() {
  extern __shared__ uint4 launched_vectors[];
  return reinterpret_cast<unsigned char*>(launched_vectors);
}

/// Where a block of the cluster has what this one has at `mine`, in its `launched_memory`.
template <class T>
__device__ T* shared_of(T* mine, [[maybe_unused]] unsigned rank) {
#if __CUDA_ARCH__ >= 900
  T* theirs;
  asm("mapa.u64 %0, %1, %2;" : "=l"(theirs) : "l"(mine), "r"(rank));
  return theirs;
#else
  return mine;
#endif
}

/// Messages that blocks of a cluster write into each other's shared memory, and wait for without a barrier: that would
/// also wait for all that was written to memory, and forget what is in the L1 cache. A round is over once all of its
/// bytes have come; the rounds of one inbox follow each other.
struct inbox {
  std::uint64_t state;
};

/// By one thread, before a cluster barrier that makes it known.
inline __device__ void open_inbox(inbox& one) {
#if __CUDA_ARCH__ >= 900
  auto const at = static_cast<unsigned>(__cvta_generic_to_shared(&one));
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(at) : "memory");
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
}

/// So many bytes are this round's. By one thread of the block that they are sent to, once in each round.
inline __device__ void expect_messages(inbox& one, unsigned bytes) {
#if __CUDA_ARCH__ >= 900
  auto const at = static_cast<unsigned>(__cvta_generic_to_shared(&one));
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(at), "r"(bytes) : "memory");
#endif
}

/// Writes a message of 4 or 16 bytes to where block `rank` has what this one has at `mine`, in its `launched_memory`.
/// @param one  likewise
template <class T>
__device__ void send(T const& message, T* mine, inbox& one, unsigned rank) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 16, "a register, or four");
#if __CUDA_ARCH__ >= 900
  auto to = static_cast<unsigned>(__cvta_generic_to_shared(mine));
  auto at = static_cast<unsigned>(__cvta_generic_to_shared(&one));
  asm("mapa.shared::cluster.u32 %0, %0, %1;" : "+r"(to) : "r"(rank));
  asm("mapa.shared::cluster.u32 %0, %0, %1;" : "+r"(at) : "r"(rank));
  auto const* const words = reinterpret_cast<unsigned const*>(&message);
  if constexpr (sizeof(T) == 4) {
    asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.b32 [%0], %1, [%2];" ::"r"(to),
                 "r"(words[0]), "r"(at)
                 : "memory");
  } else {
    asm volatile(
        "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(to),
        "r"(words[0]), "r"(words[1]), "r"(words[2]), "r"(words[3]), "r"(at)
        : "memory");
  }
#endif
}

/// Waits until round number `round` of the inbox, counted from 0, is over.
inline __device__ void wait_for_messages(inbox& one, unsigned round) {
#if __CUDA_ARCH__ >= 900
  auto const at = static_cast<unsigned>(__cvta_generic_to_shared(&one));
  unsigned done = 0;
  do {
    asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
                 : "=r"(done)
                 : "r"(at), "r"(round % 2)
                 : "memory");
  } while (done == 0);
  __syncwarp();  // lanes may have left the loop apart
#endif
}

/// How clusters are launched: each row of the grid is one. A block alone is none, which every chip can run.
struct cluster_launch {
  cudaLaunchAttribute cluster{};
  cudaLaunchConfig_t config{};

  cluster_launch(unsigned blocks, int threads, int shared_bytes, cudaStream_t cuda_stream, unsigned clusters = 1) {
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim = {blocks, 1, 1};
    config.gridDim = dim3(blocks, clusters);
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = shared_bytes;
    config.stream = cuda_stream;
    config.attrs = &cluster;
    config.numAttrs = blocks > 1 ? 1 : 0;
  }
  cluster_launch(cluster_launch const&) = delete;
  cluster_launch& operator=(cluster_launch const&) = delete;
};

/// Allows clusters of a kernel up to a size, also of more blocks than every chip has room for, and says how many of
/// them the current device can run at a time: none where its code may be for older chips, or a part of a chip has no
/// room. Does not clear an earlier error.
template <class Params>
ROBOCACHE_HIDDEN int allow_cluster(void (*kernel)(Params), int compute_capability, unsigned blocks, int threads,
                                   int shared_bytes) {
  // Code that waits for earlier launches can run in clusters, too: both need compute capability 9.0.
  if (!has_early_launches(compute_capability)) { return 0; }
  bool const clean = cudaPeekAtLastError() == cudaSuccess;
  void const* const function = reinterpret_cast<void const*>(kernel);
  cluster_launch const plan(blocks, threads, shared_bytes, nullptr);
  int clusters = 0;
  bool const allowed =
      cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes) == cudaSuccess &&
      cudaFuncSetAttribute(function, cudaFuncAttributeNonPortableClusterSizeAllowed, 1) == cudaSuccess &&
      cudaOccupancyMaxActiveClusters(&clusters, function, &plan.config) == cudaSuccess;
  if (!allowed && clean) { static_cast<void>(cudaGetLastError()); }
  return allowed ? clusters : 0;
}

/// Launches clusters of a size that `allow_cluster` has allowed, one unless asked for more, and says what the launch
/// itself returned.
template <class Params>
ROBOCACHE_HIDDEN status launch_cluster(void (*kernel)(Params), Params const& params, unsigned blocks, int threads,
                                       int shared_bytes, cudaStream_t cuda_stream, unsigned clusters = 1) {
  cluster_launch const plan(blocks, threads, shared_bytes, cuda_stream, clusters);
  void* arguments[] = {const_cast<Params*>(&params)};
  cudaError_t const error = cudaLaunchKernelExC(&plan.config, reinterpret_cast<void const*>(kernel), arguments);
  return error == cudaSuccess ? status{} : cuda_failure("kernel launch", error);
}

}  // namespace robocache::detail
