// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include <robocache/dtype.hpp>

/// Bit patterns of the value types, read and made by arithmetic on doubles: slow, short, and nothing of the library.
namespace test {

using robocache::dtype;

/// A binary floating-point format with `precision` significant bits.
struct float_format {
  int precision;
  int bits;
  int min_exponent;
  int max_exponent;
};

constexpr float_format format_of(dtype type) {
  return type == dtype::float16    ? float_format{11, 16, -14, 15}
         : type == dtype::bfloat16 ? float_format{8, 16, -126, 127}
                                   : float_format{24, 32, -126, 127};
}

constexpr bool is_integer(dtype type) { return type == dtype::uint8 || type == dtype::int32 || type == dtype::int64; }

/// The number that a bit pattern of a float type means; exact.
inline double decode(dtype type, std::uint64_t bits) {
  float_format const f = format_of(type);
  std::uint64_t const fraction_limit = std::uint64_t(1) << (f.precision - 1);
  std::uint64_t const fraction = bits & (fraction_limit - 1);
  std::uint64_t const sign = bits >> (f.bits - 1);
  std::uint64_t const biased = (bits >> (f.precision - 1)) & ((std::uint64_t(1) << (f.bits - f.precision)) - 1);
  bool const special = biased == (std::uint64_t(1) << (f.bits - f.precision)) - 1;
  double magnitude;
  if (special) {
    magnitude = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (biased == 0) {
    magnitude = std::ldexp(double(fraction), f.min_exponent - (f.precision - 1));
  } else {
    magnitude = std::ldexp(double(fraction + fraction_limit), int(biased) - f.max_exponent - (f.precision - 1));
  }
  return sign != 0 ? -magnitude : magnitude;
}

/// The distance between neighbouring numbers of the format at `x`.
inline double ulp(dtype type, double x) {
  float_format const f = format_of(type);
  int const exponent = x == 0 || !std::isfinite(x) ? f.min_exponent : std::max(std::ilogb(x), f.min_exponent);
  return std::ldexp(1.0, exponent - (f.precision - 1));
}

/// The bit pattern nearest to `x`, ties to even. A `double` that holds a `float` is rounded once.
inline std::uint64_t encode(dtype type, double x) {
  float_format const f = format_of(type);
  std::uint64_t const sign = std::uint64_t(std::signbit(x) ? 1 : 0) << (f.bits - 1);
  std::uint64_t const infinity = ((std::uint64_t(1) << (f.bits - f.precision)) - 1) << (f.precision - 1);
  if (std::isnan(x)) { return sign | infinity | 1; }
  if (std::isinf(x)) { return sign | infinity; }
  double const step = ulp(type, x);
  double const steps = std::nearbyint(std::fabs(x) / step);  // both exact except for this rounding, which is to even
  double const rounded = steps * step;
  if (rounded == 0) { return sign; }
  if (rounded > std::ldexp(2.0 - std::ldexp(1.0, 1 - f.precision), f.max_exponent)) { return sign | infinity; }
  int const exponent = std::ilogb(rounded);
  if (exponent < f.min_exponent) { return sign | std::uint64_t(steps); }  // subnormal
  auto const significand = std::uint64_t(std::ldexp(rounded, f.precision - 1 - exponent));
  std::uint64_t const fraction = significand & ((std::uint64_t(1) << (f.precision - 1)) - 1);
  return sign | (std::uint64_t(exponent + f.max_exponent) << (f.precision - 1)) | fraction;
}

inline bool is_nan(dtype type, std::uint64_t bits) { return !is_integer(type) && std::isnan(decode(type, bits)); }

/// The same bits; all NaN are equal.
inline bool same(dtype type, std::uint64_t a, std::uint64_t b) {
  return a == b || (is_nan(type, a) && is_nan(type, b));
}

/// Element `index` of a buffer of `type`, as bits.
inline std::uint64_t load_bits(dtype type, void const* from, std::int64_t index) {
  std::uint64_t bits = 0;
  auto const size = robocache::size_of(type);
  std::memcpy(&bits, static_cast<char const*>(from) + index * std::int64_t(size), size);
  return bits;
}

inline void store_bits(dtype type, void* to, std::int64_t index, std::uint64_t bits) {
  auto const size = robocache::size_of(type);
  std::memcpy(static_cast<char*>(to) + index * std::int64_t(size), &bits, size);
}

}  // namespace test
