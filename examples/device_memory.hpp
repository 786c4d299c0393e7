// SPDX-License-Identifier: Apache-2.0
// What the examples share, so that each shows only its idea: device memory, a stream, and an exception for failures.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include <robocache/status.hpp>

namespace example {

inline void check(cudaError_t code) {
  if (code != cudaSuccess) { throw std::runtime_error(cudaGetErrorString(code)); }
}

inline void check(robocache::status const& status) {
  if (!status.ok()) { throw std::runtime_error(status.message()); }
}

/// False, and a line that says so, on a machine without a CUDA device.
inline bool has_device() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) { return true; }
  std::puts("no CUDA device here: nothing to run");
  return false;
}

struct stream_destroy {
  void operator()(cudaStream_t cuda_stream) const noexcept { cudaStreamDestroy(cuda_stream); }
};

/// A stream that waits for no other stream, not even for the legacy default stream, and that none waits for.
using stream = std::unique_ptr<std::remove_pointer_t<cudaStream_t>, stream_destroy>;

inline stream make_stream() {
  cudaStream_t cuda_stream = nullptr;
  check(cudaStreamCreateWithFlags(&cuda_stream, cudaStreamNonBlocking));
  return stream(cuda_stream);
}

struct device_free {
  void operator()(void* memory) const noexcept { cudaFree(memory); }
};

/// An array in device memory.
template <class T>
using device_array = std::unique_ptr<T[], device_free>;

template <class T>
device_array<T> device_allocate(std::int64_t count) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, std::max<std::int64_t>(count, 1) * sizeof(T)));
  return device_array<T>(static_cast<T*>(memory));
}

/// Copies, and waits until the copy is there for every stream.
template <class T>
device_array<T> to_device(T const* from, std::int64_t count) {
  auto copy = device_allocate<T>(count);
  check(cudaMemcpy(copy.get(), from, count * sizeof(T), cudaMemcpyHostToDevice));
  check(cudaDeviceSynchronize());
  return copy;
}

template <class T>
device_array<T> to_device(std::vector<T> const& from) {
  return to_device(from.data(), static_cast<std::int64_t>(from.size()));
}

/// Waits for all streams, then copies.
template <class T>
void to_host(device_array<T> const& from, std::int64_t count, T* to) {
  check(cudaDeviceSynchronize());
  check(cudaMemcpy(to, from.get(), count * sizeof(T), cudaMemcpyDeviceToHost));
}

template <class T>
std::vector<T> to_host(device_array<T> const& from, std::int64_t count) {
  std::vector<T> copy(count);
  to_host(from, count, copy.data());
  return copy;
}

}  // namespace example
