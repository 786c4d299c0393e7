// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <robocache/detail/config.hpp>
#include <robocache/status.hpp>
#include <robocache/windows.hpp>

namespace robocache {

/// Draws the windows of some batches for one rank: shuffled, mixed from sets of episodes by their shares, every window
/// of an epoch once, whatever the number of ranks. What is drawn depends on the plan, the seed, the step and the batch
/// alone, so that training goes on from these, on any number of ranks.
///
/// @code
/// rc::window_plan plan;                 // offsets, starts, set_offsets and draws are in device memory
/// rc::window_draw draw{seed, step};     // so is the step: a captured graph draws on when it changes
/// draw.batch = 256;
/// if (rc::status s = rc::sample_windows(plan, draw, {episodes, anchors}, cuda_stream); !s.ok()) { ... }
/// auto targets = rc::timeline<std::int64_t>::windows(anchors, deltas, 256, 16, episodes);
/// @endcode
///
/// Batch `step` belongs to epoch `step / steps`, where `steps = ceil(draws[sets] / batch)`. Rows of an epoch's last
/// batch for which there is no window left repeat the batch's first one, and are marked as padding. The shuffle is the
/// bijection of `device/permutation.cuh`; docs/semantics.md ("Windows") has the rule.
///
/// @param cuda_stream  all work is enqueued here and nowhere else: one launch, without scratch. It can be captured
///
/// Errors: counts that are negative, a batch that ranks do not divide, periods of 0 or less, null or misaligned
/// pointers. The results must not overlap the plan.
ROBOCACHE_HIDDEN inline status sample_windows(window_plan const& plan, window_draw const& draw,
                                              window_output const& out, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/windows/launch.cuh>
