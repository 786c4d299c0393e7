// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

/// Maximum and minimum by integers, which have one order for everything: -0 is below +0, and NaN wins.
namespace robocache::host::detail {

/// Turns the bits of a number into an integer that ascends with the numbers, and back.
inline std::int32_t turned(std::int32_t bits) { return bits ^ (bits >> 31 & INT32_MAX); }

/// @param nan  what stands for NaN
inline std::int32_t key_of(float x, std::int32_t nan) {
  std::int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return x != x ? nan : turned(bits);
}

inline float number_of(std::int32_t key) {
  std::int32_t const bits = turned(key);
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// Of a maximum: the key that any number replaces, the key of a number, and which of two keys counts.
struct largest {
  static constexpr std::int32_t none = INT32_MIN;
  static std::int32_t key(float x) { return key_of(x, INT32_MAX); }
  static bool replaces(std::int32_t key, std::int32_t held) { return key > held; }
};

/// The same of a minimum.
struct smallest {
  static constexpr std::int32_t none = INT32_MAX;
  static std::int32_t key(float x) { return key_of(x, INT32_MIN); }
  static bool replaces(std::int32_t key, std::int32_t held) { return key < held; }
};

}  // namespace robocache::host::detail
