// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>
#include <type_traits>

#include <robocache/detail/config.hpp>
#include <robocache/device/convert.cuh>
#include <robocache/dtype.hpp>

// Floats whose type is a value, the same for the whole launch grid: for kernels that wait for memory, where nine pairs
// of types would be nine times the kernels and not a microsecond faster.
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

/// What travels in one load or store of `Bytes` bytes.
template <int Bytes>
struct word;
template <>
struct word<1> {
  using type = unsigned char;
};
template <>
struct word<2> {
  using type = unsigned short;
};
template <>
struct word<4> {
  using type = unsigned int;
};
template <>
struct word<8> {
  using type = uint2;
};
template <>
struct word<16> {
  using type = uint4;
};

/// `N` neighbouring values as they are in memory, in words of `Bytes` bytes.
template <class Value, int N, int Bytes = (N * sizeof(Value) < 16 ? N * static_cast<int>(sizeof(Value)) : 16)>
struct packed_floats {
  using word = typename detail::word<Bytes>::type;
  static constexpr int bytes = Bytes;
  static constexpr int count = N * static_cast<int>(sizeof(Value)) / Bytes;
  static_assert(count * Bytes == N * static_cast<int>(sizeof(Value)), "whole words");
  word words[count];
};

/// Begins to load `N` values from `from` on, which is aligned to words of `Bytes` bytes.
template <int N, int Bytes, class Value>
__device__ packed_floats<Value, N, Bytes> load_words(Value const* from) {
  packed_floats<Value, N, Bytes> packed;
  using word = typename packed_floats<Value, N, Bytes>::word;
#pragma unroll
  for (int i = 0; i < packed.count; ++i) { packed.words[i] = __ldg(reinterpret_cast<word const*>(from) + i); }
  return packed;
}

/// The same in words as wide as `N` values allow. `from` is aligned to them.
template <int N, class Value>
__device__ packed_floats<Value, N> load_packed(Value const* from) {
  return load_words<N, packed_floats<Value, N>::bytes>(from);
}

/// Converts what was loaded to float, exactly.
template <class Value, int N, int Bytes>
__device__ void unpack(packed_floats<Value, N, Bytes> const& packed, float (&out)[N]) {
  if constexpr (std::is_same_v<Value, __nv_bfloat16> && Bytes >= 4) {
    // A BF16 is the upper half of a float: the odd one of a word is there already.
    unsigned pairs[N / 2];
    memcpy(pairs, packed.words, sizeof pairs);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      unsigned const bits = i % 2 == 0 ? pairs[i / 2] << 16 : pairs[i / 2] & 0xffff0000u;
      out[i] = reinterpret_cast<float const&>(bits);
    }
  } else {
    Value values[N];
    memcpy(values, packed.words, sizeof values);
#pragma unroll
    for (int i = 0; i < N; ++i) { out[i] = device::to_float(values[i]); }
  }
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
