// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>

/// Random numbers that depend on (seed, index) only: the same on CPU and GPU, in any order, and in the Python
/// peers, which repeat these few lines.
namespace robocache::bench {

/// What a random number is for. Each use has its own sequence.
enum class seed : std::uint32_t { stamps = 1, values = 2, lengths = 3, windows = 4, points = 5 };

/// 32 random bits: the index, moved by the seed, through the finaliser of MurmurHash3.
ROBOCACHE_HOST_DEVICE inline std::uint32_t random_bits(seed which, std::uint32_t index) {
  std::uint32_t x = index + static_cast<std::uint32_t>(which) * 0x9e3779b9u;
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

/// U[0, 1), a multiple of 2^-24: exact in float.
ROBOCACHE_HOST_DEVICE inline float random_unit(seed which, std::uint32_t index) {
  return static_cast<float>(random_bits(which, index) >> 8) * 0x1p-24f;
}

/// A whole number in [0, bound), for `bound` up to 2^40.
ROBOCACHE_HOST_DEVICE inline std::int64_t random_below(seed which, std::uint32_t index, std::int64_t bound) {
  return (static_cast<std::int64_t>(random_bits(which, index) >> 8) * bound) >> 24;
}

}  // namespace robocache::bench
