// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// The blend half of host resampling: rows of values in, one row of results out.
///
/// blend_rows.hpp is compiled once for each instruction set, from a file that is built with that set's compiler flags.
/// Those files include this header and nothing with inline functions of external linkage: the linker would be free to
/// keep the copy that an older CPU cannot run.
namespace robocache::host::detail {

/// What one target reads: `near` alone, or the value at `share` of the way from `near` to `far`, or nothing.
struct blend_record {
  void const* near;  ///< null: the fill value
  void const* far;   ///< null: `near` is moved
  float share;       ///< at most 1/2, unless extrapolated
};

/// What is the same for all rows of one call.
struct blend_rule {
  std::int64_t channels;
  std::int64_t out_row_bytes;  ///< from one result row to the next
  void const* fill;            ///< one value of the result type
};

/// Writes `count` result rows, one per record, beginning at `out`.
using blend_function = void (*)(blend_record const* records, std::int64_t count, void* out, blend_rule const& rule);

/// One function for each pair of value and result type, in the order of `dtype`: float32, float16, bfloat16.
struct blend_table {
  blend_function functions[3][3];
};

extern blend_table const blend_baseline;
#if defined(__x86_64__)
extern blend_table const blend_avx2;
extern blend_table const blend_avx512;
#endif

}  // namespace robocache::host::detail
