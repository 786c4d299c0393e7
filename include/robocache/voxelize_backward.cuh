// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>
#include <robocache/scratch.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// Bytes of scratch that `voxelize_backward` needs for these arguments. Computed on the host, from sizes alone; also
/// 0 where `voxelize_backward` would refuse the arguments.
template <class Value, class Result>
std::int64_t voxelize_backward_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                       grid const& lattice, voxel_gradients<Result> const& gradients);

/// The backward pass of `voxelize`: from the gradients of a loss with respect to sum, mean, maximum and minimum, that
/// with respect to the features.
///
/// It is defined in docs/semantics.md, "Gradients": that of the sum, plus that of the mean divided by the number of
/// points, plus, for the first point that has the maximum (minimum), that of the maximum (minimum). Points in no cell
/// have gradient 0. Every element of `out` is written. The bits are those of `host::voxelize_backward`.
///
/// @param clouds       as they were given to `voxelize`
/// @param features     as they were given to `voxelize`; the values are read for maximum and minimum only, and may be
///                     null without them
/// @param lattice      as it was given to `voxelize`
/// @param gradients    in the shape of the results; each pointer may be null
/// @param channels     how the channels of `gradients` are laid out
/// @param out          `[B, N, C]` (or packed), written whole
/// @param memory       scratch of at least `voxelize_backward_scratch` bytes, on the device; empty where that is 0
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions, limits, stream behaviour and errors as `voxelize` with features. What is written overlaps nothing
/// that is read.
template <class Value, class Result, class Gradient = Value>
ROBOCACHE_HIDDEN status voxelize_backward(point_clouds const& clouds, point_features<Value> const& features,
                                          grid const& lattice, voxel_gradients<Result> const& gradients,
                                          channel_order channels, feature_gradients<Gradient> const& out,
                                          scratch const& memory, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/cells/voxelize_backward.cuh>
