// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/common/blend.hpp"

namespace robocache::host::detail {

/// The most rows that are worked on together: few enough for the stack and the first-level cache.
inline constexpr std::int64_t rows_at_once = 64;

/// Writes `count` rows of numbers in another type; `count` is at most `rows_at_once`.
inline void convert_rows(blend_function convert, void const* from, std::int64_t from_row_bytes, std::int64_t count,
                         void* to, std::int64_t to_row_bytes, std::int64_t channels) {
  blend_record records[rows_at_once];
  for (std::int64_t i = 0; i < count; ++i) {
    records[i] = {static_cast<char const*>(from) + i * from_row_bytes, nullptr, 0.0f};
  }
  convert(records, count, to, {channels, to_row_bytes, nullptr});
}

}  // namespace robocache::host::detail
