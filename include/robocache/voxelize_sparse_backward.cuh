// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>
#include <robocache/scratch.hpp>
#include <robocache/status.hpp>
#include <robocache/voxels.hpp>

namespace robocache {

/// Bytes of scratch that `voxelize_sparse_backward` needs for these arguments: 0 without gradients of maxima and
/// minima. Computed on the host, from sizes alone; also 0 where it would refuse the arguments.
template <class Value, class Result>
std::int64_t voxelize_sparse_backward_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                              sparse_voxels const& voxels, voxel_gradients<Result> const& gradients);

/// The backward pass of `voxelize_sparse`: from the gradients of a loss with respect to sum, mean, maximum and minimum
/// of voxels, that with respect to the features of points.
///
/// It is defined in docs/semantics.md, "Gradients", as for `voxelize`; points without a voxel have gradient 0.
/// Every element of `out` is written. The bits are those of `host::voxelize_sparse_backward`.
///
/// @param clouds       as they were given to `voxelize_sparse`; their sizes and strides count, coordinates are not read
/// @param features     as they were given to `voxelize_sparse`; the values are read for maximum and minimum only, and
///                     may be null without them
/// @param voxels       what `voxelize_sparse` wrote
/// @param gradients    `[capacity, C]`, as the results; each pointer may be null
/// @param out          `[B, N, C]` (or packed), written whole
/// @param memory       scratch of at least `voxelize_sparse_backward_scratch` bytes, on the device; empty where that is
///                     0
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions, limits, stream behaviour and errors as `voxelize_sparse` with features. What is written overlaps
/// nothing that is read.
template <class Value, class Result, class Gradient = Value>
ROBOCACHE_HIDDEN status voxelize_sparse_backward(point_clouds const& clouds, point_features<Value> const& features,
                                                 sparse_voxels const& voxels, voxel_gradients<Result> const& gradients,
                                                 feature_gradients<Gradient> const& out, scratch const& memory,
                                                 cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/voxels/voxelize_sparse_backward.cuh>
