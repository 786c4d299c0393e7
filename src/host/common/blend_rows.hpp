// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "host/common/blend.hpp"

// Internal linkage throughout: each file that includes this compiles it with instructions of its own.
//
// A `Pack` is a register of floats. `Pack::load` and `Pack::store` take a pointer to the stored format and convert;
// with a count, they touch that many elements and no byte beyond.
namespace robocache::host::detail {
namespace {

// Values as they are in memory. The types of cuda_fp16.h and cuda_bf16.h come with inline functions and stay outside.
struct half_bits {
  std::uint16_t bits;
};
struct bfloat16_bits {
  std::uint16_t bits;
};

/// `device::detail::part_way`, for all lanes.
template <class Pack>
inline Pack part_way(Pack near, Pack far, Pack share, Pack rest) {
  Pack const d = far - near;
  return Pack::where_finite(d, near + share * d, rest * near + share * far);
}

/// The line from `near` to `far`, each operation rounded, then rounded once to the result.
template <class Pack, class Value, class Result>
inline void blend_row(Value const* __restrict near, Value const* __restrict far, float share, Result* __restrict out,
                      std::int64_t channels) {
  Pack const right = Pack::broadcast(share);
  Pack const left = Pack::broadcast(1.0f - share);
  std::int64_t i = 0;
  for (; i + Pack::width <= channels; i += Pack::width) {
    Pack::store(out + i, part_way(Pack::load(near + i), Pack::load(far + i), right, left));
  }
  if constexpr (Pack::width > 1) {
    if (int const rest = static_cast<int>(channels - i); rest > 0) {
      Pack::store(out + i, part_way(Pack::load(near + i, rest), Pack::load(far + i, rest), right, left), rest);
    }
  }
}

/// A single row: its bits where the types are equal, else each value rounded once.
template <class Pack, class Value, class Result>
inline void move_row(Value const* __restrict a, Result* __restrict out, std::int64_t channels) {
  if constexpr (std::is_same_v<Value, Result>) {
    __builtin_memcpy(out, a, static_cast<std::size_t>(channels) * sizeof(Value));
  } else {
    std::int64_t i = 0;
    for (; i + Pack::width <= channels; i += Pack::width) { Pack::store(out + i, Pack::load(a + i)); }
    if constexpr (Pack::width > 1) {
      if (int const rest = static_cast<int>(channels - i); rest > 0) {
        Pack::store(out + i, Pack::load(a + i, rest), rest);
      }
    }
  }
}

template <class Pack, class Value, class Result>
void blend_rows(blend_record const* records, std::int64_t count, void* out, blend_rule const& rule) {
  std::int64_t const channels = rule.channels;
  for (std::int64_t r = 0; r < count; ++r) {
    auto* const row = reinterpret_cast<Result*>(static_cast<char*>(out) + r * rule.out_row_bytes);
    auto const* const near = static_cast<Value const*>(records[r].near);
    auto const* const far = static_cast<Value const*>(records[r].far);
    if (far != nullptr) {
      blend_row<Pack>(near, far, records[r].share, row, channels);
    } else if (near != nullptr) {
      move_row<Pack>(near, row, channels);
    } else {
      Result const fill = *static_cast<Result const*>(rule.fill);
      for (std::int64_t i = 0; i < channels; ++i) { row[i] = fill; }
    }
  }
}

template <class Pack, class Value>
constexpr void fill_table_row(blend_function (&functions)[3]) {
  functions[0] = blend_rows<Pack, Value, float>;
  functions[1] = blend_rows<Pack, Value, half_bits>;
  functions[2] = blend_rows<Pack, Value, bfloat16_bits>;
}

template <class Pack>
constexpr blend_table make_blend_table() {
  blend_table table{};
  fill_table_row<Pack, float>(table.functions[0]);
  fill_table_row<Pack, half_bits>(table.functions[1]);
  fill_table_row<Pack, bfloat16_bits>(table.functions[2]);
  return table;
}

}  // namespace
}  // namespace robocache::host::detail
