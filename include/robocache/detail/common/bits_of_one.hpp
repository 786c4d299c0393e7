// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/dtype.hpp>

namespace robocache::detail {

/// The bits of the number 1 in each type.
constexpr std::uint64_t bits_of_one(dtype type) noexcept {
  switch (type) {
    case dtype::float32: return 0x3f800000u;
    case dtype::float16: return 0x3c00u;
    case dtype::bfloat16: return 0x3f80u;
    case dtype::uint8:
    case dtype::int32:
    case dtype::int64: return 1;
  }
  return 0;  // no type: argument checks refuse it
}

}  // namespace robocache::detail
