// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/clouds/plan.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/voxels/backward.cuh>
#include <robocache/detail/voxels/check.hpp>
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
  constexpr int wide = 16 / static_cast<int>(sizeof(Value));
  // Gradients lie as features do.
  point_features<Value> const written{out.values, channels, out.batch_stride, out.point_stride};
  detail::voxel_features to{};
  int const width = detail::plan_features(to, clouds, written, clouds.length);
  auto const vector_bytes = std::min<std::int64_t>(16, wide * std::int64_t(sizeof(Result)));
  bool const vectors = width == wide && detail::common_alignment(detail::address_of(gradients)) >= vector_bytes;
  detail::gather_backward_params p{};
  p.out = {out.values, to.point_stride, to.between_clouds, clouds.length};
  p.slots = point_slots;
  // Rows that no cloud owns have no slot, whatever there is beside them.
  p.count = clouds.batch > 0 ? slots : 0;
  p.gradients = gradients;
  p.type = dtype_of<Result>::value;
  p.rows = clouds.total();
  p.vectors = detail::divisor(static_cast<std::uint32_t>(vectors ? channels / wide : channels));
  std::int64_t const wanted = (p.rows * p.vectors.value - 1) / (4 * detail::point_threads) + 1;
  std::int64_t const blocks = std::min<std::int64_t>(wanted, std::int64_t{device.multiprocessors} * 16);
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
