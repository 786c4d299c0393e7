// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/windows/params.hpp>
#include <robocache/device/windows.cuh>

namespace robocache::detail {

/// A thread for each row.
template <int Threads>
__global__ void __launch_bounds__(Threads) sample_windows_kernel(__grid_constant__ windows_params const p) {
  std::int64_t const rows = p.draw.rows();
  std::int64_t const threads = std::int64_t(gridDim.x) * Threads;
  std::int64_t const step = *p.draw.step;
  for (std::int64_t i = std::int64_t(blockIdx.x) * Threads + threadIdx.x; i < rows; i += threads) {
    device::write_window(p.out, i, device::draw_row(p.plan, p.draw, step, i));
  }
}

}  // namespace robocache::detail
