// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

// Declared, not included: who names BF16 or FP16 values includes <cuda_bf16.h> or <cuda_fp16.h>,
// everyone else is spared them.
struct __half;
struct __nv_bfloat16;

namespace robocache {

/// The type of values and of results, where it is known only at run time.
enum class dtype : std::uint8_t { float32, float16, bfloat16, uint8, int32, int64 };

/// The type of stamps, where it is known only at run time. Integers count any unit, before the epoch too.
enum class stamp_dtype : std::uint8_t { float32, float64, int64 };

/// Bytes of one value of type `type`; 0 for a number that is no `dtype`.
constexpr std::size_t size_of(dtype type) noexcept {
  switch (type) {
    case dtype::float32: return 4;
    case dtype::float16: return 2;
    case dtype::bfloat16: return 2;
    case dtype::uint8: return 1;
    case dtype::int32: return 4;
    case dtype::int64: return 8;
  }
  return 0;
}

/// The name used in messages and benchmarks: "bf16", "fp16", "fp32", "uint8", "int32", "int64".
constexpr char const* name_of(dtype type) noexcept {
  switch (type) {
    case dtype::float32: return "fp32";
    case dtype::float16: return "fp16";
    case dtype::bfloat16: return "bf16";
    case dtype::uint8: return "uint8";
    case dtype::int32: return "int32";
    case dtype::int64: return "int64";
  }
  return "no dtype";
}

/// Maps a C++ value type to its `dtype`. Only the six types of `dtype` have a definition.
template <class T>
struct dtype_of;
template <>
struct dtype_of<float> : std::integral_constant<dtype, dtype::float32> {};
template <>
struct dtype_of<__half> : std::integral_constant<dtype, dtype::float16> {};
template <>
struct dtype_of<__nv_bfloat16> : std::integral_constant<dtype, dtype::bfloat16> {};
template <>
struct dtype_of<std::uint8_t> : std::integral_constant<dtype, dtype::uint8> {};
template <>
struct dtype_of<std::int32_t> : std::integral_constant<dtype, dtype::int32> {};
template <>
struct dtype_of<std::int64_t> : std::integral_constant<dtype, dtype::int64> {};

/// Maps a C++ stamp type to its `stamp_dtype`.
template <class Stamp>
struct stamp_dtype_of;
template <>
struct stamp_dtype_of<float> : std::integral_constant<stamp_dtype, stamp_dtype::float32> {};
template <>
struct stamp_dtype_of<double> : std::integral_constant<stamp_dtype, stamp_dtype::float64> {};
template <>
struct stamp_dtype_of<std::int64_t> : std::integral_constant<stamp_dtype, stamp_dtype::int64> {};

}  // namespace robocache
