// SPDX-License-Identifier: Apache-2.0
#include "cells/baselines.cuh"

#include <cuda_runtime.h>

#include "support/harness.cuh"

namespace robocache::bench {

namespace {

constexpr int block = 256;

unsigned blocks_for(std::int64_t threads) { return static_cast<unsigned>((threads + block - 1) / block); }

struct naive_grid {
  float origin[3], size[3];
  int cells[3];

  explicit naive_grid(grid const& lattice) {
    for (int axis = 0; axis < 3; ++axis) {
      origin[axis] = lattice.origin[axis];
      size[axis] = lattice.size[axis];
      cells[axis] = static_cast<int>(lattice.cells[axis]);
    }
  }
};

/// The cell of a point; -1 where it is in none.
__device__ int find_naive_cell(naive_grid const& lattice, float const* point) {
  float const x = floorf((point[0] - lattice.origin[0]) / lattice.size[0]);
  float const y = floorf((point[1] - lattice.origin[1]) / lattice.size[1]);
  float const z = floorf((point[2] - lattice.origin[2]) / lattice.size[2]);
  bool const inside = x >= 0.0f && x < static_cast<float>(lattice.cells[0]) && y >= 0.0f &&
                      y < static_cast<float>(lattice.cells[1]) && z >= 0.0f && z < static_cast<float>(lattice.cells[2]);
  if (!inside) { return -1; }
  return (static_cast<int>(z) * lattice.cells[1] + static_cast<int>(y)) * lattice.cells[0] + static_cast<int>(x);
}

__global__ void __launch_bounds__(block) naive_count(naive_cloud cloud, naive_grid lattice, std::int32_t* count) {
  int const i = static_cast<int>(blockIdx.x * block + threadIdx.x);
  if (i >= cloud.count) { return; }
  int const cell = find_naive_cell(lattice, cloud.points + std::int64_t(i) * cloud.stride);
  if (cell >= 0) { atomicAdd(count + cell, 1); }
}

__global__ void __launch_bounds__(block) naive_occupied(naive_cloud cloud, naive_grid lattice, std::int32_t* occupied) {
  int const i = static_cast<int>(blockIdx.x * block + threadIdx.x);
  if (i >= cloud.count) { return; }
  int const cell = find_naive_cell(lattice, cloud.points + std::int64_t(i) * cloud.stride);
  if (cell >= 0) { atomicExch(occupied + cell, 1); }
}

__global__ void __launch_bounds__(block)
    naive_sum(naive_cloud cloud, naive_grid lattice, std::int32_t* count, float* sum) {
  int const i = static_cast<int>(blockIdx.x * block + threadIdx.x);
  if (i >= cloud.count) { return; }
  int const cell = find_naive_cell(lattice, cloud.points + std::int64_t(i) * cloud.stride);
  if (cell < 0) { return; }
  atomicAdd(count + cell, 1);
  float const* const from = cloud.features + std::int64_t(i) * cloud.feature_stride;
  float* const to = sum + std::int64_t(cell) * cloud.channels;
  for (int c = 0; c < cloud.channels; ++c) { atomicAdd(to + c, from[c]); }
}

__global__ void __launch_bounds__(block) naive_divide(std::int32_t const* count, float* sum, int channels, int cells) {
  int const cell = static_cast<int>(blockIdx.x * block + threadIdx.x);
  if (cell >= cells || count[cell] < 2) { return; }
  for (int c = 0; c < channels; ++c) { sum[std::int64_t(cell) * channels + c] /= static_cast<float>(count[cell]); }
}

void enqueue_clear(void* to, std::int64_t bytes, cudaStream_t cuda_stream) {
  check(cudaMemsetAsync(to, 0, bytes, cuda_stream), "cudaMemsetAsync");
}

}  // namespace

void enqueue_naive_count(naive_cloud const& cloud, grid const& lattice, std::int32_t* count, cudaStream_t cuda_stream) {
  enqueue_clear(count, lattice.total() * static_cast<std::int64_t>(sizeof *count), cuda_stream);
  naive_count<<<blocks_for(cloud.count), block, 0, cuda_stream>>>(cloud, naive_grid(lattice), count);
  check(cudaGetLastError(), "naive count");
}

void enqueue_naive_occupied(naive_cloud const& cloud, grid const& lattice, std::int32_t* occupied,
                            cudaStream_t cuda_stream) {
  enqueue_clear(occupied, lattice.total() * static_cast<std::int64_t>(sizeof *occupied), cuda_stream);
  naive_occupied<<<blocks_for(cloud.count), block, 0, cuda_stream>>>(cloud, naive_grid(lattice), occupied);
  check(cudaGetLastError(), "naive occupancy");
}

void enqueue_naive_mean(naive_cloud const& cloud, grid const& lattice, std::int32_t* count, float* mean,
                        cudaStream_t cuda_stream) {
  std::int64_t const numbers = lattice.total() * cloud.channels;
  enqueue_clear(count, lattice.total() * static_cast<std::int64_t>(sizeof *count), cuda_stream);
  enqueue_clear(mean, numbers * static_cast<std::int64_t>(sizeof *mean), cuda_stream);
  naive_sum<<<blocks_for(cloud.count), block, 0, cuda_stream>>>(cloud, naive_grid(lattice), count, mean);
  check(cudaGetLastError(), "naive sum");
  auto const cells = static_cast<int>(lattice.total());
  naive_divide<<<blocks_for(cells), block, 0, cuda_stream>>>(count, mean, static_cast<int>(cloud.channels), cells);
  check(cudaGetLastError(), "naive division");
}

}  // namespace robocache::bench
