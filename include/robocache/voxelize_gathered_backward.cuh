// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/points.hpp>
#include <robocache/status.hpp>
#include <robocache/voxels.hpp>

namespace robocache {

/// The backward pass of `voxelize_gathered`: the gradient of each point's features is that of its slot; 0 for points
/// without one. Every element of `out` is written. The bits are those of `host::voxelize_gathered_backward`.
///
/// @param clouds       as they were given to `voxelize_gathered`; their sizes count, coordinates are not read
/// @param channels     C
/// @param point_slots  as `voxelize_gathered` wrote them; numbers outside of `[0, slots)` mean no slot
/// @param gradients    `[capacity, P, C]`; may be null where no point has a slot
/// @param out          `[B, N, C]` (or packed), written whole
/// @param cuda_stream  all work is enqueued here and nowhere else
/// @param slots        how many slots `gradients` has, capacity times P: a larger one is never read. Without it nothing
///                     but `point_slots` says where `gradients` ends
///
/// Preconditions, limits, stream behaviour and errors as `voxelize_sparse`. What is written overlaps nothing that is
/// read.
template <class Value, class Result>
ROBOCACHE_HIDDEN status voxelize_gathered_backward(point_clouds const& clouds, std::int64_t channels,
                                                   std::int64_t const* point_slots, Result const* gradients,
                                                   feature_gradients<Value> const& out, cudaStream_t cuda_stream,
                                                   std::int64_t slots = INT64_MAX);

}  // namespace robocache

#include <robocache/detail/voxels/voxelize_gathered_backward.cuh>
