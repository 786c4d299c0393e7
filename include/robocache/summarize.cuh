// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/scratch.hpp>
#include <robocache/status.hpp>
#include <robocache/summary.hpp>

namespace robocache {

/// Statistics of each channel of rows, for each group of rows: count, NaNs, infinities, minimum, maximum, mean,
/// squared differences from it, and exact quantiles. Each is defined in docs/semantics.md, Summaries.
///
/// @code
/// rc::value_rows<float> rows{actions, n, 14};                  // [n, 14]
/// rc::summary_state<float> state{summaries, 1, 14, 2, {0.01, 0.99}, ranks, counters, quantiles};
/// if (rc::status s = rc::summarize(rows, state, memory, cuda_stream); !s.ok()) { std::puts(s.message()); }
/// @endcode
///
/// Clears the state, makes all passes over the rows and ends each: 1 without quantiles, else 3, or 6 for
/// `std::int64_t`. Nothing is read back. Rows that do not lie in memory at one time are added call by call, by
/// `add_to_summary`.
///
/// @tparam Value  `float`, `__half`, `__nv_bfloat16`, `std::uint8_t`, `std::int32_t`, `std::int64_t`
///
/// @param rows         `[N, D]` on the device, with an optional mask and optional offsets of groups
/// @param state        where results go: all memory on the device, apart from the rows. Its `groups` and `channels` are
///                     those of the rows. With quantiles each channel of each group takes 2 Q histograms of 16 kB
/// @param memory       `summarize_scratch(rows)` bytes
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// The bits do not depend on the launch, and are those of `host::summarize`. Asynchronous, capturable, nothing
/// allocated. Rows that no group owns are not read.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued
template <class Value>
ROBOCACHE_HIDDEN status summarize(value_rows<Value> const& rows, summary_state<Value> const& state,
                                  scratch const& memory, cudaStream_t cuda_stream);

/// Bytes of scratch that `summarize` and `add_to_summary` take for these rows; 0 where they would refuse them.
template <class Value>
std::int64_t summarize_scratch(value_rows<Value> const& rows);

/// Adds rows to a summary under way, which began with all bits 0. For each pass, add all rows, in as many calls as it
/// takes, and call `end_summary_pass`:
///
/// @code
/// for (int pass = 0; pass < rc::summary_passes(rc::dtype::float32, state.quantiles); ++pass) {
///   for (auto const& rows : parts) { rc::add_to_summary(rows, state, pass, memory, cuda_stream); }
///   rc::end_summary_pass(state, pass, cuda_stream);
/// }
/// @endcode
///
/// Pass 0 adds to `summaries`, each call's part merged on the right of what is there; other passes add to counters
/// alone. A part's mean depends in its last bits on how the rows were dealt out to calls; nothing else does.
///
/// @param pass  0 to `summary_passes(type, state.quantiles) - 1`; in each the same rows
///
/// Otherwise as `summarize`.
template <class Value>
ROBOCACHE_HIDDEN status add_to_summary(value_rows<Value> const& rows, summary_state<Value> const& state, int pass,
                                       scratch const& memory, cudaStream_t cuda_stream);

/// Ends a pass, once all rows were added in it: finds the next digit of each order statistic and clears the counters;
/// after the last pass, writes the quantiles. Does nothing without quantiles.
///
/// Before it, counters of parts that other devices went over may be added up: then each of them finds the same.
///
/// Stream behaviour and errors as `summarize`.
template <class Value>
ROBOCACHE_HIDDEN status end_summary_pass(summary_state<Value> const& state, int pass, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/summarize/launch.cuh>
