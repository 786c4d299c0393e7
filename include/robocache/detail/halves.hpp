// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>

// Numbers of 128 bits, and what device/timeline.cuh does with them under NVRTC, which has no integers of that size.
namespace robocache::device::detail {

#if !defined(__CUDACC_RTC__)
__extension__ typedef unsigned __int128 uint128;
#endif

/// `high * 2^64 + low`.
struct halves {
  std::uint64_t high;
  std::uint64_t low;
};

ROBOCACHE_HOST_DEVICE inline halves product_of(std::uint64_t a, std::uint64_t b) {
#if defined(__CUDA_ARCH__)
  return {__umul64hi(a, b), a * b};
#else
  uint128 const product = uint128(a) * b;
  return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
#endif
}

/// `floor(x / divisor)` modulo 2^64, bit by bit, for `0 < divisor < 2^63`.
ROBOCACHE_HOST_DEVICE ROBOCACHE_NOINLINE inline std::uint64_t quotient_of(halves x, std::uint64_t divisor) {
  if (x.high == 0) { return x.low / divisor; }
  std::uint64_t rest = x.high % divisor;
  std::uint64_t bits = x.low;
  for (int i = 0; i < 64; ++i) {
    rest = rest << 1 | bits >> 63;
    bits <<= 1;
    if (rest >= divisor) {
      rest -= divisor;
      ++bits;
    }
  }
  return bits;
}

/// `scaled_index` in halves.
ROBOCACHE_HOST_DEVICE inline std::uint64_t scaled_index_in_halves(std::uint64_t i, std::uint64_t num,
                                                                  std::uint64_t den) {
  return quotient_of(product_of(i, num), den);
}

/// `index_at_distance` in halves.
ROBOCACHE_HOST_DEVICE inline std::uint64_t index_at_distance_in_halves(std::uint64_t distance, std::uint64_t num,
                                                                       std::uint64_t den, std::uint64_t last) {
  halves bound = product_of(distance, den);  // plus den - 1
  bound.low += den - 1;
  if (bound.low < den - 1) { ++bound.high; }
  if (bound.high >= num) { return last; }  // the quotient has more than 64 bits
  std::uint64_t const i = quotient_of(bound, num);
  return i < last ? i : last;
}

}  // namespace robocache::device::detail
