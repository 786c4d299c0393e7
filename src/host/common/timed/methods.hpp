// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/device/curve.cuh>
#include <robocache/dtype.hpp>
#include <robocache/options.hpp>

#include "host/common/blend.hpp"

/// Blending by the methods beyond linear.
namespace robocache::host::detail {

/// What one target reads.
struct method_record {
  void const* first;              ///< the left sample; null: the fill value
  bool blends;                    ///< false: `first` alone
  device::curve curve;            ///< if it blends; for angle and slerp that of linear, for its weight
  std::int32_t turn = INT32_MAX;  ///< of `device::sample_steps` from the left sample; so is the next
  std::int32_t capacity = 0;
};

/// What is the same for all rows of one call.
struct method_rule {
  interpolation method;
  std::int64_t row_bytes;  ///< from one sample to the next
  blend_rule rows;
};

/// Writes `count` result rows, one per record, beginning at `out`.
using method_function = void (*)(method_record const* records, std::int64_t count, void* out, method_rule const& rule);

/// The function for a pair of float types.
method_function method_function_of(dtype value, dtype result) noexcept;

}  // namespace robocache::host::detail
