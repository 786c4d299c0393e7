// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common.hpp"
#include "timelines.hpp"

#ifdef ROBOCACHE_TORCH_CUDA
#include <ATen/cuda/CachingHostAllocator.h>
#endif

// Series and streams that point to tensors, and tensors for results.
namespace robocache_torch {

/// @param last  appended to the shape, unless it is below 0
inline at::Tensor empty(std::vector<std::int64_t> shape, std::int64_t last, c10::Device device, at::ScalarType type) {
  if (last >= 0) { shape.push_back(last); }
  return at::empty(shape, at::TensorOptions().device(device).dtype(type));
}

/// Values as a call on `device` reads them: there, or, where that is a GPU, in pinned memory of the host.
struct values_view : rows_view {
  /// @param stream  what Python calls the stream, for messages
  values_view(at::Tensor const& given, c10::Device device, std::string const& stream) : rows_view(given) {
    // Nothing is read of a tensor without elements, and PyTorch pins none.
    if (!device.is_cuda() || !tensor.is_cpu() || tensor.numel() == 0) { return; }
    if (!tensor.is_pinned()) {
      C10_THROW_ERROR(ValueError,
                      c10::str(stream, "values: found cpu, want ", device, ", or pinned memory: values.pin_memory()"));
    }
    place = rc::value_place::pinned;
#ifdef ROBOCACHE_TORCH_CUDA
    // PyTorch's host allocator gives the memory out again only when the current stream has done what it has been given
    // until the tensor ends. It knows nothing of memory that others pinned.
    at::DataPtr const& memory = tensor.storage().data_ptr();
    auto const current = c10::cuda::getCurrentCUDAStream(device.index());
#if TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 8
    at::cuda::CachingHostAllocator_recordEvent(memory.get(), memory.get_context(), current);
#else
    at::getHostAllocator(at::kCUDA)->record_event(memory.get(), memory.get_context(), current.unwrap());
#endif
#endif
  }

  rc::value_place place = rc::value_place::device;
};

/// Stream i of `given`, whose values are `rows`, without scale and shift.
template <class Stamp>
rc::stream<Stamp> stream_of(values_view const& rows, timed_arguments const& given, std::size_t i) {
  rc::stream<Stamp> one;
  one.values = data_of<void const>(rows.tensor);
  one.type = dtype_of(rows.tensor.scalar_type(), "values");
  one.when = given.timeline<Stamp>(i);
  one.channels = rows.channels;
  one.batch_stride = rows.batch_stride;
  one.row_stride = rows.row_stride;
  one.place = rows.place;
  one.options = given.options<Stamp>(i);
  one.latency = given.latency<Stamp>(i);
  return one;
}

}  // namespace robocache_torch
