// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include <cuda_runtime_api.h>

#include <robocache/series.hpp>

namespace test {

using robocache::value_place;

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
  static void* allocate(std::size_t bytes, value_place place = value_place::device) {
    void* memory = nullptr;
    if (place == value_place::pinned) {
      check_cuda(cudaMallocHost(&memory, bytes), "cudaMallocHost");
    } else {
      check_cuda(cudaMalloc(&memory, bytes), "cudaMalloc");
    }
    return memory;
  }
  static void release(void* memory, value_place place = value_place::device) {
    if (place == value_place::pinned) {
      cudaFreeHost(memory);
    } else {
      cudaFree(memory);
    }
  }
  static void write(void* to, void const* from, std::size_t bytes) {
    check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream()), "cudaMemcpyAsync");
  }
  static void read(void* to, void const* from, std::size_t bytes) {
    check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream()), "cudaMemcpyAsync");
    check_cuda(cudaStreamSynchronize(stream()), "cudaStreamSynchronize");
  }
};

}  // namespace test
