// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/clouds/backward_launch.cuh>
#include <robocache/detail/common/clouds/launch.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/voxels/backward.cuh>
#include <robocache/detail/voxels/check.hpp>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/dtype.hpp>
#include <robocache/voxelize_gathered_backward.cuh>

namespace robocache {
namespace detail {

template <class Value, class Result>
ROBOCACHE_HIDDEN status voxelize_gathered_backward(point_clouds const& clouds, std::int64_t channels,
                                                   std::int64_t const* point_slots, Result const* gradients,
                                                   feature_gradients<Value> const& out, cudaStream_t cuda_stream,
                                                   std::int64_t slots) {
  status s = detail::check_voxelize_gathered_backward(clouds, channels, point_slots, gradients, out, slots);
  if (!s.ok() || clouds.total() == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  constexpr int wide = detail::wide_channels<Value>;
  detail::gather_backward_params p{};
  int const width = detail::plan_written(p.out, clouds, channels, out);
  auto const vector_bytes = std::min<std::int64_t>(16, wide * std::int64_t(sizeof(Result)));
  bool const vectors = width == wide && detail::common_alignment(detail::address_of(gradients)) >= vector_bytes;
  p.slots = point_slots;
  // Rows that no cloud owns have no slot, whatever `slots` holds for them.
  p.count = clouds.batch > 0 ? slots : 0;
  p.gradients = gradients;
  p.type = dtype_of<Result>::value;
  p.rows = clouds.total();
  p.vectors = detail::divisor(static_cast<std::uint32_t>(vectors ? channels / wide : channels));
  std::int64_t const wanted = (p.rows * p.vectors.value - 1) / (4 * detail::point_threads) + 1;
  std::int64_t const blocks = std::min<std::int64_t>(
      wanted, std::int64_t{device.multiprocessors} * detail::voxel_shape_for(device).gather_each);
  detail::launch_chain chain(device, cuda_stream);
  return chain.launch(vectors ? detail::gather_backward_kernel<Value, wide> : detail::gather_backward_kernel<Value, 1>,
                      p, dim3(static_cast<unsigned>(blocks)), detail::point_threads);
}

}  // namespace detail

template <class Value, class Result>
status voxelize_gathered_backward(point_clouds const& clouds, std::int64_t channels, std::int64_t const* point_slots,
                                  Result const* gradients, feature_gradients<Value> const& out,
                                  cudaStream_t cuda_stream, std::int64_t slots) {
  if constexpr (detail::gradients_are_sound<Value, Result>) {
    return detail::voxelize_gathered_backward(clouds, channels, point_slots, gradients, out, cuda_stream, slots);
  } else {
    static_assert(sizeof(detail::gradient_rule<Value, Result>) > 0);
    return {};
  }
}

}  // namespace robocache
