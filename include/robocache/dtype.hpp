// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>

// Declared, not included: code that names BF16 or FP16 values includes <cuda_bf16.h> or <cuda_fp16.h>,
// and nobody else pays for them.
struct __half;
struct __nv_bfloat16;

namespace robocache {

/// The type of values and of results, where it is known only at run time.
enum class dtype : std::uint8_t { float32, float16, bfloat16, uint8, int32, int64 };

/// The type of stamps, where it is known only at run time. Integers count any unit, before the epoch too.
enum class stamp_dtype : std::uint8_t { float32, float64, int64 };

/// Bytes of one value of type `type`; 0 for a number that is no `dtype`.
ROBOCACHE_HOST_DEVICE constexpr std::size_t size_of(dtype type) noexcept {
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
ROBOCACHE_HOST_DEVICE constexpr char const* name_of(dtype type) noexcept {
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

/// The name used in messages: "fp32", "fp64", "int64".
ROBOCACHE_HOST_DEVICE constexpr char const* name_of(stamp_dtype type) noexcept {
  switch (type) {
    case stamp_dtype::float32: return "fp32";
    case stamp_dtype::float64: return "fp64";
    case stamp_dtype::int64: return "int64";
  }
  return "no stamp_dtype";
}

namespace detail {

/// The integer type of 64 bits that `std::int64_t` is not another name of: `long long` where that is `long`. It holds
/// the same numbers, and is taken for it.
using other_int64 = std::conditional_t<std::is_same_v<std::int64_t, long long>, long, long long>;

/// False, but only once `T` is known.
template <class T>
inline constexpr bool never = false;

}  // namespace detail

/// Maps a C++ value type to its `dtype`. Other types do not compile.
template <class T>
struct dtype_of : std::integral_constant<dtype, dtype::float32> {
  static_assert(detail::never<T>,
                "values and results are float, __half, __nv_bfloat16, std::uint8_t, std::int32_t or std::int64_t");
};
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
template <>
struct dtype_of<detail::other_int64> : dtype_of<std::int64_t> {};

/// Maps a C++ stamp type to its `stamp_dtype`. Other types do not compile.
template <class Stamp>
struct stamp_dtype_of : std::integral_constant<stamp_dtype, stamp_dtype::float32> {
  static_assert(detail::never<Stamp>, "stamps are float, double or std::int64_t");
};
template <>
struct stamp_dtype_of<float> : std::integral_constant<stamp_dtype, stamp_dtype::float32> {};
template <>
struct stamp_dtype_of<double> : std::integral_constant<stamp_dtype, stamp_dtype::float64> {};
template <>
struct stamp_dtype_of<std::int64_t> : std::integral_constant<stamp_dtype, stamp_dtype::int64> {};
template <>
struct stamp_dtype_of<detail::other_int64> : stamp_dtype_of<std::int64_t> {};

}  // namespace robocache
