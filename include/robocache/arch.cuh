// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <robocache/detail/config.hpp>
#include <robocache/detail/minimum_arch.cuh>

namespace robocache {

/// Compute capability times ten, as `__CUDA_ARCH__ / 10`: 90 is Hopper. Policies compare with `>=`.
namespace arch {
inline constexpr int sm80 = 80;    ///< A100
inline constexpr int sm86 = 86;    ///< RTX 30
inline constexpr int sm87 = 87;    ///< Jetson Orin
inline constexpr int sm89 = 89;    ///< RTX 40, L40
inline constexpr int sm90 = 90;    ///< H100, H200
inline constexpr int sm100 = 100;  ///< B200
inline constexpr int sm110 = 110;  ///< Jetson Thor
inline constexpr int sm120 = 120;  ///< RTX 50
}  // namespace arch

/// What a launcher needs to know of the current device.
struct device_properties {
  int compute_capability = 0;  ///< times ten
  int multiprocessors = 0;
};

/// Reads the current device's properties. No synchronisation; each thread asks the runtime once for a device.
ROBOCACHE_HIDDEN inline cudaError_t read_device_properties(device_properties& properties) {
  thread_local int known_device = -1;
  thread_local device_properties known;
  int device = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess && device != known_device) {
    int major = 0;
    int minor = 0;
    int multiprocessors = 0;
    error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    if (error == cudaSuccess) { error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device); }
    if (error == cudaSuccess) {
      error = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
    }
    if (error == cudaSuccess) {
      known_device = device;
      known = {10 * major + minor, multiprocessors};
    }
  }
  properties = known;
  return error;
}

}  // namespace robocache
