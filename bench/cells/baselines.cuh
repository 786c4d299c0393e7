// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/grid.hpp>

/// Voxelizing as one would first write it: clear, then one thread per point and one atomic operation per number.
/// Cells are the library's. Clouds of less than 2^31 points, grids of less than 2^31 cells times channels.
namespace robocache::bench {

/// One cloud.
struct naive_cloud {
  float const* points;  ///< x y z first in each point
  int count;
  int stride;             ///< floats per point
  float const* features;  ///< null where none are read
  int channels;
  int feature_stride;  ///< floats from one point's features to the next
};

/// Points in each cell.
void enqueue_naive_count(naive_cloud const& cloud, grid const& lattice, std::int32_t* count, cudaStream_t cuda_stream);

/// 1 in each cell that has a point: four bytes, by an atomic exchange.
void enqueue_naive_occupied(naive_cloud const& cloud, grid const& lattice, std::int32_t* occupied,
                            cudaStream_t cuda_stream);

/// Means of features, in any order: counts and sums, then one thread per cell divides.
void enqueue_naive_mean(naive_cloud const& cloud, grid const& lattice, std::int32_t* count, float* mean,
                        cudaStream_t cuda_stream);

}  // namespace robocache::bench
