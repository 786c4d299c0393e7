// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tuning of `sample_windows`: it changes speed, never a result. No other numbers have been measured.
namespace robocache::detail {

/// Threads of a block, one a row: few, so that a batch of some hundred rows is spread over the chip.
inline constexpr int windows_threads = 64;

/// Blocks for each multiprocessor, at most; beyond that threads take several rows.
inline constexpr int windows_blocks = 4;

}  // namespace robocache::detail
