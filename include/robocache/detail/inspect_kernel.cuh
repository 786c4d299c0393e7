// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/inspect.cuh>

namespace robocache::detail {

inline constexpr int inspect_threads = 256;

template <class Stamp>
struct inspect_params {
  timeline<Stamp> when;
  std::int64_t source_batch;
  trajectory_report* reports;
  unsigned parts;  ///< blocks that share a trajectory
};

/// Sound data has nothing to count and costs no atomic operation.
inline __device__ void add_count(std::int64_t& to, std::int64_t count) {
  if (count != 0) { atomicAdd(reinterpret_cast<unsigned long long*>(&to), static_cast<unsigned long long>(count)); }
}

inline __device__ void add_report(trajectory_report& to, trajectory_report const& from) {
  add_count(to.unsorted, from.unsorted);
  add_count(to.duplicated, from.duplicated);
  add_count(to.non_finite, from.non_finite);
  add_count(to.out_of_range, from.out_of_range);
}

/// `parts` blocks go over one trajectory, then over the one that follows those of all other blocks. Whole numbers are
/// added, so their order is no matter. The reports are 0 before.
template <class Stamp>
__global__ void __launch_bounds__(inspect_threads) inspect_kernel(__grid_constant__ inspect_params<Stamp> const p) {
  __shared__ trajectory_report in_block;
  std::int64_t const first = std::int64_t(blockIdx.x % p.parts) * blockDim.x + threadIdx.x;
  std::int64_t const step = std::int64_t(p.parts) * blockDim.x;
  for (std::int64_t b = blockIdx.x / p.parts; b < p.when.batch; b += gridDim.x / p.parts) {
    if (threadIdx.x == 0) { in_block = {}; }
    __syncthreads();
    trajectory_report mine{};
    device::inspect_part(p.when, b, p.source_batch, first, step, mine);
    add_report(in_block, mine);
    __syncthreads();
    if (threadIdx.x == 0) { add_report(p.reports[b], in_block); }
    __syncthreads();  // before the next trajectory clears what was just read
  }
}

}  // namespace robocache::detail
