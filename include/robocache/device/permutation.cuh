// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>

// Whole numbers in an order that looks random, each of them computed from its place alone: the VariablePhilox cipher of
// R. Mitchell, D. Stokes, E. Frank, G. Holmes, "Bandwidth-optimal random shuffling for GPUs", ACM TOPC 9, 2022, with
// keys from SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA
// 2014). docs/semantics.md, Permutations, has the formulas.
namespace robocache::device {

/// The cipher's rounds. With fewer the orders of a few numbers are not equally likely.
inline constexpr int permutation_rounds = 24;

/// The cipher permutes at least 2^8 numbers: of 2^4 the orders of a few numbers are not equally likely either.
inline constexpr int least_permutation_bits = 8;

/// A bijection of the numbers from 0 to `size - 1`.
struct permutation {
  std::uint64_t size;
  std::int32_t left_bits;   ///< of the number that the cipher permutes
  std::int32_t right_bits;  ///< as many, or one more
  std::uint32_t keys[permutation_rounds];
};

namespace detail {

inline constexpr std::uint64_t split_mix_step = 0x9E3779B97F4A7C15u;

/// SplitMix64's output for a state.
ROBOCACHE_HOST_DEVICE inline std::uint64_t split_mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// The lowest `bits` bits, of 32 at most.
ROBOCACHE_HOST_DEVICE inline std::uint32_t lowest_bits(std::uint64_t x, std::int32_t bits) {
  return static_cast<std::uint32_t>(x & ((std::uint64_t{1} << bits) - 1));
}

/// One pass of the cipher over numbers of `left_bits + right_bits` bits.
ROBOCACHE_HOST_DEVICE inline std::uint64_t encipher(permutation const& p, std::uint64_t x) {
  constexpr std::uint64_t factor = 0xD2B74407B1CE6E93u;
  std::uint32_t left = lowest_bits(x >> p.right_bits, p.left_bits);
  std::uint32_t right = lowest_bits(x, p.right_bits);
  for (std::uint32_t const key : p.keys) {
    std::uint64_t const product = factor * left;
    auto const high = static_cast<std::uint32_t>(product >> 32);
    auto const low = static_cast<std::uint32_t>(product);
    std::uint32_t const carried = (low << (p.right_bits - p.left_bits)) | (right >> p.left_bits);
    left = lowest_bits(high ^ key ^ right, p.left_bits);
    right = lowest_bits(carried, p.right_bits);
  }
  return static_cast<std::uint64_t>(left) << p.right_bits | right;
}

}  // namespace detail

/// The bijection of `size` numbers that belongs to a seed and a number of its own, such as that of a cloud or an epoch.
/// @param size  not negative
ROBOCACHE_HOST_DEVICE inline permutation make_permutation(std::int64_t size, std::uint64_t seed, std::int64_t id) {
  permutation p{};
  p.size = static_cast<std::uint64_t>(size);
  std::int32_t bits = least_permutation_bits;
  while (bits < 63 && (p.size - 1) >> bits != 0) { ++bits; }
  p.left_bits = bits / 2;
  p.right_bits = bits - p.left_bits;
  std::uint64_t state =
      detail::split_mix(detail::split_mix(seed + detail::split_mix_step) ^ static_cast<std::uint64_t>(id));
  for (std::uint32_t& key : p.keys) {
    state += detail::split_mix_step;
    key = static_cast<std::uint32_t>(detail::split_mix(state) >> 32);
  }
  return p;
}

/// Which number is at place `i`, for `0 <= i < size`: different for each `i`, below `size`. Takes one pass of the
/// cipher, fewer than two on average where `size > 128`, and one more for each number beyond `size` on its way.
ROBOCACHE_HOST_DEVICE inline std::int64_t permuted(permutation const& p, std::int64_t i) {
  std::uint64_t x = detail::encipher(p, static_cast<std::uint64_t>(i));
  while (x >= p.size) { x = detail::encipher(p, x); }
  return static_cast<std::int64_t>(x);
}

/// Sample `k` of `samples` without replacement, for `k` below `samples` and below the size: the number at place `k`, or
/// `k` itself where all numbers are wanted.
ROBOCACHE_HOST_DEVICE inline std::int64_t sample_at(permutation const& p, std::int64_t samples, std::int64_t k) {
  return static_cast<std::uint64_t>(samples) < p.size ? permuted(p, k) : k;
}

}  // namespace robocache::device
