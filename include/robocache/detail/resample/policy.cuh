// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/arch.cuh>
#include <robocache/detail/common/timed/policy.cuh>
#include <robocache/detail/common/timed/tiling.hpp>

namespace robocache::detail {

/// The shape of a resampling launch.
struct resample_shape : tile_shape {
  int trajectory_vectors;  ///< rows of at most this many vectors
  int trajectory_bytes;    ///< and this much shared memory: a block takes a whole trajectory
  bool bulk;               ///< copied by one instruction where possible
};

/// Blocks of `max_threads` threads that a multiprocessor holds, as their registers allow: 32 per thread on H100, H200
/// and B200. On an H200 1024, 4096 -> 1024, 32 channels take 59.2 us with eight blocks, 60.3 with six and 63.6 with
/// five, and 2048, 500 -> 250, 256 channels 182.0, 181.7 and 189.0. Other chips hold 1536 threads, or were not
/// measured.
#if defined(__CUDA_ARCH__) && (__CUDA_ARCH__ == 900 || __CUDA_ARCH__ / 100 == 10)
inline constexpr int resample_blocks = 8;
#else
inline constexpr int resample_blocks = 6;
#endif

/// Vectors of one element that a thread has in flight where rows cannot be read in vectors: four do not fit 32
/// registers.
inline constexpr int scalar_loads = 2;

/// @param elements  channels in one vector of values: 1 where rows cannot be read in vectors
constexpr resample_shape resample_shape_for(device_properties const& device, int elements) noexcept {
  int const trajectory_bytes = device.compute_capability >= arch::sm90 ? 24576 : 16384;
  // On an H200 4096, 300 -> 150 rows of 7 channels take 13.8 us instead of 15.2, of 4 channels 11.6 instead of 13.1.
  bool const bulk = device.compute_capability >= arch::sm90 && device.memory_gbs >= memory_rate::hbm3e;
  return elements > 1 ? resample_shape{{max_threads, 8, 4}, 2, trajectory_bytes, bulk}
                      : resample_shape{{max_threads, 16, 4}, 32, trajectory_bytes, bulk};
}

/// Shared memory for a trajectory by a method beyond linear: what a block may have, 48 kB, less what the kernel
/// declares.
inline constexpr int method_trajectory_bytes = 16384;

/// The same for the methods beyond linear, on every chip.
constexpr resample_shape method_shape_for(device_properties const&, int elements) noexcept {
  return {{max_threads, elements > 1 ? 8 : 16, 4}, 16, method_trajectory_bytes, false};
}

/// Locating alone: one row per thread, and a row counts as one vector.
constexpr tile_shape locate_shape(device_properties const&) noexcept { return {max_threads, 1, 2}; }

}  // namespace robocache::detail
