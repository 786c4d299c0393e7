// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/scratch.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/stream.hpp>
#include <robocache/timeline.hpp>

namespace robocache {

/// Bytes of scratch that `fuse_backward` needs for these arguments: some for gradients of scale or shift, else 0.
/// Computed on the host, from sizes alone; also 0 where `fuse_backward` would refuse the arguments.
template <class Stamp, class TargetStamp = Stamp>
std::int64_t fuse_backward_scratch(stream<Stamp> const* streams, std::int64_t count,
                                   timeline<TargetStamp> const& target, stream_gradients const* out);

/// The backward pass of `fuse`: from the gradient of a loss with respect to the results, those with respect to each
/// stream's values, scale and shift, and to the target times.
///
/// Each gradient, including the order of its sum, is defined in docs/semantics.md, "Gradients". No atomic operation
/// on floats: the bits are those of `host::fuse_backward`, on every architecture, in every run.
///
/// @code
/// namespace rc = robocache;
/// rc::stream_gradients gradients[3] = {{vision_grad}, {joints_grad, scale_grad, shift_grad}, {}};
/// std::int64_t bytes = rc::fuse_backward_scratch(streams, 3, target, gradients);
/// rc::scratch memory{allocated, bytes};
/// rc::status s = rc::fuse_backward(streams, 3, target, rc::result_gradients{grad_out}, gradients, nullptr,
///                                  rc::target_order::ascending, memory, cuda_stream);
/// @endcode
///
/// @tparam Stamp   as for `fuse`
/// @tparam Result  `float`, `__half`, `__nv_bfloat16`: of the results' gradients
///
/// @param streams      `[count]`, host memory, as they were given to `fuse`. Streams whose gradients are asked for have
///                     method previous, next, nearest or linear
/// @param count        N, 1 or more
/// @param target       as it was given to `fuse`
/// @param results      the results' gradients `[B, T, C]` (or packed), where C is what the streams make it; if
///                     `fused_output::channels` was more, give `row_stride`
/// @param out          `[count]`, host memory: where gradients of each stream go. Values: every row is written, 0 where
///                     no target reads it. Null pointers are left out
/// @param targets      gradients of the target times, `[B, T]` (or packed), or null. All streams must be linear
/// @param order        what is known about the targets, as for `resample_backward`: here that target + latency ascends
/// @param memory       scratch of at least `fuse_backward_scratch` bytes, on the device; empty where that is 0
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions, limits, stream behaviour and errors as `fuse`. Gradients that are written overlap nothing that is
/// read, nor each other.
template <class Stamp, class Result, class TargetStamp = Stamp>
ROBOCACHE_HIDDEN status fuse_backward(stream<Stamp> const* streams, std::int64_t count,
                                      timeline<TargetStamp> const& target, result_gradients<Result> const& results,
                                      stream_gradients const* out, float* targets, target_order order,
                                      scratch const& memory, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/backward/fuse_launch.cuh>
