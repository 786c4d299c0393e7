// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/voxelize_gathered_backward.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

void voxelize_gathered_backward(place where, point_clouds const& clouds, std::int64_t channels,
                                std::int64_t const* point_slots, void const* gradients, dtype gradients_type,
                                any_feature_gradients const& out, dtype out_type, stream_handle cuda_stream,
                                std::int64_t slots) {
  visit_float("out", out_type, [&](auto value) {
    visit_float("gradients", gradients_type, [&](auto result) {
      auto const* const given = static_cast<typename decltype(result)::type const*>(gradients);
      auto const to = typed<typename decltype(value)::type>(out);
      require(where == place::host ? host::voxelize_gathered_backward(clouds, channels, point_slots, given, to, slots)
                                   : robocache::voxelize_gathered_backward(clouds, channels, point_slots, given, to,
                                                                           cuda_stream, slots));
    });
  });
}

}  // namespace robocache::compiled
