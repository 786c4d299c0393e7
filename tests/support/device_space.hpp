// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include <cuda_runtime_api.h>

namespace test {

inline void check_cuda(cudaError_t code, char const* what) {
  if (code != cudaSuccess) { throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(code)); }
}

/// Device memory, written and read on a stream of its own that is no default stream.
struct device_space {
  static cudaStream_t stream() {
    static cudaStream_t const made = [] {
      cudaStream_t s;
      check_cuda(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking), "cudaStreamCreate");
      return s;
    }();
    return made;
  }
  static void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    check_cuda(cudaMalloc(&memory, bytes), "cudaMalloc");
    return memory;
  }
  static void release(void* memory) { cudaFree(memory); }
  static void write(void* to, void const* from, std::size_t bytes) {
    check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream()), "cudaMemcpyAsync");
  }
  static void read(void* to, void const* from, std::size_t bytes) {
    check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream()), "cudaMemcpyAsync");
    check_cuda(cudaStreamSynchronize(stream()), "cudaStreamSynchronize");
  }
};

}  // namespace test
