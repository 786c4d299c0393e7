// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <robocache/detail/config.hpp>
#include <robocache/options.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/timeline.hpp>

namespace robocache {

/// Resamples a batch of trajectories: for each target time, the value of its trajectory at that time.
///
/// Each result is defined in docs/semantics.md. In short: the bracket of a target is the right-most sample
/// stamped at or before it, and the next one; linear is `(1 - w) * a + w * b` in float with one rounding to the
/// result type; the bits are those of `host::resample`, on every architecture, whatever the launch.
///
/// @code
/// namespace rc = robocache;
/// auto when   = rc::timeline<std::int64_t>::dense(stamps_ns, batch, length);
/// auto source = rc::series{values, when, channels};
/// auto target = rc::timeline<std::int64_t>::uniform(start_ns, 20'000'000, batch, 250);  // 50 Hz
/// rc::resample_options<std::int64_t> options;
/// options.max_gap = 100'000'000;  // 100 ms
/// if (rc::status s = rc::resample(source, target, rc::output{out, valid}, options, cuda_stream); !s.ok()) {
///   std::puts(s.message());
/// }
/// @endcode
///
/// @tparam Value   `float`, `__half`, `__nv_bfloat16`; for hold methods also `std::uint8_t`, `std::int32_t`,
///                 `std::int64_t` with the same `Result`
/// @tparam Stamp   `float`, `double`, `std::int64_t`: one type and one unit for source, target and options, or it does
///                 not compile; `long long` goes with `std::int64_t`
/// @tparam Result  `float`, `__half`, `__nv_bfloat16` in any combination with a float `Value`
///
/// @param source       values `[B, N, D]` (or packed `[rows, D]`) with their timeline; any kind but windows
/// @param target       where values are wanted, `[B, T]` (or packed); any kind. Its batch equals the source's,
///                     unless it is windows with `trajectory`
/// @param out          results `[B, T, D]` (or packed) and the valid mask, which may be null. Nothing else is written
/// @param options      method, edges, gap limit, fill value, causality
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions: all pointers are to memory that the current device reaches, aligned to their type; results overlap
/// neither values nor stamps; stamps ascend within a trajectory. Unsorted or non-finite stamps give unspecified
/// values and no access out of bounds.
///
/// Limits: a trajectory has less than 2^31 samples and less than 2^31 targets unless it is packed; of a packed source
/// trajectory the first 2^31 - 1 samples are read. Elements, strides and packed rows are counted in 64 bits.
///
/// Stream behaviour: returns once the work is enqueued. Does not synchronise, allocates nothing, may be captured in a
/// CUDA graph (views are copied: the pointed-to memory must outlive the graph), leaves the current device and the
/// last CUDA error as they were.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued. Without targets a call succeeds,
///         whatever is null; for an empty batch all packed rows of the result are fill. Thread-safe.
template <class Value, class Stamp, class Result, class TargetStamp = Stamp, class OptionStamp = Stamp>
ROBOCACHE_HIDDEN status resample(series<Value, Stamp> const& source, timeline<TargetStamp> const& target,
                                 output<Result> const& out, resample_options<OptionStamp> const& options,
                                 cudaStream_t cuda_stream);

/// The first half of `resample` alone: which source rows each target reads, with which weight, and whether it is
/// valid. For those who want to gather or blend a type that RoboCache does not.
///
/// @param source       when the source was sampled; any kind but windows
/// @param target       where values are wanted; any kind
/// @param out          rows `[B, T, 2]`, weights `[B, T]`, valid `[B, T]` (or packed); each may be null
/// @param options      as for `resample`; `fill` is not used
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions, stream behaviour and errors as `resample`. Rows are always -1 or inside the source, so a gather
/// by them is safe.
template <class Stamp, class TargetStamp = Stamp, class OptionStamp = Stamp>
ROBOCACHE_HIDDEN status locate(timeline<Stamp> const& source, timeline<TargetStamp> const& target, located const& out,
                               resample_options<OptionStamp> const& options, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/resample/launch.cuh>
