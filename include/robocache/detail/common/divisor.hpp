// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>

namespace robocache::detail {

/// Division of numbers below 2^31 by a divisor fixed at launch: one wide multiplication and a shift. With
/// l = ceil(log2 d) and m = floor(2^(31 + l) / d) + 1, n * m / 2^(31 + l) exceeds n / d by less than 1 / d.
struct divisor {
  std::uint32_t value = 1;
  std::uint32_t multiplier = 0x80000001u;
  std::uint32_t shift = 31;

  divisor() = default;
  explicit divisor(std::uint32_t d) : value(d) {
    std::uint32_t log = 0;
    while ((std::uint64_t(1) << log) < d) { ++log; }
    shift = 31 + log;
    multiplier = static_cast<std::uint32_t>((std::uint64_t(1) << shift) / d + 1);
  }

  ROBOCACHE_HOST_DEVICE std::uint32_t quotient(std::uint32_t n) const {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(n) * multiplier) >> shift);
  }
};

}  // namespace robocache::detail
