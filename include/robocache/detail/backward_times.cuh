// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/backward_plan.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/device/gradient.cuh>

namespace robocache::detail {

/// Targets that a block takes at a time: its first warp locates one a lane, then each warp sums up every eighth.
inline constexpr int times_rows = 32;

/// What the sum of one target needs.
struct times_record {
  std::int64_t gradient;  ///< element at which its result's gradient begins
  std::int64_t left;      ///< element at which the left sample of its line begins
  float width;            ///< of the line; 0: the gradient is 0
};

/// Target row `row`, counted over all targets.
template <class Stamp>
__device__ times_record locate_line(backward_params<Stamp> const& p, std::int64_t row) {
  timeline<Stamp> const& target = p.target;
  std::int64_t const b =
      target.packed() ? device::count_not_after(target.offsets, target.batch + 1, row) - 1 : row / target.length;
  device::trajectory<Stamp> const targets = device::trajectory_of(target, b);
  std::int64_t const k = target.packed() ? row - targets.first_row : row - b * target.length;
  if (k < 0 || k >= targets.length) { return {0, 0, 0.0f}; }
  device::trajectory<Stamp> const source = device::short_trajectory_of(p.source, device::source_of(target, b));
  device::target_line const line = device::line_of(source, device::target_stamp(target, b, k), p.rules);
  if (line.row < 0) { return {0, 0, 0.0f}; }
  return {targets.element(k, p.results.batch_stride, p.results.row_stride),
          source.element(line.row, p.values.batch_stride, p.values.row_stride), line.width};
}

inline __device__ float load_float(typed_rows const& rows, std::int64_t element) {
  float x[1] = {};
  with_float_type(rows.type, [&](auto type) {
    using value = decltype(type);
    unpack(load_packed<1>(static_cast<value const*>(rows.data) + element), x);
  });
  return x[0];
}

/// Gradients of the target times: a warp takes a target, a lane every 32nd channel, then halves are added.
template <class Stamp>
__global__ void __launch_bounds__(max_threads) backward_times_kernel(__grid_constant__ backward_params<Stamp> const p) {
  constexpr int warps = max_threads / 32;
  __shared__ times_record records[times_rows];
  int const warp = static_cast<int>(threadIdx.x / 32);
  int const lane = static_cast<int>(threadIdx.x % 32);
  std::int64_t const total = p.tiles.targets;
  for (std::int64_t base = std::int64_t(blockIdx.x) * times_rows; base < total;
       base += std::int64_t(gridDim.x) * times_rows) {
    if (warp == 0) { records[lane] = base + lane < total ? locate_line(p, base + lane) : times_record{0, 0, 0.0f}; }
    __syncthreads();
    for (int slot = warp; slot < times_rows; slot += warps) {
      times_record const record = records[slot];
      float sum = 0.0f;
      if (record.width != 0.0f) {
#pragma unroll 4
        for (std::int64_t c = lane; c < p.channels; c += 32) {
          float const a = load_float(p.values, record.left + c);
          float const b = load_float(p.values, record.left + p.values.row_stride + c);
          sum = device::add_rn(sum, device::line_term(load_float(p.results, record.gradient + c), a, b));
        }
      }
      sum = sum_of_halves(sum);
      if (lane == 0 && base + slot < total) {
        static_cast<float*>(p.out.data)[base + slot] = record.width != 0.0f ? device::div_rn(sum, record.width) : 0.0f;
      }
    }
    __syncthreads();  // the next targets take the records
  }
}

}  // namespace robocache::detail
