// SPDX-License-Identifier: Apache-2.0
// The root mean square of signals at the times of a timeline, from RoboCache's building blocks: each value stays in a
// register from its interpolation to its square, and no resampled tensor [B, T, D] is ever in memory.
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/device/arithmetic.cuh>
#include <robocache/device/blend.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/timeline.cuh>

namespace rms {

namespace rc = robocache;

/// A sum is made of this many strands, one per warp: strand s adds targets s, s + strands, s + 2 * strands, ... in that
/// order, and then the strands are added in theirs. The order never changes, so the bits do not either.
constexpr int strands = 8;
constexpr int channels_a_block = 32;  // one per lane
constexpr int threads = strands * channels_a_block;

/// A sum of squares, and of how many.
struct power {
  float sum = 0.0f;
  std::int32_t count = 0;

  __host__ __device__ void add(float value) {
    sum = rc::device::fma_rn(value, value, sum);
    ++count;
  }
  __host__ __device__ void add(power const& strand) {
    sum = rc::device::add_rn(sum, strand.sum);
    count += strand.count;
  }
  /// NaN where nothing was added. The root is rounded to nearest, as the other operations, on the GPU as on the CPU.
  __host__ __device__ float root_of_mean() const {
    return std::sqrt(rc::device::div_rn(sum, static_cast<float>(count)));
  }
};

/// A block takes 32 channels of one trajectory. It locates as many targets as it has threads, one per thread, and then
/// each warp reads the values of every eighth of them, one channel per lane.
template <class Value, class Stamp>
__global__ void __launch_bounds__(threads) kernel(rc::series<Value, Stamp> source, rc::timeline<Stamp> target,
                                                  rc::resample_options<Stamp> options, float* out) {
  __shared__ rc::device::location where[threads];
  __shared__ power parts[strands][channels_a_block];
  int const lane = threadIdx.x % channels_a_block;
  int const strand = threadIdx.x / channels_a_block;
  std::int64_t const b = blockIdx.x;
  std::int64_t const channel = std::int64_t{blockIdx.y} * channels_a_block + lane;
  auto const rules = rc::device::rules_of(options);
  auto const one = rc::device::trajectory_of(source.when, rc::device::source_of(target, b));

  power part;
  for (std::int64_t first = 0; first < target.length; first += threads) {
    std::int64_t const k = first + threadIdx.x;
    // Beyond the last target nothing is valid.
    where[threadIdx.x] = k < target.length ? rc::device::locate(one, rc::device::target_stamp(target, b, k), rules)
                                           : rc::device::location{};
    __syncthreads();
    if (channel < source.channels) {
      for (int i = strand; i < threads; i += strands) {
        if (where[i].valid) { part.add(rc::device::value_at(source, one, where[i], channel, 0.0f)); }
      }
    }
    __syncthreads();
  }

  parts[strand][lane] = part;
  __syncthreads();
  if (strand != 0 || channel >= source.channels) { return; }
  power whole;
  for (auto const& strand_parts : parts) { whole.add(strand_parts[lane]); }
  out[b * source.channels + channel] = whole.root_of_mean();
}

/// The root mean square of each channel of each trajectory over the valid targets; NaN where there is none.
///
/// @param source   on the device
/// @param target   uniform, shared, windows, or dense without lengths: each trajectory has `target.length` targets
/// @param options  a method up to linear: what `value_at` knows
/// @param out      `[B, D]` on the device
/// @return the result of the launch; all work is enqueued on `cuda_stream`
template <class Value, class Stamp>
cudaError_t launch(rc::series<Value, Stamp> const& source, rc::timeline<Stamp> const& target,
                   rc::resample_options<Stamp> const& options, float* out, cudaStream_t cuda_stream) {
  if (target.batch == 0 || source.channels == 0) { return cudaSuccess; }
  dim3 const blocks(static_cast<unsigned>(target.batch),
                    static_cast<unsigned>((source.channels + channels_a_block - 1) / channels_a_block));
  kernel<<<blocks, threads, 0, cuda_stream>>>(source, target, options, out);
  return cudaGetLastError();
}

}  // namespace rms
