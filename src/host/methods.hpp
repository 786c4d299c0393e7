// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/device/blend.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/curve.cuh>
#include <robocache/device/rotation.cuh>

#include "blend.hpp"

/// Blending by the methods beyond linear, a row at a time.
namespace robocache::host::detail {

/// What one target reads.
template <class Value>
struct method_record {
  Value const* row;         ///< the left sample; null: the fill value
  std::int64_t row_stride;  ///< to the next sample, in elements
  bool blends;              ///< false: `row` alone
  device::curve curve;      ///< angle and slerp: linear's, for its weight
};

template <class Value>
device::quaternion quaternion_at(Value const* row) {
  return {{device::to_float(row[0]), device::to_float(row[1]), device::to_float(row[2]), device::to_float(row[3])}};
}

template <class Value, class Result>
void blend_method_row(interpolation method, method_record<Value> const& from, Result* out, blend_rule const& rule) {
  if (from.row == nullptr) {
    for (std::int64_t i = 0; i < rule.channels; ++i) { out[i] = *static_cast<Result const*>(rule.fill); }
  } else if (method == interpolation::slerp && from.blends) {
    device::quaternion const q =
        device::slerp(quaternion_at(from.row), quaternion_at(from.row + from.row_stride), from.curve.weight);
    for (int i = 0; i < 4; ++i) { out[i] = device::from_float<Result>(q.q[i]); }
  } else {
    for (std::int64_t i = 0; i < rule.channels; ++i) {
      out[i] = device::from_float<Result>(
          device::value_by_method(method, from.curve, from.blends, from.row + i, from.row_stride));
    }
  }
}

}  // namespace robocache::host::detail
