// SPDX-License-Identifier: Apache-2.0
#include "support/baselines.cuh"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <type_traits>

#include <robocache/device/convert.cuh>

#include "support/random.cuh"

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

__global__ void __launch_bounds__(block) read(int4 const* from, int4* never, std::int64_t count) {
  std::int64_t const i = thread_index();
  if (i >= count) { return; }
  int4 const found = from[i];
  // Never true, but only the memory's contents tell.
  if ((found.x | found.y | found.z | found.w) != 0) { *never = found; }
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
  if (i >= count) { return; }
  float const value = random_value(what, static_cast<std::uint32_t>(i));
  if constexpr (std::is_integral_v<Value>) {
    to[i] = static_cast<Value>(256.0f * value);
  } else {
    to[i] = device::from_float<Value>(value);
  }
}

/// One channel of a trajectory at time t, linear, clamped at the edges.
template <class Value>
__device__ Value naive_value(Value const* from, float const* when, unsigned length, unsigned channels, float t) {
  unsigned low = 0, high = length;
  while (low < high) {
    unsigned const middle = (low + high) / 2;
    if (when[middle] <= t) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0 || low == length) { return from[std::size_t(low == 0 ? 0 : low - 1) * channels]; }
  float const weight = __fdiv_rn(t - when[low - 1], when[low] - when[low - 1]);
  Value const left = from[std::size_t(low - 1) * channels], right = from[std::size_t(low) * channels];
  float const a = device::to_float(left), b = device::to_float(right);
  float const blended =
      weight < 0.5f ? __fadd_rn(a, __fmul_rn(weight, b - a)) : __fsub_rn(b, __fmul_rn(1.0f - weight, b - a));
  return weight == 0.0f ? left : device::from_float<Value>(blended);
}

template <class Value>
__global__ void __launch_bounds__(block)
    naive_linear(Value const* values, float const* stamps, float const* targets, Value* result, unsigned count,
                 unsigned source_length, unsigned target_length, unsigned channels) {
  unsigned const i = blockIdx.x * block + threadIdx.x;
  if (i >= count) { return; }
  unsigned const target = i / channels, channel = i % channels, trajectory = target / target_length;
  result[i] = naive_value(values + std::size_t(trajectory) * source_length * channels + channel,
                          stamps + std::size_t(trajectory) * source_length, source_length, channels, targets[target]);
}

__global__ void __launch_bounds__(block) gather(gather_run const* runs) {
  gather_run const run = runs[blockIdx.x];
  auto const* const from = reinterpret_cast<int4 const*>(run.from);
  auto* const to = reinterpret_cast<int4*>(run.to);
  for (int i = threadIdx.x; i < run.bytes / 16; i += block) { __stcs(to + i, __ldcs(from + i)); }
}

template <class Value>
__global__ void __launch_bounds__(block) naive_fusion(naive_streams<Value> streams, float const* targets, Value* result,
                                                      unsigned count, unsigned target_length, unsigned channels) {
  unsigned const i = blockIdx.x * block + threadIdx.x;
  if (i >= count) { return; }
  unsigned const target = i / channels, trajectory = target / target_length;
  unsigned channel = i % channels;
  int which = 0;
  while (channel >= streams.each[which].channels) { channel -= streams.each[which++].channels; }
  naive_stream<Value> const from = streams.each[which];
  result[i] =
      naive_value(from.values + std::size_t(trajectory) * from.length * from.channels + channel,
                  from.stamps + std::size_t(trajectory) * from.length, from.length, from.channels, targets[target]);
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

void enqueue_read(int4 const* from, std::int64_t count, cudaStream_t cuda_stream) {
  read<<<blocks_for(count), block, 0, cuda_stream>>>(from, nullptr, count);
  check(cudaGetLastError(), "read kernel");
}

void enqueue_gather(gather_run const* runs, std::int64_t count, cudaStream_t cuda_stream) {
  gather<<<static_cast<unsigned>(count), block, 0, cuda_stream>>>(runs);
  check(cudaGetLastError(), "gather kernel");
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

template <class Value>
void enqueue_naive_fusion(naive_streams<Value> const& streams, float const* targets, Value* result, std::int64_t batch,
                          std::int64_t target_length, cudaStream_t cuda_stream) {
  unsigned channels = 0;
  for (int i = 0; i < streams.count; ++i) { channels += streams.each[i].channels; }
  std::int64_t const count = batch * target_length * channels;
  naive_fusion<<<blocks_for(count), block, 0, cuda_stream>>>(streams, targets, result, static_cast<unsigned>(count),
                                                             static_cast<unsigned>(target_length), channels);
  check(cudaGetLastError(), "naive kernel");
}

template void enqueue_fill(float*, std::int64_t, content, cudaStream_t);
template void enqueue_fill(__half*, std::int64_t, content, cudaStream_t);
template void enqueue_fill(__nv_bfloat16*, std::int64_t, content, cudaStream_t);
template void enqueue_fill(std::uint8_t*, std::int64_t, content, cudaStream_t);
template void enqueue_naive_linear(float const*, float const*, float const*, float*, std::int64_t, std::int64_t,
                                   std::int64_t, std::int64_t, cudaStream_t);
template void enqueue_naive_linear(__half const*, float const*, float const*, __half*, std::int64_t, std::int64_t,
                                   std::int64_t, std::int64_t, cudaStream_t);
template void enqueue_naive_linear(__nv_bfloat16 const*, float const*, float const*, __nv_bfloat16*, std::int64_t,
                                   std::int64_t, std::int64_t, std::int64_t, cudaStream_t);
template void enqueue_naive_fusion(naive_streams<float> const&, float const*, float*, std::int64_t, std::int64_t,
                                   cudaStream_t);
template void enqueue_naive_fusion(naive_streams<__nv_bfloat16> const&, float const*, __nv_bfloat16*, std::int64_t,
                                   std::int64_t, cudaStream_t);

}  // namespace robocache::bench
