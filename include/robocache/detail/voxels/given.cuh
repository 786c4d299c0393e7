// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>

// Groups points by voxel where the voxel of each point is given.
namespace robocache::detail {

inline __device__ std::int32_t given_voxel(given_list_params const& p, std::int64_t row) {
  std::int32_t const voxel = row < p.rows ? p.voxels_of[row] : no_voxel;
  return static_cast<std::uint32_t>(voxel) < p.voxels ? voxel : no_voxel;
}

/// Counts the points of each voxel, and gives each a place in its list.
template <int Threads>
__global__ void __launch_bounds__(Threads) given_rank_kernel(__grid_constant__ given_list_params const p) {
  wait_for_launch_before();
  std::int64_t const row = std::int64_t(blockIdx.x) * Threads + threadIdx.x;
  std::int32_t const voxel = given_voxel(p, row);
  cell_run const run = run_of(voxel);
  unsigned rank = 0;
  if (run.leads && voxel >= 0) { rank = atomicAdd(p.lists.counts + voxel, static_cast<unsigned>(run.count)); }
  int const leader = leader_of(run);
  unsigned const first = __shfl_sync(0xffffffffu, rank, leader);
  if (voxel >= 0) { p.lists.ranks[row] = first + threadIdx.x % 32 - leader; }
}

/// Writes the lists.
template <int Threads>
__global__ void __launch_bounds__(Threads) given_list_kernel(__grid_constant__ given_list_params const p) {
  wait_for_launch_before();
  std::int64_t const row = std::int64_t(blockIdx.x) * Threads + threadIdx.x;
  std::int32_t const voxel = given_voxel(p, row);
  if (voxel >= 0) { p.lists.rows[p.lists.starts[voxel] + p.lists.ranks[row]] = static_cast<std::uint32_t>(row); }
}

}  // namespace robocache::detail
