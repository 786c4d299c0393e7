// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/status.hpp>
#include <robocache/stream.hpp>
#include <robocache/timeline.hpp>

namespace robocache {

/// Fuses any number of streams, each with its own rate, type, rules and latency, into one aligned tensor: for each
/// target time one row with the channels of all streams.
///
/// The channels of a stream are, bit for bit, what `resample` gives for it at target + latency, with
/// `v * scale + shift` before the rounding to the result's type; docs/semantics.md, "Fusion". CPU and GPU give the
/// same bits.
///
/// @code
/// namespace rc = robocache;
/// rc::stream<std::int64_t> streams[] = {vision, joints, {gripper, hold}};
/// auto target = rc::timeline<std::int64_t>::uniform(start_ns, 20'000'000, batch, 250);  // 50 Hz
/// rc::status s = rc::fuse(streams, 3, target, rc::fused_output{out, valid}, cuda_stream);
/// @endcode
///
/// @tparam Stamp   `float`, `double`, `std::int64_t`: one type and one unit for all streams and the targets, or it does
///                 not compile; `long long` goes with `std::int64_t`
/// @tparam Result  `float`, `__half`, `__nv_bfloat16`
///
/// @param streams      `[count]`, host memory, copied: what they point to is device memory, or pinned host memory
///                     for the values of streams whose `place` says so
/// @param count        N, 1 or more. Up to 16 are one launch; a run of channels that no stream writes counts as one;
///                     pinned streams of the hold methods and linear have launches of their own
/// @param target       where values are wanted, `[B, T]` (or packed); any kind. Its batch equals that of each stream,
///                     unless it is windows with `trajectory`, which picks the same trajectory in every stream
/// @param out          results `[B, T, C]` (or packed), the valid mask `[B, T, N]` and its conjunction `[B, T]`
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions, limits, stream behaviour and errors as `resample`, for each stream; errors name it as `streams[2]`. A
/// stream has less than 2^31 channels.
template <class Stamp, class Result, class TargetStamp = Stamp>
ROBOCACHE_HIDDEN status fuse(stream<Stamp> const* streams, std::int64_t count, timeline<TargetStamp> const& target,
                             fused_output<Result> const& out, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/fuse/launch.cuh>
