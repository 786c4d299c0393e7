// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <atomic>

// The device that launchers ask about. Included before any launcher.
namespace simt {

/// What a chip says of itself: its multiprocessors, its L2 cache in bytes, its memory's clock in kHz and width in bits.
struct chip {
  int multiprocessors, l2_bytes, memory_khz, memory_bits;
};

/// Parts of an H200 and of an H100, and both whole.
inline constexpr chip chips[] = {{1, 60 << 20, 3'201'000, 6016},
                                 {8, 50 << 20, 2'619'000, 5120},
                                 {132, 50 << 20, 2'619'000, 5120},
                                 {132, 60 << 20, 3'201'000, 6016}};

/// Another chip at each call: that may change how a launch works, never a bit.
inline cudaError_t get_device(int* device) {
  static int calls = 0;
  *device = calls++ % static_cast<int>(sizeof chips / sizeof *chips);
  return cudaSuccess;
}

/// How often attributes were asked for.
inline std::atomic<int>& attributes_asked() {
  static std::atomic<int> asked{0};
  return asked;
}

inline cudaError_t get_attribute(int* value, cudaDeviceAttr attribute, int device) {
  ++attributes_asked();
  chip const& asked = chips[device];
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor: *value = 9; break;
    case cudaDevAttrComputeCapabilityMinor: *value = 0; break;
    case cudaDevAttrMultiProcessorCount: *value = asked.multiprocessors; break;
    case cudaDevAttrL2CacheSize: *value = asked.l2_bytes; break;
    case cudaDevAttrMemoryClockRate: *value = asked.memory_khz; break;
    case cudaDevAttrGlobalMemoryBusWidth: *value = asked.memory_bits; break;
    default: return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}

}  // namespace simt

#define cudaGetDevice simt::get_device
#define cudaDeviceGetAttribute simt::get_attribute
