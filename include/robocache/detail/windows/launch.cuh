// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/windows/check.hpp>
#include <robocache/detail/windows/kernel.cuh>
#include <robocache/detail/windows/params.hpp>
#include <robocache/detail/windows/policy.cuh>
#include <robocache/sample_windows.cuh>

namespace robocache {

inline status sample_windows(window_plan const& plan, window_draw const& draw, window_output const& out,
                             cudaStream_t cuda_stream) {
  status const s = detail::check_sample_windows(plan, draw, out);
  if (!s.ok() || draw.rows() == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  constexpr int threads = detail::windows_threads;
  std::int64_t const most = std::int64_t(device.multiprocessors) * detail::windows_blocks;
  auto const blocks = static_cast<unsigned>(std::min(most, (draw.rows() + threads - 1) / threads));
  detail::launch_chain chain(device, cuda_stream);
  return chain.launch(detail::sample_windows_kernel<threads>, detail::windows_params{plan, draw, out}, dim3(blocks),
                      threads);
}

}  // namespace robocache
