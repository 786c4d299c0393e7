// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/policy_input.hpp>
#include <robocache/scratch.hpp>
#include <robocache/status.hpp>
#include <robocache/summary.hpp>

namespace robocache {

/// Statistics, as `summarize` has them, of what a fusion of a policy input would give, of which nothing is written: of
/// each step of chunks of actions relative to the state at the anchor, for one.
///
/// @code
/// rc::policy_fusion<std::int64_t> fusions[] = {state, {actions, 2, windows, {}}};  // windows [B, 50], without results
/// rc::policy_rows<std::int64_t> rows{fusions, 2, 1, true};                         // fusion 1, each step by itself
/// rc::summary_state<float> state{summaries, 1, 50 * 14, 2, {0.01, 0.99}, ranks, counters, quantiles};
/// rc::status s = rc::summarize_policy_input(rows, state, memory, cuda_stream);
/// @endcode
///
/// The bits are those of `summarize` over the results in FP32 that `policy_input` writes, one stream at a time with its
/// column of the valid mask as `value_rows::mask`. CPU and GPU give the same bits.
///
/// @tparam Stamp  `float`, `double`, `std::int64_t`
///
/// @param rows         the fusion, and what its rows are. Streams have no places of their own (`first_channel`)
/// @param state        as `summarize`, of FP32; `channels` is C, those of the streams together, with `each_step` T x C
/// @param memory       `summarize_policy_input_scratch(rows)` bytes
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// All values are made anew in each pass: 1 without quantiles, else 3. A launch per stream and pass. Preconditions as
/// `policy_input`; asynchronous, capturable, nothing allocated, nothing read back.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued
template <class Stamp>
ROBOCACHE_HIDDEN status summarize_policy_input(policy_rows<Stamp> const& rows, summary_state<float> const& state,
                                               scratch const& memory, cudaStream_t cuda_stream);

/// Bytes of scratch that `summarize_policy_input` and `add_policy_input_to_summary` take for these rows; 0 where they
/// would refuse them.
template <class Stamp>
std::int64_t summarize_policy_input_scratch(policy_rows<Stamp> const& rows);

/// Adds rows to a summary under way, as `add_to_summary` (summarize.cuh), whose `end_summary_pass` ends each pass:
/// where recordings do not lie in memory at one time.
template <class Stamp>
ROBOCACHE_HIDDEN status add_policy_input_to_summary(policy_rows<Stamp> const& rows, summary_state<float> const& state,
                                                    int pass, scratch const& memory, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/policy_input/summarize.cuh>
