// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>

// Numbers as unsigned integers in the same order: the keys of radix sorts and histograms. Beside `order_of` a float.
namespace robocache::device {

ROBOCACHE_HOST_DEVICE inline std::uint32_t order_of(std::int32_t x) {
  return static_cast<std::uint32_t>(x) ^ 0x80000000u;
}

ROBOCACHE_HOST_DEVICE inline std::uint64_t order_of(std::int64_t x) {
  return static_cast<std::uint64_t>(x) ^ (std::uint64_t{1} << 63);
}

/// -0 is below +0, and all NaNs are outside the range of the others.
ROBOCACHE_HOST_DEVICE inline std::uint64_t order_of(double x) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  return bits >> 63 == 0 ? bits | std::uint64_t{1} << 63 : ~bits;
}

/// The number of an `order_of`.
template <class Number, class Order>
ROBOCACHE_HOST_DEVICE inline Number number_of_order(Order order) {
  if constexpr (std::is_same_v<Number, float>) {
    return from_order(order);
  } else {
    return static_cast<Number>(order ^ order_of(Number(0)));
  }
}

}  // namespace robocache::device
