// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "support/runner.hpp"

namespace test {

template <class T>
struct type_tag {
  using type = T;
};

/// Calls `f(type_tag<Value>, type_tag<Result>)` with the C++ types of a pair of floats.
template <class F>
status with_float_types(dtype value, dtype result, F f) {
  auto const with_result = [&](auto v) {
    switch (result) {
      case dtype::float32: return f(v, type_tag<float>{});
      case dtype::float16: return f(v, type_tag<__half>{});
      case dtype::bfloat16: return f(v, type_tag<__nv_bfloat16>{});
      default: break;
    }
    std::fputs("a test asks for a pair of types that does not compile\n", stderr);
    std::abort();
  };
  switch (value) {
    case dtype::float16: return with_result(type_tag<__half>{});
    case dtype::bfloat16: return with_result(type_tag<__nv_bfloat16>{});
    default: return with_result(type_tag<float>{});
  }
}

/// The same for a pair that `resample` takes.
template <class F>
status with_types(dtype value, dtype result, F f) {
  switch (value) {
    case dtype::uint8: return f(type_tag<std::uint8_t>{}, type_tag<std::uint8_t>{});
    case dtype::int32: return f(type_tag<std::int32_t>{}, type_tag<std::int32_t>{});
    case dtype::int64: return f(type_tag<std::int64_t>{}, type_tag<std::int64_t>{});
    default: return with_float_types(value, result, f);
  }
}

}  // namespace test
