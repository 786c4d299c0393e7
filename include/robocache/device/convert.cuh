// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/detail/config.hpp>
#include <robocache/detail/minimum_arch.cuh>
#include <robocache/detail/standard.hpp>

namespace robocache::device {

/// A value as float: exact for all three float types.
template <class Value>
ROBOCACHE_HOST_DEVICE inline float to_float(Value value) {
  if constexpr (std::is_same_v<Value, __half>) {
    return __half2float(value);
  } else if constexpr (std::is_same_v<Value, __nv_bfloat16>) {
    return __bfloat162float(value);
  } else {
    static_assert(std::is_same_v<Value, float>, "values are float, __half or __nv_bfloat16");
    return value;
  }
}

/// A float as a result: one rounding, to nearest even.
template <class Result>
ROBOCACHE_HOST_DEVICE inline Result from_float(float value) {
  if constexpr (std::is_same_v<Result, __half>) {
    return __float2half_rn(value);
  } else if constexpr (std::is_same_v<Result, __nv_bfloat16>) {
    return __float2bfloat16_rn(value);
  } else {
    static_assert(std::is_same_v<Result, float>, "results are float, __half or __nv_bfloat16");
    return value;
  }
}

}  // namespace robocache::device
