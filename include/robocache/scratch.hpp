// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>

namespace robocache {

/// Memory that a call may write anything to, on the side that computes; aligned to 16 bytes.
struct scratch {
  void* memory = nullptr;
  std::int64_t bytes = 0;
};

}  // namespace robocache
