// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <robocache/arch.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/launch.cuh>
#include <robocache/status.hpp>

namespace robocache::detail {

/// What a launcher needs to know about the current device, or why it cannot be known.
ROBOCACHE_HIDDEN inline status read_device(device_properties& device) {
  cudaError_t const error = read_device_properties(device);
  return error == cudaSuccess ? status{} : cuda_failure("device", error);
}

}  // namespace robocache::detail
