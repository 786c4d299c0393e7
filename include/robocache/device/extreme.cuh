// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>

namespace robocache::device {

/// Integers that are compared instead of floats for maxima and minima: -0 is below +0, and a NaN, whatever its sign, is
/// beyond all numbers. `from_order` gives the float back, and for a NaN some NaN.
/// @tparam Largest  for maxima; false: for minima
template <bool Largest>
ROBOCACHE_HOST_DEVICE inline std::uint32_t extreme_of(float x) {
  if (x != x) { return Largest ? UINT32_MAX : 0; }
  return order_of(x);
}

/// Every number is beyond this.
template <bool Largest>
inline constexpr std::uint32_t no_extreme = Largest ? 0 : UINT32_MAX;

}  // namespace robocache::device
