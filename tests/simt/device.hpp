// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

// The device that launchers ask about. Included before any launcher.
namespace simt {

/// The chip has another size at each call: that may change the way a launch goes, never a bit. In no order, so that
/// tests that make some calls by turns do not make the same call on the same chip each time.
inline cudaError_t get_device(int* device) {
  static unsigned calls = 0;
  *device = static_cast<int>((++calls * 2654435761u >> 16) % 3);
  return cudaSuccess;
}

inline cudaError_t get_attribute(int* value, cudaDeviceAttr attribute, int device) {
  int const multiprocessors[] = {1, 8, 132};
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor: *value = 9; break;
    case cudaDevAttrComputeCapabilityMinor: *value = 0; break;
    default: *value = multiprocessors[device]; break;
  }
  return cudaSuccess;
}

}  // namespace simt

#define cudaGetDevice simt::get_device
#define cudaDeviceGetAttribute simt::get_attribute
