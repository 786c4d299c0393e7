// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/fuse.cuh>
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

void fuse(place where, any_streams const& streams, any_timeline const& target, any_fused_output const& out,
          stream_handle cuda_stream) {
  visit_streams(streams, target, [&](auto const* from, auto const& at) {
    visit_view("out", out, [&](auto const& to) {
      require(where == place::host ? host::fuse(from, streams.count, at, to)
                                   : robocache::fuse(from, streams.count, at, to, cuda_stream));
    });
  });
}

}  // namespace robocache::compiled
