// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace robocache::detail {

/// Threads of a block.
inline constexpr int append_threads = 128;

}  // namespace robocache::detail
