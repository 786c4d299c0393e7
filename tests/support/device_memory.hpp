// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "support/device_space.hpp"

/// What tests of more than 2^31 elements use: memory that the device may not have, and single elements of it.
namespace test {

class device_memory {
 public:
  explicit device_memory(std::int64_t bytes) { usable_ = cudaMalloc(&memory_, std::size_t(bytes)) == cudaSuccess; }
  ~device_memory() {
    if (usable_) { cudaFree(memory_); }
    cudaGetLastError();
  }
  device_memory(device_memory const&) = delete;
  device_memory& operator=(device_memory const&) = delete;

  bool usable() const { return usable_; }
  template <class T>
  T* as() const {
    return static_cast<T*>(memory_);
  }

 private:
  void* memory_ = nullptr;
  bool usable_ = false;
};

template <class T>
T fetch(T const* from) {
  T value{};
  device_space::read(&value, from, sizeof(T));
  return value;
}

template <class T>
void put(T* to, T value) {
  device_space::write(to, &value, sizeof(T));
  check_cuda(cudaStreamSynchronize(device_space::stream()), "cudaStreamSynchronize");
}

inline constexpr std::int64_t two_to_31 = std::int64_t(1) << 31;
inline constexpr std::int64_t two_to_32 = std::int64_t(1) << 32;

}  // namespace test
