// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/points/sample_output.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/permutation.cuh>
#include <robocache/points.hpp>
#include <robocache/sampling.hpp>

namespace robocache::detail {

/// Threads of a block that draws samples, and blocks of a multiprocessor: changes speed, never a result.
inline constexpr int uniform_threads = 128;
inline constexpr int uniform_blocks = 8;

struct uniform_params {
  point_clouds clouds;  ///< strides filled in
  std::int64_t samples;
  sample_output out;
  uniform_options options;
  std::int64_t slices;  ///< blocks that draw the samples of a cloud
};

/// A thread for each sample, which works out the permutation for itself.
template <int Threads>
__global__ void __launch_bounds__(Threads) sample_uniform_kernel(__grid_constant__ uniform_params const p) {
  for (std::int64_t unit = blockIdx.x; unit < p.clouds.batch * p.slices; unit += gridDim.x) {
    std::int64_t const b = unit / p.slices;
    std::int64_t const k = unit % p.slices * Threads + threadIdx.x;
    device::cloud const one = device::cloud_of(p.clouds, b);
    if (k == 0 && p.out.counts != nullptr) { p.out.counts[b] = min(one.length, p.samples); }
    if (k >= p.samples) { continue; }
    sample_rows const rows(p.out, b, p.samples);
    // Behind the last of a cloud's samples they may begin again: each thread works out its own.
    bool const repeats = p.options.shortage == shortage_rule::repeat && one.length > 0;
    if (k >= one.length && !repeats) {
      rows.write(k, -1, 0.0f, 0.0f, 0.0f);
      continue;
    }
    std::int64_t const id = p.options.cloud_ids == nullptr ? b : p.options.cloud_ids[b];
    device::permutation const order = device::make_permutation(one.length, *p.options.seed, id);
    std::int64_t const index = device::sample_at(order, p.samples, k < one.length ? k : k % one.length);
    if (rows.points == nullptr) {
      rows.write(k, index, 0.0f, 0.0f, 0.0f);
      continue;
    }
    std::int64_t const e = one.element(index, p.clouds.batch_stride, p.clouds.point_stride);
    rows.write(k, index, p.clouds.x[e], p.clouds.y[e], p.clouds.z[e]);
  }
}

}  // namespace robocache::detail
