// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/curve.cuh>

// Divisions of curves, which are most of what a cubic computes. The compiler's division looks at its operands, and has
// a call for those that need it, between any two channels; here that is noted, and looked at once for all of a thread's
// channels.
namespace robocache::detail {

/// Handed to the formulas of `device/curve.cuh` for their doubt: raised where float has too little room, and also where
/// it has enough, but a short division may not be exact.
struct quick_doubt {
  float largest = 0.0f;               ///< of what is computed on the way, or NaN
  std::uint32_t least = 0xffffffffu;  ///< of all dividends but 0: their bits, less 1

  /// Dividends of 2^-64 (0x1f800000) and more, divisors below 2^59: no quotient and no remainder is too small for a
  /// float.
  __device__ bool is_raised() const { return !(largest < 0x1p56f) || least < 0x1f7fffffu; }
};

inline __device__ void doubt_unless_finite(float x, quick_doubt& doubt) {
  doubt.largest = larger_or_nan(doubt.largest, device::detail::absolute(x));
}

inline __device__ void doubt_size(float size, quick_doubt& doubt) { doubt_unless_finite(size, doubt); }

inline __device__ float quotient(float a, float b, quick_doubt& doubt) {
  doubt.least = min(doubt.least, bits_of(a) - 1);
  doubt_unless_finite(b, doubt);
  return quick_quotient(a, b);
}

/// Sums are at most four times the size that is noted, and not 0 here.
inline __device__ float part_of_sum(float part, float sum, bool /*is_unused*/, quick_doubt& doubt) {
  doubt.least = min(doubt.least, bits_of(part) - 1);
  return quick_quotient(part, fmaxf(sum, 0x1p-100f));
}

}  // namespace robocache::detail
