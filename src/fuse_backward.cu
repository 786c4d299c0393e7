// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/fuse_backward.cuh>
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

std::int64_t fuse_backward_scratch(place where, any_streams const& streams, any_timeline const& target,
                                   stream_gradients const* out) {
  std::int64_t bytes = 0;
  if (where == place::host) { return bytes; }
  visit_streams(streams, target, [&](auto const* from, auto const& at) {
    bytes = robocache::fuse_backward_scratch(from, streams.count, at, out);
  });
  return bytes;
}

void fuse_backward(place where, any_streams const& streams, any_timeline const& target,
                   any_result_gradients const& results, stream_gradients const* out, float* targets, target_order order,
                   scratch const& memory, stream_handle cuda_stream) {
  visit_streams(streams, target, [&](auto const* from, auto const& at) {
    visit_floats("results", results.type, [&](auto result) {
      using Result = typename decltype(result)::type;
      result_gradients<Result> const gradients{static_cast<Result const*>(results.values), results.batch_stride,
                                               results.row_stride};
      require(where == place::host ? host::fuse_backward(from, streams.count, at, gradients, out, targets, order)
                                   : robocache::fuse_backward(from, streams.count, at, gradients, out, targets, order,
                                                              memory, cuda_stream));
    });
  });
}

}  // namespace robocache::compiled
