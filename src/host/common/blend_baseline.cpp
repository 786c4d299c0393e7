// SPDX-License-Identifier: Apache-2.0

// For any CPU: one float at a time, in integer and float arithmetic without branches, which compilers turn into the
// vector instructions that every CPU of the architecture has.
#include "host/common/blend_rows.hpp"

namespace robocache::host::detail {
namespace {

inline std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float float_of(std::uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

inline float to_float(bfloat16_bits value) { return float_of(std::uint32_t(value.bits) << 16); }

inline float to_float(half_bits value) {
  std::uint32_t const sign = std::uint32_t(value.bits & 0x8000u) << 16;
  std::uint32_t const magnitude = std::uint32_t(value.bits & 0x7fffu) << 13;
  std::uint32_t const exponent = magnitude & 0x0f800000u;
  // Exponents are biased by 15 there and by 127 here; infinity and NaN keep the largest exponent.
  std::uint32_t const normal = magnitude + (exponent == 0x0f800000u ? (255u - 31u) << 23 : (127u - 15u) << 23);
  // A subnormal has no leading 1: add one above it, and subtract that again, exactly.
  float const leading_one = float_of(113u << 23);
  std::uint32_t const subnormal = bits_of(float_of(magnitude + (113u << 23)) - leading_one);
  return float_of(sign | (exponent == 0 ? subnormal : normal));
}

inline bfloat16_bits to_bfloat16(float x) {
  std::uint32_t const bits = bits_of(x);
  std::uint32_t const rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  bool const is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return {static_cast<std::uint16_t>(is_nan ? 0x7fffu : rounded)};
}

inline half_bits to_half(float x) {
  std::uint32_t const sign = (bits_of(x) >> 16) & 0x8000u;
  std::uint32_t const magnitude = bits_of(x) & 0x7fffffffu;
  // Rebias, and round half to even where 13 bits are dropped; a carry moves into the exponent, up to infinity.
  std::uint32_t const normal = (magnitude - ((127u - 15u) << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  // The last bit of 0.5 weighs as much as the last bit of a subnormal half: one addition rounds.
  std::uint32_t const subnormal = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
  std::uint32_t const special = magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u;
  std::uint32_t const small = magnitude < (113u << 23) ? subnormal : normal;
  return {static_cast<std::uint16_t>(sign | (magnitude >= (143u << 23) ? special : small))};
}

struct pack {
  static constexpr int width = 1;
  float lanes;

  static pack broadcast(float x) { return {x}; }
  static pack load(float const* from) { return {*from}; }
  static pack load(half_bits const* from) { return {to_float(*from)}; }
  static pack load(bfloat16_bits const* from) { return {to_float(*from)}; }
  static void store(float* to, pack x) { *to = x.lanes; }
  static void store(half_bits* to, pack x) { *to = to_half(x.lanes); }
  static void store(bfloat16_bits* to, pack x) { *to = to_bfloat16(x.lanes); }

  friend pack operator*(pack x, pack y) { return {x.lanes * y.lanes}; }
  friend pack operator+(pack x, pack y) { return {x.lanes + y.lanes}; }
  friend pack operator-(pack x, pack y) { return {x.lanes - y.lanes}; }

  /// For each lane `yes` where `d` is finite, else `no`.
  static pack where_finite(pack d, pack yes, pack no) { return d.lanes - d.lanes == 0.0f ? yes : no; }
};

}  // namespace

blend_table const blend_baseline = make_blend_table<pack>();

}  // namespace robocache::host::detail
