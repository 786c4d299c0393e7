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
};

/// @param elements  channels in one vector of values: 1 where rows cannot be read in vectors
constexpr resample_shape resample_shape_for(device_properties const& device, int elements) noexcept {
  int const trajectory_bytes = device.compute_capability >= arch::sm90 ? 24576 : 16384;
  return elements > 1 ? resample_shape{{max_threads, 8, 4}, 2, trajectory_bytes}
                      : resample_shape{{max_threads, 16, 4}, 32, trajectory_bytes};
}

/// Shared memory for a trajectory by a method beyond linear: what a block may have, 48 kB, less what the kernel
/// declares.
inline constexpr int method_trajectory_bytes = 16384;

/// The same for the methods beyond linear, on every chip.
constexpr resample_shape method_shape_for(device_properties const&, int elements) noexcept {
  return {{max_threads, elements > 1 ? 8 : 16, 4}, 16, method_trajectory_bytes};
}

/// Locating alone: a thread has a row, and rows are one vector.
constexpr tile_shape locate_shape(device_properties const&) noexcept { return {max_threads, 1, 2}; }

}  // namespace robocache::detail
