// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>
#include <type_traits>

#include <robocache/detail/config.hpp>
#include <robocache/device/convert.cuh>
#include <robocache/dtype.hpp>

// Floats whose type is a value that the whole grid agrees on: for kernels that wait for memory, where nine pairs of
// types would be nine times the kernels and not a microsecond less.
namespace robocache::detail {

/// Rows of floats in memory.
struct typed_rows {
  void* data;  ///< const where they are read
  std::int64_t batch_stride;
  std::int64_t row_stride;
  dtype type;
};

/// Calls `use(Value{})` with the C++ type of `type`.
template <class Use>
__device__ void with_float_type(dtype type, Use&& use) {
  switch (type) {
    case dtype::float16: return use(__half{});
    case dtype::bfloat16: return use(__nv_bfloat16{});
    default: return use(float{});
  }
}

/// `N` neighbouring values as they lie in memory: one, or whole words of up to 16 bytes.
template <class Value, int N>
struct packed_floats {
  using small_word = std::conditional_t<sizeof(Value) == 4, unsigned, unsigned short>;
  using word = std::conditional_t<N == 1, small_word, std::conditional_t<N * sizeof(Value) == 8, uint2, uint4>>;
  static constexpr int count = N * static_cast<int>(sizeof(Value)) / static_cast<int>(sizeof(word));
  static_assert(count * sizeof(word) == N * sizeof(Value), "N > 1: a multiple of 4");
  word words[count];
};

/// Begins to load `N` values from `from` on, which is aligned to their words.
template <int N, class Value>
__device__ packed_floats<Value, N> load_packed(Value const* from) {
  packed_floats<Value, N> packed;
  using word = typename packed_floats<Value, N>::word;
#pragma unroll
  for (int i = 0; i < packed.count; ++i) { packed.words[i] = __ldg(reinterpret_cast<word const*>(from) + i); }
  return packed;
}

/// What was loaded, as float; exact.
template <class Value, int N>
__device__ void unpack(packed_floats<Value, N> const& packed, float (&out)[N]) {
  Value values[N];
  memcpy(values, packed.words, sizeof values);
#pragma unroll
  for (int i = 0; i < N; ++i) { out[i] = device::to_float(values[i]); }
}

/// Rounds `N` floats once and stores them at `to`, which is aligned to their words: written once, not read here, so
/// they should leave the cache first.
template <class Value, int N>
__device__ void store_packed(Value* to, float const (&from)[N]) {
  Value values[N];
#pragma unroll
  for (int i = 0; i < N; ++i) { values[i] = device::from_float<Value>(from[i]); }
  packed_floats<Value, N> packed;
  memcpy(packed.words, values, sizeof values);
  using word = typename packed_floats<Value, N>::word;
#pragma unroll
  for (int i = 0; i < packed.count; ++i) { __stcs(reinterpret_cast<word*>(to) + i, packed.words[i]); }
}

}  // namespace robocache::detail
