// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/timeline.hpp>

namespace robocache {

/// The data check: counts, for each trajectory, what `resample` assumes and cannot check without waiting for the
/// device. Enqueue it along with a `resample`, on the same stream or another, and read the reports later: where
/// all counts are 0 the results are what docs/semantics.md says.
///
/// @code
/// if (rc::status s = rc::inspect(when, reports, cuda_stream); !s.ok()) { std::puts(s.message()); }
/// // ... much later, once the stream has come so far: one rc::trajectory_report per trajectory
/// @endcode
///
/// @tparam Stamp  `float`, `double`, `std::int64_t`
///
/// @param when         sources, or targets of any kind but windows that name a trajectory
/// @param reports      `[B]`, each written whole, whatever it held before
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Nothing is read out of bounds, whatever stamps, lengths and offsets hold. The counts do not depend on the launch.
///
/// Preconditions and stream behaviour as `resample`: asynchronous, capturable, nothing allocated.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued. An empty batch is success.
template <class Stamp>
ROBOCACHE_HIDDEN status inspect(timeline<Stamp> const& when, trajectory_report* reports, cudaStream_t cuda_stream);

/// The same for targets that are windows and name their trajectories.
/// @param source_batch  how many trajectories the source has: what `trajectory[b]` must stay below
template <class Stamp>
ROBOCACHE_HIDDEN status inspect(timeline<Stamp> const& when, std::int64_t source_batch, trajectory_report* reports,
                                cudaStream_t cuda_stream);

/// The data check of quaternions, what slerp assumes: for each trajectory it counts the rows that are not of
/// unit length, those that are no rotation, and those whose sign turns against the row before. Slerp gives samples as
/// they are and normalises what lies between them; docs/semantics.md, Data check, says what each count does to its
/// results.
///
/// @code
/// if (rc::status s = rc::inspect_rotations(orientations, reports, cuda_stream); !s.ok()) { std::puts(s.message()); }
/// @endcode
///
/// @tparam Value  `float`, `__half`, `__nv_bfloat16`
/// @tparam Stamp  `float`, `double`, `std::int64_t`
///
/// @param source       4 channels, in any order of components; as for `resample`, but no stamp is read
/// @param reports      `[B]`, each written whole, whatever it held before; apart from the source
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Lengths and offsets are clamped. Preconditions, stream behaviour and errors as `inspect`.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued. An empty batch is success.
template <class Value, class Stamp>
ROBOCACHE_HIDDEN status inspect_rotations(series<Value, Stamp> const& source, rotation_report* reports,
                                          cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/inspect/launch.cuh>
