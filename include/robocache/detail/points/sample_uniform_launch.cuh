// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/points/sample_uniform_kernel.cuh>
#include <robocache/detail/points/sampling_check.hpp>
#include <robocache/sample_uniform.cuh>

namespace robocache {

template <class>
status sample_uniform(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                      uniform_options const& options, cudaStream_t cuda_stream) {
  status const s = detail::check_uniform(clouds, samples, out, options);
  if (!s.ok() || clouds.batch == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  constexpr int threads = detail::uniform_threads;
  detail::strides const step = detail::strides_of(clouds);
  detail::uniform_params p{clouds, samples, out, options, 0};
  p.clouds.point_stride = step.row;
  p.clouds.batch_stride = step.batch;
  p.slices = std::max<std::int64_t>(1, (samples + threads - 1) / threads);
  std::int64_t const most = std::int64_t{device.multiprocessors} * detail::uniform_blocks;
  dim3 const blocks(static_cast<unsigned>(std::min(clouds.batch * p.slices, most)));
  return detail::launch_chain(device, cuda_stream).launch(detail::sample_uniform_kernel<threads>, p, blocks, threads);
}

}  // namespace robocache
