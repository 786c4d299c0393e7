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
    visit_floats("out", out.type, [&](auto result) {
      using Result = typename decltype(result)::type;
      fused_output<Result> const to{static_cast<Result*>(out.values),
                                    out.valid,
                                    out.all_valid,
                                    out.channels,
                                    out.fill,
                                    out.batch_stride,
                                    out.row_stride};
      require(where == place::host ? host::fuse(from, streams.count, at, to)
                                   : robocache::fuse(from, streams.count, at, to, cuda_stream));
    });
  });
}

}  // namespace robocache::compiled
