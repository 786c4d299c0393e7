// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include <robocache/status.hpp>

// The argument checks that device, host and compiled API share. All are O(1): nothing that a pointer points to is read.
namespace robocache::detail {

/// "name.field" with `sentence` formatted: what was found and what is wanted.
[[gnu::format(printf, 4, 5)]] inline status refuse(status_code code, char const* name, char const* field,
                                                   char const* sentence, ...) {
  char argument[40];
  std::snprintf(argument, sizeof argument, "%s%s%s", name, *field == '\0' ? "" : ".", field);
  char text[200];
  std::va_list values;
  va_start(values, sentence);
  std::vsnprintf(text, sizeof text, sentence, values);
  va_end(values);
  return status(code, argument, text);
}

inline constexpr status_code invalid = status_code::invalid_argument;

/// True if `a * b` leaves 64 bits. Both not negative.
inline bool product_overflows(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product);
}

/// Well below the largest number, so that bytes of 8-byte elements and sums of several terms do not overflow, either.
inline constexpr std::int64_t most_elements = INT64_MAX / 32;

/// Multiplies; false where the product is more than `most_elements`. Both factors are 0 or more.
inline bool multiply(std::int64_t& product, std::int64_t factor) {
  return !__builtin_mul_overflow(product, factor, &product) && product <= most_elements;
}

/// The elements of some rows, for a message: where 64 bits do not hold them, the largest number that they hold.
inline std::int64_t elements_of(std::int64_t rows, std::int64_t channels) noexcept {
  std::int64_t elements = 0;
  return __builtin_mul_overflow(rows, channels, &elements) ? INT64_MAX : elements;
}

/// Checks a pointer from which `count` elements are read, or to which they are written.
template <class T>
status check_pointer(char const* name, char const* field, T const* pointer, std::int64_t count, std::size_t alignment) {
  if (count > 0 && pointer == nullptr) {
    return refuse(invalid, name, field, "found a null pointer, want %lld elements", static_cast<long long>(count));
  }
  if (reinterpret_cast<std::uintptr_t>(pointer) % alignment != 0) {
    return refuse(invalid, name, field, "found address %p, want a multiple of %zu bytes",
                  static_cast<void const*>(pointer), alignment);
  }
  return {};
}

/// Strides with the default filled in.
struct strides {
  std::int64_t batch;
  std::int64_t row;
};

/// Checks that strides are not negative and keep every offset of `batch` x `length` rows within 64 bits.
/// @param row_field  what the view calls the stride from row to row
inline status check_strides(char const* name, strides step, std::int64_t batch, std::int64_t length,
                            std::int64_t channels, char const* row_field = "row_stride") {
  if (step.row < 0) {
    return refuse(invalid, name, row_field, "found %lld, want 0 or more", static_cast<long long>(step.row));
  }
  if (step.batch < 0) {
    return refuse(invalid, name, "batch_stride", "found %lld, want 0 or more", static_cast<long long>(step.batch));
  }
  std::int64_t in_trajectory = length;
  std::int64_t in_batch = batch;
  if (!multiply(in_trajectory, step.row) || !multiply(in_batch, step.batch) || channels > most_elements) {
    return refuse(invalid, name, row_field, "found %lld x %lld rows with strides %lld and %lld, want below 2^58 in all",
                  static_cast<long long>(batch), static_cast<long long>(length), static_cast<long long>(step.batch),
                  static_cast<long long>(step.row));
  }
  return {};
}

/// Rows of a result must not overlap: either whole trajectories are nested in the batch stride, or, as in
/// `[T, B, D]`, the batch is nested in the row stride.
inline status check_disjoint(char const* name, strides step, std::int64_t batch, std::int64_t length,
                             std::int64_t channels, char const* row_field = "row_stride") {
  if (batch == 0 || length == 0) { return {}; }
  bool const rows_apart = length <= 1 || step.row >= channels;
  bool const batch_apart = batch <= 1 || step.batch >= channels;
  bool const rows_inside = batch <= 1 || step.batch >= (length - 1) * step.row + channels;
  bool const batch_inside = length <= 1 || step.row >= (batch - 1) * step.batch + channels;
  if (!rows_apart || !batch_apart || !(rows_inside || batch_inside)) {
    return refuse(invalid, name, rows_apart ? "batch_stride" : row_field,
                  "found strides %lld (batch) and %lld (row) for %lld channels, want rows that do not overlap",
                  static_cast<long long>(step.batch), static_cast<long long>(step.row),
                  static_cast<long long>(channels));
  }
  return {};
}

/// The most blocks that may share a row.
inline constexpr std::int64_t most_chunks = 65535;

/// Refuses rows that are too wide for the largest launch grid, at `chunk` channels per block, whether or not they can
/// be read in vectors; on the host as well, so that a call is valid on both sides or on neither.
inline status check_width(char const* name, std::int64_t channels, std::int64_t chunk) {
  std::int64_t const most = most_chunks * chunk;
  if (channels <= most) { return {}; }
  return refuse(status_code::unsupported, name, "channels", "found %lld, want at most %lld",
                static_cast<long long>(channels), static_cast<long long>(most));
}

}  // namespace robocache::detail
