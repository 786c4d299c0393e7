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

/// How a cluster is launched: all blocks of the grid are one.
struct cluster_launch {
  cudaLaunchAttribute cluster{};
  cudaLaunchConfig_t config{};

  cluster_launch(unsigned blocks, int threads, int shared_bytes, cudaStream_t cuda_stream) {
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim = {blocks, 1, 1};
    config.gridDim = dim3(blocks);
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = shared_bytes;
    config.stream = cuda_stream;
    config.attrs = &cluster;
    config.numAttrs = 1;
  }
  cluster_launch(cluster_launch const&) = delete;
  cluster_launch& operator=(cluster_launch const&) = delete;
};

/// Allows clusters of a kernel up to a size, which may be more blocks than every chip can hold, and says whether the
/// current device can run one: the code may be for older chips, and a partition of a chip may be too small. Does not
/// clear an earlier error.
template <class Params>
ROBOCACHE_HIDDEN bool allow_cluster(void (*kernel)(Params), int compute_capability, unsigned blocks, int threads,
                                    int shared_bytes) {
  // Code that waits for earlier launches can run in clusters, too: both need compute capability 9.0.
  if (!has_early_launches(compute_capability)) { return false; }
  bool const clean = cudaPeekAtLastError() == cudaSuccess;
  void const* const function = reinterpret_cast<void const*>(kernel);
  cluster_launch const plan(blocks, threads, shared_bytes, nullptr);
  int clusters = 0;
  bool const allowed =
      cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes) == cudaSuccess &&
      cudaFuncSetAttribute(function, cudaFuncAttributeNonPortableClusterSizeAllowed, 1) == cudaSuccess &&
      cudaOccupancyMaxActiveClusters(&clusters, function, &plan.config) == cudaSuccess && clusters > 0;
  if (!allowed && clean) { static_cast<void>(cudaGetLastError()); }
  return allowed;
}

/// Launches one cluster, of a size that `allow_cluster` has allowed, and says what the launch itself returned.
template <class Params>
ROBOCACHE_HIDDEN status launch_cluster(void (*kernel)(Params), Params const& params, unsigned blocks, int threads,
                                       int shared_bytes, cudaStream_t cuda_stream) {
  cluster_launch const plan(blocks, threads, shared_bytes, cuda_stream);
  void* arguments[] = {const_cast<Params*>(&params)};
  cudaError_t const error = cudaLaunchKernelExC(&plan.config, reinterpret_cast<void const*>(kernel), arguments);
  return error == cudaSuccess ? status{} : cuda_failure("kernel launch", error);
}

}  // namespace robocache::detail
