// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <optional>
#include <type_traits>

#include <robocache/robocache.hpp>

#ifdef ROBOCACHE_TORCH_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

// What all operators share: where the work is done, types, memory, errors.
namespace robocache_torch {

namespace rc = robocache;
using optional_tensor = std::optional<at::Tensor>;

namespace detail {

/// As many threads as PyTorch may use.
struct host_threads {
  host_threads();
};

/// What the library refuses is a ValueError in Python.
[[noreturn]] void refuse(rc::error const& cause);

}  // namespace detail

/// Calls `work(place, stream)`: on the GPU of `device`, which is current meanwhile, with PyTorch's current stream
/// there; else on the CPU.
template <class Work>
void run_on(c10::Device device, Work work) {
  try {
#ifdef ROBOCACHE_TORCH_CUDA
    if (device.is_cuda()) {
      c10::cuda::CUDAGuard const current(device);
      work(rc::compiled::place::device, c10::cuda::getCurrentCUDAStream(device.index()).stream());
      return;
    }
#endif
    detail::host_threads const threads;
    work(rc::compiled::place::host, rc::compiled::stream_handle{});
  } catch (rc::error const& cause) { detail::refuse(cause); }
}

/// The type's name in the library; a TypeError that names `argument` where there is none.
rc::dtype dtype_of(at::ScalarType type, char const* argument);

/// Memory that the library may use as it likes; null where it needs none.
class scratch_memory {
 public:
  scratch_memory(std::int64_t bytes, c10::Device device);
  rc::scratch view() const;

 private:
  at::Tensor memory_;
  std::int64_t bytes_;
};

/// The memory of a tensor without elements: an address that nothing reads or writes.
void* no_elements();

/// The tensor's memory. Never null: to the library null means absent, and a tensor without elements is not absent.
template <class T>
T* data_of(at::Tensor const& tensor) {
  if (tensor.numel() == 0) { return static_cast<T*>(no_elements()); }
  if constexpr (std::is_const_v<T>) {
    return static_cast<T*>(tensor.const_data_ptr());
  } else {
    return static_cast<T*>(tensor.mutable_data_ptr());
  }
}
/// Null where the tensor is absent.
template <class T>
T const* data_of(optional_tensor const& tensor) {
  return tensor.has_value() ? data_of<T const>(*tensor) : nullptr;
}
/// Of a result: null where it was not asked for.
template <class T>
T* data_if(bool wanted, at::Tensor const& tensor) {
  return wanted ? data_of<T>(tensor) : nullptr;
}

/// `[B, N, C]` or packed `[rows, C]` as the library reads it: adjacent channels, strides of rows and of trajectories.
/// Other layouts are copied.
struct rows_view {
  explicit rows_view(at::Tensor const& given);

  at::Tensor tensor;  ///< keeps the memory alive
  std::int64_t channels = 0;
  std::int64_t batch_stride = rc::contiguous;
  std::int64_t row_stride = rc::contiguous;
};

}  // namespace robocache_torch
