// SPDX-License-Identifier: Apache-2.0
#include "baselines.cuh"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <robocache/device/convert.cuh>

#include "random.cuh"

namespace robocache::bench {

namespace {

constexpr int block = 256;

unsigned blocks_for(std::int64_t threads) { return static_cast<unsigned>((threads + block - 1) / block); }

__device__ std::int64_t thread_index() { return std::int64_t(blockIdx.x) * block + threadIdx.x; }

__global__ void empty() {}

__global__ void __launch_bounds__(block) copy(int4 const* from, int4* to, std::int64_t count) {
  std::int64_t const i = thread_index();
  if (i < count) { __stcs(to + i, __ldcs(from + i)); }
}

__device__ float random_value(content what, std::uint32_t i) {
  auto const signed_unit = [](std::uint32_t index) { return 2.0f * random_unit(seed::values, index) - 1.0f; };
  switch (what) {
    case content::numbers: break;
    case content::angles: return 3.14159f * signed_unit(i);
    case content::quaternions: {
      float square = 0.0f;
      for (std::uint32_t k = i / 4 * 4; k < i / 4 * 4 + 4; ++k) { square += signed_unit(k) * signed_unit(k); }
      return signed_unit(i) * rsqrtf(square);
    }
  }
  return random_unit(seed::values, i);
}

template <class Value>
__global__ void __launch_bounds__(block) fill(Value* to, std::int64_t count, content what) {
  std::int64_t const i = thread_index();
  if (i < count) { to[i] = device::from_float<Value>(random_value(what, static_cast<std::uint32_t>(i))); }
}

template <class Value>
__global__ void __launch_bounds__(block)
    naive_linear(Value const* values, float const* stamps, float const* targets, Value* result, unsigned count,
                 unsigned source_length, unsigned target_length, unsigned channels) {
  unsigned const i = blockIdx.x * block + threadIdx.x;
  if (i >= count) { return; }
  unsigned const target = i / channels, channel = i % channels, trajectory = target / target_length;
  float const* const when = stamps + std::size_t(trajectory) * source_length;
  Value const* const from = values + std::size_t(trajectory) * source_length * channels + channel;
  float const t = targets[target];
  unsigned low = 0, high = source_length;
  while (low < high) {
    unsigned const middle = (low + high) / 2;
    if (when[middle] <= t) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0 || low == source_length) {
    result[i] = from[std::size_t(low == 0 ? 0 : low - 1) * channels];
    return;
  }
  float const weight = __fdiv_rn(t - when[low - 1], when[low] - when[low - 1]);
  float const left = device::to_float(from[std::size_t(low - 1) * channels]);
  float const right = device::to_float(from[std::size_t(low) * channels]);
  float const blended = __fadd_rn(__fmul_rn(1.0f - weight, left), __fmul_rn(weight, right));
  result[i] = device::from_float<Value>(weight == 0.0f ? left : blended);
}

}  // namespace

void enqueue_empty(cudaStream_t cuda_stream) {
  empty<<<1, 32, 0, cuda_stream>>>();
  check(cudaGetLastError(), "empty kernel");
}

void enqueue_copy(int4 const* from, int4* to, std::int64_t count, cudaStream_t cuda_stream) {
  copy<<<blocks_for(count), block, 0, cuda_stream>>>(from, to, count);
  check(cudaGetLastError(), "copy kernel");
}

template <class Value>
void enqueue_fill(Value* to, std::int64_t count, content what, cudaStream_t cuda_stream) {
  fill<<<blocks_for(count), block, 0, cuda_stream>>>(to, count, what);
  check(cudaGetLastError(), "fill kernel");
}

template <class Value>
void enqueue_naive_linear(Value const* values, float const* stamps, float const* targets, Value* result,
                          std::int64_t batch, std::int64_t source_length, std::int64_t target_length,
                          std::int64_t channels, cudaStream_t cuda_stream) {
  std::int64_t const count = batch * target_length * channels;
  naive_linear<<<blocks_for(count), block, 0, cuda_stream>>>(
      values, stamps, targets, result, static_cast<unsigned>(count), static_cast<unsigned>(source_length),
      static_cast<unsigned>(target_length), static_cast<unsigned>(channels));
  check(cudaGetLastError(), "naive kernel");
}

template void enqueue_fill(float*, std::int64_t, content, cudaStream_t);
template void enqueue_fill(__half*, std::int64_t, content, cudaStream_t);
template void enqueue_fill(__nv_bfloat16*, std::int64_t, content, cudaStream_t);
template void enqueue_naive_linear(float const*, float const*, float const*, float*, std::int64_t, std::int64_t,
                                   std::int64_t, std::int64_t, cudaStream_t);
template void enqueue_naive_linear(__half const*, float const*, float const*, __half*, std::int64_t, std::int64_t,
                                   std::int64_t, std::int64_t, cudaStream_t);
template void enqueue_naive_linear(__nv_bfloat16 const*, float const*, float const*, __nv_bfloat16*, std::int64_t,
                                   std::int64_t, std::int64_t, std::int64_t, cudaStream_t);

}  // namespace robocache::bench
