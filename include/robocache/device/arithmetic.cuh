// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/math.hpp>
#include <robocache/detail/minimum_arch.cuh>
#include <robocache/detail/standard.hpp>

/// Building blocks for `__host__` and `__device__` code: use them inside your own kernels. On the device every float
/// operation is a round-to-nearest intrinsic, which the compiler neither contracts nor, under `--use_fast_math`,
/// replaces; on the host the compiler's flags decide (the compiled library is built with `-ffp-contract=off`).
namespace robocache::device {

ROBOCACHE_HOST_DEVICE inline float add_rn(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fadd_rn(a, b);
#else
  return a + b;
#endif
}

ROBOCACHE_HOST_DEVICE inline float sub_rn(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fsub_rn(a, b);
#else
  return a - b;
#endif
}

ROBOCACHE_HOST_DEVICE inline float mul_rn(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}

ROBOCACHE_HOST_DEVICE inline float div_rn(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fdiv_rn(a, b);
#else
  return a / b;
#endif
}

/// `a * b + c`, rounded once.
ROBOCACHE_HOST_DEVICE inline float fma_rn(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#else
  return std::fma(a, b, c);
#endif
}

ROBOCACHE_HOST_DEVICE inline double fma_rn(double a, double b, double c) {
#if defined(__CUDA_ARCH__)
  return __fma_rn(a, b, c);
#else
  return std::fma(a, b, c);
#endif
}

ROBOCACHE_HOST_DEVICE inline double add_rn(double a, double b) {
#if defined(__CUDA_ARCH__)
  return __dadd_rn(a, b);
#else
  return a + b;
#endif
}

ROBOCACHE_HOST_DEVICE inline double sub_rn(double a, double b) {
#if defined(__CUDA_ARCH__)
  return __dsub_rn(a, b);
#else
  return a - b;
#endif
}

ROBOCACHE_HOST_DEVICE inline double mul_rn(double a, double b) {
#if defined(__CUDA_ARCH__)
  return __dmul_rn(a, b);
#else
  return a * b;
#endif
}

ROBOCACHE_HOST_DEVICE inline double div_rn(double a, double b) {
#if defined(__CUDA_ARCH__)
  return __ddiv_rn(a, b);
#else
  return a / b;
#endif
}

/// `a + b` that wraps around, as the hardware adds.
ROBOCACHE_HOST_DEVICE inline std::int64_t add_wrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// The type of a difference of two stamps: unsigned for integers, so that no difference overflows.
template <class Stamp>
using span_of = std::conditional_t<std::is_integral_v<Stamp>, std::uint64_t, Stamp>;

/// `later - earlier` in the stamp type, for `earlier <= later`.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline span_of<Stamp> span_between(Stamp earlier, Stamp later) {
  if constexpr (std::is_integral_v<Stamp>) {
    return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
  } else {
    return sub_rn(later, earlier);
  }
}

/// A difference of stamps as float, rounded to nearest.
template <class Span>
ROBOCACHE_HOST_DEVICE inline float span_to_float(Span span) {
#if defined(__CUDA_ARCH__)
  if constexpr (std::is_same_v<Span, double>) {
    return __double2float_rn(span);
  } else if constexpr (std::is_same_v<Span, std::uint64_t>) {
    return __ull2float_rn(span);
  } else {
    return span;
  }
#else
  return static_cast<float>(span);
#endif
}

/// `first + step` for stamps: wraps for integers, one rounding for floats.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline Stamp stamp_sum(Stamp first, Stamp step) {
  if constexpr (std::is_integral_v<Stamp>) {
    return add_wrapping(first, step);
  } else {
    return add_rn(first, step);
  }
}

/// `first + step` for stamps, `step` not below 0: integers end at the largest, floats are rounded once.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline Stamp stamp_later(Stamp first, Stamp step) {
  Stamp const later = stamp_sum(first, step);
  if constexpr (std::is_integral_v<Stamp>) { return later < first ? INT64_MAX : later; }
  return later;
}

/// False for NaN and infinities. Integer stamps are always finite.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline bool is_finite(Stamp t) {
  if constexpr (std::is_integral_v<Stamp>) {
    return true;
  } else {
    return sub_rn(t, t) == Stamp(0);
  }
}

/// An integer that is larger where the float is: -0 is below +0, and all NaNs are outside the range of the others.
ROBOCACHE_HOST_DEVICE inline std::uint32_t order_of(float x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  return bits >> 31 == 0 ? bits | 0x80000000u : ~bits;
}

/// The float of an `order_of`.
ROBOCACHE_HOST_DEVICE inline float from_order(std::uint32_t order) {
  std::uint32_t const bits = order >> 31 != 0 ? order & 0x7fffffffu : ~order;
  float x = 0.0f;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

namespace detail {

ROBOCACHE_HOST_DEVICE inline float absolute(float x) { return std::fabs(x); }
ROBOCACHE_HOST_DEVICE inline double absolute(double x) { return std::fabs(x); }

/// `x`, negated if `sign` is below 0.
ROBOCACHE_HOST_DEVICE inline float signed_as(float sign, float x) {
#if defined(__CUDA_ARCH__)
  return __int_as_float(__float_as_int(x) ^ (__float_as_int(sign) & INT32_MIN));
#else
  return std::signbit(sign) ? -x : x;
#endif
}

ROBOCACHE_HOST_DEVICE inline double signed_as(double sign, double x) { return std::signbit(sign) ? -x : x; }

}  // namespace detail

}  // namespace robocache::device
