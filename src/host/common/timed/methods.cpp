// SPDX-License-Identifier: Apache-2.0
#include "host/common/timed/methods.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>

#include <robocache/device/blend.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/rotation.cuh>

namespace robocache::host::detail {
namespace {

template <class Value>
device::quaternion quaternion_at(Value const* row) {
  return {{device::to_float(row[0]), device::to_float(row[1]), device::to_float(row[2]), device::to_float(row[3])}};
}

template <class Value, class Result>
void blend_row(method_record const& record, Result* out, method_rule const& rule) {
  auto const* const first = static_cast<Value const*>(record.first);
  device::sample_steps const steps{rule.row_bytes / static_cast<std::int64_t>(sizeof(Value)), record.turn,
                                   record.capacity};
  if (first == nullptr) {
    std::fill_n(out, rule.rows.channels, *static_cast<Result const*>(rule.rows.fill));
  } else if (device::is_rotation(rule.method) && record.blends) {
    device::quaternion const q =
        device::slerp(quaternion_at(first), quaternion_at(first + steps.to(1)), record.curve.weight);
    for (int i = 0; i < 4; ++i) { out[i] = device::from_float<Result>(q.q[i]); }
  } else {
    for (std::int64_t i = 0; i < rule.rows.channels; ++i) {
      out[i] = device::from_float<Result>(
          device::value_by_method(rule.method, record.curve, record.blends, first + i, steps));
    }
  }
}

template <class Value, class Result>
void blend_rows(method_record const* records, std::int64_t count, void* out, method_rule const& rule) {
  for (std::int64_t r = 0; r < count; ++r) {
    auto* const row = reinterpret_cast<Result*>(static_cast<char*>(out) + r * rule.rows.out_row_bytes);
    blend_row<Value>(records[r], row, rule);
  }
}

template <class Value>
method_function function_to(dtype result) noexcept {
  switch (result) {
    case dtype::float16: return blend_rows<Value, __half>;
    case dtype::bfloat16: return blend_rows<Value, __nv_bfloat16>;
    default: return blend_rows<Value, float>;
  }
}

}  // namespace

method_function method_function_of(dtype value, dtype result) noexcept {
  switch (value) {
    case dtype::float16: return function_to<__half>(result);
    case dtype::bfloat16: return function_to<__nv_bfloat16>(result);
    default: return function_to<float>(result);
  }
}

}  // namespace robocache::host::detail
