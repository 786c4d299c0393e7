// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/policy_input.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// Makes what a policy takes out of recordings, in one launch: any number of fusions, such as the history of two
/// observations and the chunk of 16 actions, each with targets, streams, result type and masks of its own; with
/// rotations in any format, values relative to the state at the anchor, normalisation and clamps.
///
/// A stream to which nothing is done beyond `stream` has, bit for bit, the results that `fuse` gives it; a fusion has
/// those that it has in a call of its own. docs/semantics.md, "Policy input". CPU and GPU give the same bits.
///
/// @code
/// namespace rc = robocache;
/// rc::policy_stream<std::int64_t> state[] = {position, rotation, gripper}, action[] = {next_position, next_rotation};
/// action[0].relative.wanted = true;
/// action[0].relative.to = {0, 0};     // stream 0 of fusion 0: the position
/// action[0].relative.frame = {1, 0};  // in the axes of stream 1 of fusion 0
/// auto past = rc::timeline<std::int64_t>::windows(anchors, back, batch, 2, trajectory, anchors);  // as of the anchor
/// auto future = rc::timeline<std::int64_t>::windows(anchors, ahead, batch, 16, trajectory);
/// rc::policy_fusion<std::int64_t> fusions[] = {{state, 3, past, rc::fused_output{observations, valid}},
///                                              {action, 2, future, rc::fused_output{actions, padding}}};
/// rc::status s = rc::policy_input(fusions, 2, cuda_stream);
/// @endcode
///
/// @tparam Stamp  `float`, `double`, `std::int64_t`: one type and one unit for all streams and targets
///
/// @param fusions      `[count]`, host memory, copied with their streams: what these point to is memory of the device,
///                     or of values where `place` says so pinned host memory, which is read where it is. Results do not
///                     overlap those of other fusions, nor anything that is read (not checked)
/// @param count        1 or more. One launch are fusions of windows whose anchors and trajectories are the same memory,
///                     up to 4 with 16 streams, by straight methods and slerp, of stored stamps, without derivatives,
///                     `sin_cos` and ages, of 2 targets or more together; and another one all else, up to 16 streams
///                     and 16 references. Runs of channels that no stream writes count as streams
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions, limits, stream behaviour and errors as `fuse`; errors name what they are about as
/// `fusions[1].streams[2]`. Where a stream is relative, its fusion and that of its reference are windows of one batch.
/// There are no gradients.
template <class Stamp>
ROBOCACHE_HIDDEN status policy_input(policy_fusion<Stamp> const* fusions, std::int64_t count, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/policy_input/launch.cuh>
