// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include <robocache/detail/check.hpp>
#include <robocache/detail/config.hpp>

// The tests put a header of this name, which runs blocks on the CPU, in its place.
namespace robocache::detail {

/// The CUDA runtime's words for what it refused. Does not clear the last error.
inline status cuda_failure(char const* what, cudaError_t error) {
  return refuse(status_code::cuda_error, what, "", "found %s (%s)", cudaGetErrorName(error), cudaGetErrorString(error));
}

/// Launches and says what the launch itself returned, so that an earlier error is neither blamed on it nor cleared.
/// @param early  the launch may begin before the one before it has ended; the kernel calls `wait_for_launch_before`
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
