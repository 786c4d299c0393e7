// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

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

/// Peak rates of memory in GB/s by which policies tell chips of one architecture apart. They compare with `>=`, so a
/// chip that does not say its rate has the values of its architecture.
namespace memory_rate {
inline constexpr int hbm3e = 4400;  ///< H200 (4,814), B200. Less: H100 (3,352), GH200 with HBM3 (4,023)
}  // namespace memory_rate

/// What a launcher needs to know of the current device.
struct device_properties {
  int compute_capability = 0;  ///< times ten
  int multiprocessors = 0;
  std::int64_t l2_bytes = 0;  ///< of the L2 cache: an H100 has 50 MB, an H200 60; 0: unknown
  int memory_gbs = 0;         ///< peak rate of its memory in GB/s, by clock and width; 0: unknown
};

namespace detail {

/// Asks the runtime. On an H200 the clock of its memory takes 0.54 ms, all the rest 3 us.
ROBOCACHE_HIDDEN inline cudaError_t ask_device(int device, device_properties& properties) {
  constexpr cudaDeviceAttr wanted[] = {
      cudaDevAttrComputeCapabilityMajor, cudaDevAttrComputeCapabilityMinor,
      cudaDevAttrMultiProcessorCount,    cudaDevAttrL2CacheSize,
      cudaDevAttrMemoryClockRate,        cudaDevAttrGlobalMemoryBusWidth,
  };
  int found[sizeof wanted / sizeof *wanted] = {};
  for (std::size_t i = 0; i < sizeof wanted / sizeof *wanted; ++i) {
    cudaError_t const error = cudaDeviceGetAttribute(&found[i], wanted[i], device);
    if (error != cudaSuccess) { return error; }
  }
  properties.compute_capability = 10 * found[0] + found[1];
  properties.multiprocessors = found[2];
  properties.l2_bytes = found[3];
  // kHz times bits, two transfers per period, eight bits per byte.
  properties.memory_gbs = static_cast<int>(std::int64_t{found[4]} * found[5] / 4'000'000);
  return cudaSuccess;
}

/// A device that was asked: what is known of it may be read once `known` is 2. The thread that raises it from 0 to 1
/// writes.
struct asked_device {
  std::atomic<int> known{0};
  device_properties properties;
};

}  // namespace detail

/// Reads the current device's properties. No synchronisation, and safe from any thread; the runtime is asked once for
/// each device.
ROBOCACHE_HIDDEN inline cudaError_t read_device_properties(device_properties& properties) {
  constexpr int most_devices = 64;  // a machine with more asks again for those beyond
  static detail::asked_device asked[most_devices];
  int device = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error != cudaSuccess) { return error; }
  if (device >= most_devices) { return detail::ask_device(device, properties); }
  detail::asked_device& one = asked[device];
  if (one.known.load(std::memory_order_acquire) == 2) {
    properties = one.properties;
    return cudaSuccess;
  }
  error = detail::ask_device(device, properties);
  int unknown = 0;
  if (error == cudaSuccess && one.known.compare_exchange_strong(unknown, 1)) {
    one.properties = properties;
    one.known.store(2, std::memory_order_release);
  }
  return error;
}

}  // namespace robocache
