// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/detail/config.hpp>

// The tests put a header of this name, which runs blocks on the CPU, in its place.
namespace robocache::detail {

/// What the CUDA runtime refused, in its words, but with a sentence of its own where there is no device: for a missing
/// driver, the runtime says that its version is insufficient. Does not clear the last error.
inline status cuda_failure(char const* what, cudaError_t error) {
  if (error == cudaErrorNoDevice) {
    return refuse(status_code::cuda_error, what, "", "found no CUDA device, want one (%s)", cudaGetErrorName(error));
  }
  if (error == cudaErrorInsufficientDriver) {
    int version = 0;
    cudaError_t const asked = cudaDriverGetVersion(&version);
    if (asked == cudaSuccess && version != 0) {
      return refuse(status_code::cuda_error, what, "",
                    "found a driver for CUDA %d.%d, want one for CUDA %d.%d or newer (%s)", version / 1000,
                    version % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10, cudaGetErrorName(error));
    }
    return refuse(status_code::cuda_error, what, "", "found neither a CUDA device nor a driver, want both (%s)",
                  cudaGetErrorName(error));
  }
  return refuse(status_code::cuda_error, what, "", "found %s (%s)", cudaGetErrorName(error), cudaGetErrorString(error));
}

/// Allows a kernel so much dynamic shared memory, which may be more than every kernel has. Each thread asks the runtime
/// once for each device and size, as asking clears an earlier error. Takes the kernel itself: nvcc gives each
/// translation unit a kernel of its own.
template <auto Kernel>
ROBOCACHE_HIDDEN status allow_shared(int shared_bytes) {
  thread_local int known_device = -1;
  thread_local int known_bytes = 0;
  int device = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess && device == known_device && shared_bytes <= known_bytes) { return {}; }
  if (error == cudaSuccess) {
    error = cudaFuncSetAttribute(reinterpret_cast<void const*>(Kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 shared_bytes);
  }
  if (error != cudaSuccess) { return cuda_failure("shared memory", error); }
  known_device = device;
  known_bytes = shared_bytes;
  return {};
}

/// Launches, and returns what the launch itself returned, so that an earlier error is neither blamed on it nor cleared.
/// @param early  the launch may begin before the previous one has ended; the kernel calls `wait_for_launch_before`
template <class Params>
ROBOCACHE_HIDDEN status launch(void (*kernel)(Params), Params const& params, dim3 grid, int threads, int shared_bytes,
                               cudaStream_t cuda_stream, bool early = false) {
  cudaLaunchAttribute overlap{};
  overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  overlap.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = dim3(threads);
  config.dynamicSmemBytes = shared_bytes;
  config.stream = cuda_stream;
  config.attrs = &overlap;
  config.numAttrs = early ? 1 : 0;
  void* arguments[] = {const_cast<Params*>(&params)};
  cudaError_t const error = cudaLaunchKernelExC(&config, reinterpret_cast<void const*>(kernel), arguments);
  return error == cudaSuccess ? status{} : cuda_failure("kernel launch", error);
}

/// Sets memory to 0.
inline status clear(void* memory, std::int64_t bytes, cudaStream_t cuda_stream) {
  cudaError_t const error = cudaMemsetAsync(memory, 0, static_cast<std::size_t>(bytes), cuda_stream);
  return error == cudaSuccess ? status{} : cuda_failure("clearing memory", error);
}

}  // namespace robocache::detail
