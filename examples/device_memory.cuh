// SPDX-License-Identifier: Apache-2.0
// What the examples share so that each shows its one idea: device memory, and an end for failures.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include <robocache/status.hpp>

namespace example {

inline void check(cudaError_t code) {
  if (code != cudaSuccess) {
    std::fprintf(stderr, "CUDA: %s\n", cudaGetErrorString(code));
    std::exit(1);
  }
}

inline void check(robocache::status const& status) {
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.message());
    std::exit(1);
  }
}

/// False, and a line that says so, on a machine without a CUDA device.
inline bool has_device() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) { return true; }
  std::puts("no CUDA device here: nothing to run");
  return false;
}

struct device_free {
  void operator()(void* memory) const noexcept { cudaFree(memory); }
};

/// An array in device memory.
template <class T>
using device_array = std::unique_ptr<T[], device_free>;

template <class T>
device_array<T> device_allocate(std::size_t count) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, count * sizeof(T)));
  return device_array<T>(static_cast<T*>(memory));
}

template <class T>
device_array<T> to_device(std::vector<T> const& host) {
  auto copy = device_allocate<T>(host.size());
  check(cudaMemcpy(copy.get(), host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice));
  return copy;
}

template <class T>
std::vector<T> to_host(device_array<T> const& device, std::size_t count) {
  std::vector<T> copy(count);
  check(cudaMemcpy(copy.data(), device.get(), count * sizeof(T), cudaMemcpyDeviceToHost));
  return copy;
}

}  // namespace example
