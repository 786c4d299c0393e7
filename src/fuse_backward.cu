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
  if (where == place::host) { return 0; }
  return visit_streams(streams, target, [&](auto const* from, auto const& at) {
    return robocache::fuse_backward_scratch(from, streams.count, at, out);
  });
}

void fuse_backward(place where, any_streams const& streams, any_timeline const& target,
                   any_result_gradients const& results, stream_gradients const* out, float* targets, target_order order,
                   scratch const& memory, stream_handle cuda_stream) {
  visit_streams(streams, target, [&](auto const* from, auto const& at) {
    visit_view("results", results, [&](auto const& gradients) {
      require(where == place::host ? host::fuse_backward(from, streams.count, at, gradients, out, targets, order)
                                   : robocache::fuse_backward(from, streams.count, at, gradients, out, targets, order,
                                                              memory, cuda_stream));
    });
  });
}

}  // namespace robocache::compiled
