// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/check.hpp>
#include <robocache/scratch.hpp>

namespace robocache::detail {

/// Refuses scratch that is too small.
/// @param function  the one that says how much is needed
inline status check_scratch(scratch const& memory, std::int64_t bytes, char const* function) {
  if (memory.bytes < bytes) {
    return refuse(invalid, "memory", "bytes", "found %lld, want %lld, as %s says", static_cast<long long>(memory.bytes),
                  static_cast<long long>(bytes), function);
  }
  return check_pointer("memory", "memory", static_cast<char const*>(memory.memory), bytes, 16);
}

}  // namespace robocache::detail
