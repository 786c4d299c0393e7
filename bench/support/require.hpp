// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

#include <robocache/status.hpp>

namespace robocache::bench {

/// Ends the case, with the message, where a call was refused.
inline void require(status const& result) {
  if (!result.ok()) { throw std::runtime_error(result.message()); }
}

}  // namespace robocache::bench
