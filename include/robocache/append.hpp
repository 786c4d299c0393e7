// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/types.hpp>
#include <robocache/dtype.hpp>
#include <robocache/timeline.hpp>

namespace robocache {

/// Rows that `append` has refused in one trajectory.
struct append_report {
  std::int64_t older;       ///< stamped before the newest row that was kept
  std::int64_t not_finite;  ///< whose stamp is NaN or infinite
};

/// One stream of an `append`: a ring, and the rows that go to it. A view, nothing is owned.
///
/// @tparam Stamp  `float`, `double`, `std::int64_t`
template <class Stamp>
struct append_stream {
  static_assert(sizeof(detail::stamp_type<Stamp>) > 0);

  // The ring, on the device.
  Stamp* stamps = nullptr;          ///< `[B, capacity]`
  void* values = nullptr;           ///< `[B, capacity, D]`
  std::int64_t* written = nullptr;  ///< `[B]`: rows accepted since the reset; 0 at first
  std::int64_t capacity = 0;        ///< 1 or more
  std::int64_t channels = 0;        ///< D; rows have less than 2^26 bytes
  dtype type = dtype::float32;      ///< of values, any

  // What is appended, on the device or in pinned host memory. It overlaps no ring (not checked).
  Stamp const* new_stamps = nullptr;      ///< `[B, rows]`
  void const* new_values = nullptr;       ///< `[B, rows, D]`, of the same type
  std::int64_t rows = 0;                  ///< of each trajectory
  std::int64_t const* counts = nullptr;   ///< optional, `[B]`: only the first so many rows are there; in `[0, rows]`
  std::uint8_t const* present = nullptr;  ///< optional, `[B, rows]`: rows of which it is 0 are not there

  append_report* reports = nullptr;  ///< optional, `[B]`, on the device: refused rows are added to it

  /// The ring as a source's timeline.
  timeline<Stamp> when(std::int64_t batch) const noexcept {
    return timeline<Stamp>::ring(stamps, batch, capacity, written);
  }
};

/// The same for `long long`.
template <>
struct append_stream<detail::other_int64> : append_stream<std::int64_t> {};

}  // namespace robocache
