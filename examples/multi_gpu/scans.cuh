// SPDX-License-Identifier: Apache-2.0
// What a robot sees that drives along a street: each scan depends on its number only, so that any rank can make any
// scan.
#pragma once

#include <cstdint>

#include <robocache/grid.hpp>

namespace example {

constexpr std::int64_t scans = 128;
constexpr std::int64_t points_a_scan = std::int64_t{1} << 18;

/// 256 m of street, 32 m wide and 8 m high.
constexpr robocache::grid street{{0.0f, -16.0f, 0.0f}, {0.125f, 0.125f, 0.125f}, {2048, 256, 64}};

/// A bijection of 64 bits whose results show nothing of the order of its arguments: the finalizer of SplitMix64
/// (Steele, Lea, Flood, 2014).
__host__ __device__ constexpr std::uint64_t mix(std::uint64_t n) {
  n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
  n = (n ^ n >> 27) * 0x94d049bb133111eb;
  return n ^ n >> 31;
}

/// Writes `x y z` of point i of a scan.
///
/// In whole units of 2^-10 m, which FP32 holds exactly: no rounding, so host and GPU make the same bits whatever their
/// compilers fuse.
__host__ __device__ inline void make_point(std::int64_t scan, std::int64_t i, float* xyz) {
  constexpr std::int32_t metre = 1024;
  std::uint64_t const random = mix(static_cast<std::uint64_t>(scan * points_a_scan + i));
  auto const below = [random](int shift, std::int32_t limit) {
    return static_cast<std::int32_t>(random >> shift & 0xffff) % limit;
  };
  std::int32_t const x = static_cast<std::int32_t>(scan) * 2 * metre + below(0, 64 * metre) - 32 * metre;
  std::int32_t y = below(16, 32 * metre) - 16 * metre;
  std::int32_t z = below(32, 8 * metre);
  switch (random >> 62) {
    case 0: z = 0; break;            // the road
    case 1: y = -12 * metre; break;  // houses on the right
    case 2: y = 12 * metre; break;   // and on the left
    default: break;  // leaves, anywhere: they give each scan its own cells, so that a missing scan shows
  }
  xyz[0] = static_cast<float>(x) / metre;
  xyz[1] = static_cast<float>(y) / metre;
  xyz[2] = static_cast<float>(z) / metre;
}

}  // namespace example
