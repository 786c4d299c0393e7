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

/// `N` neighbouring floats as they lie in memory; there is room for FP32.
template <int N>
struct raw_floats {
  static_assert(N == 1 || N % 8 == 0, "one float, or whole 16-byte words of every type");
  using word = std::conditional_t<N == 1, unsigned, uint4>;
  static constexpr int words = N == 1 ? 1 : N / 4;
  static constexpr int short_words = N == 1 ? 1 : N / 8;  ///< of 2-byte types
  word word_of[words];
};

/// Begins to load `N` floats from element `element` on. `N > 1`: it is aligned to 16 bytes.
template <int N>
__device__ raw_floats<N> load_raw(typed_rows const& rows, std::int64_t element) {
  raw_floats<N> raw;
  if (rows.type == dtype::float32) {
    auto const* const from =
        reinterpret_cast<typename raw_floats<N>::word const*>(static_cast<float const*>(rows.data) + element);
#pragma unroll
    for (int i = 0; i < raw_floats<N>::words; ++i) { raw.word_of[i] = __ldg(from + i); }
  } else {
    auto const* const from = static_cast<unsigned short const*>(rows.data) + element;
    if constexpr (N == 1) {
      raw.word_of[0] = __ldg(from);
    } else {
#pragma unroll
      for (int i = 0; i < raw_floats<N>::short_words; ++i) {
        raw.word_of[i] = __ldg(reinterpret_cast<uint4 const*>(from) + i);
      }
    }
  }
  return raw;
}

template <class Value, int N>
__device__ void unpack_as(raw_floats<N> const& raw, float (&out)[N]) {
  Value values[N];
  memcpy(values, raw.word_of, sizeof values);
#pragma unroll
  for (int i = 0; i < N; ++i) { out[i] = device::to_float(values[i]); }
}

/// What was loaded, as float; exact.
template <int N>
__device__ void unpack(raw_floats<N> const& raw, dtype type, float (&out)[N]) {
  switch (type) {
    case dtype::float16: return unpack_as<__half>(raw, out);
    case dtype::bfloat16: return unpack_as<__nv_bfloat16>(raw, out);
    default: return unpack_as<float>(raw, out);
  }
}

template <class Value, int N>
__device__ void store_as(Value* to, float const (&from)[N]) {
  Value values[N];
#pragma unroll
  for (int i = 0; i < N; ++i) { values[i] = device::from_float<Value>(from[i]); }
  if constexpr (N == 1) {
    using bits = std::conditional_t<sizeof(Value) == 4, unsigned, unsigned short>;
    bits word;
    memcpy(&word, values, sizeof word);
    __stcs(reinterpret_cast<bits*>(to), word);
  } else {
    constexpr int count = N * static_cast<int>(sizeof(Value)) / 16;
    uint4 words[count];
    memcpy(words, values, sizeof values);
#pragma unroll
    for (int i = 0; i < count; ++i) { __stcs(reinterpret_cast<uint4*>(to) + i, words[i]); }
  }
}

/// Rounds `N` floats once and stores them from element `element` on: written once, not read here, so they should leave
/// the cache first. `N > 1`: it is aligned to 16 bytes.
template <int N>
__device__ void store_floats(typed_rows const& rows, std::int64_t element, float const (&from)[N]) {
  switch (rows.type) {
    case dtype::float16: return store_as(static_cast<__half*>(rows.data) + element, from);
    case dtype::bfloat16: return store_as(static_cast<__nv_bfloat16*>(rows.data) + element, from);
    default: return store_as(static_cast<float*>(rows.data) + element, from);
  }
}

}  // namespace robocache::detail
