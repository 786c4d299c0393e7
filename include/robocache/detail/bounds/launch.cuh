// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/bounds.cuh>
#include <robocache/detail/bounds/check.hpp>
#include <robocache/detail/bounds/kernel.cuh>
#include <robocache/detail/bounds/params.hpp>
#include <robocache/detail/bounds/policy.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>

namespace robocache {

inline status find_bounds(point_clouds const& clouds, cloud_bounds* bounds, cudaStream_t cuda_stream) {
  status s = detail::check_bounds(clouds, bounds);
  if (!s.ok() || clouds.batch == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  constexpr int threads = detail::bounds_threads;
  constexpr std::int64_t warps_each = threads / 32;
  std::int64_t const most_blocks = std::int64_t(device.multiprocessors) * detail::bounds_blocks;
  detail::strides const step = detail::strides_of(clouds);
  detail::bounds_params params{clouds, bounds, 0};
  params.clouds.point_stride = step.row;
  params.clouds.batch_stride = step.batch;

  detail::launch_chain chain(device, cuda_stream);
  auto const clearing = static_cast<unsigned>(std::min(most_blocks, (clouds.batch + threads - 1) / threads));
  s = chain.launch(detail::clear_bounds_kernel<threads>, params, dim3(clearing), threads);
  if (!s.ok() || clouds.total() == 0) { return s; }
  params.rows_each = detail::bounds_rows_each(clouds.total(), most_blocks * warps_each);
  std::int64_t const rows_a_block = params.rows_each * warps_each;
  auto const blocks = static_cast<unsigned>((clouds.total() + rows_a_block - 1) / rows_a_block);
  return chain.launch(detail::bounds_kernel<threads>, params, dim3(blocks), threads);
}

}  // namespace robocache
