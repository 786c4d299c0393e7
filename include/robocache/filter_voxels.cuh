// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/points.hpp>
#include <robocache/scratch.hpp>
#include <robocache/status.hpp>
#include <robocache/voxels.hpp>

namespace robocache {

/// Bytes of scratch that `filter_voxels` needs for these arguments. Computed on the host, from sizes alone; also 0
/// where `filter_voxels` would refuse the arguments.
template <class Value, class Result>
std::int64_t filter_voxels_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                   filter_options const& options, filtered_output<Result> const& out);

/// The same without features.
template <class Result = float>
std::int64_t filter_voxels_scratch(point_clouds const& clouds, filter_options const& options,
                                   filtered_output<Result> const& out) {
  return filter_voxels_scratch(clouds, point_features<float>{}, options, out);
}

/// Thins out point clouds: all points of a voxel become one, in the middle of them, with the mean of their features.
/// PCL calls this `VoxelGrid`, Open3D `voxel_down_sample`.
///
/// The number of cells is not given: along each axis voxels reach 2^20 times their size from the origin, both ways.
/// Points beyond that are dropped and counted, like NaN and infinite ones; so a cloud far from 0, as in UTM
/// coordinates, needs an origin in or near it. Each point that is left lies in its voxel, between the voxel's points.
/// Each result is defined in docs/semantics.md, "Voxels". The bits are those of `host::filter_voxels`, in every run.
/// How many points are left stays on the device, in `voxel_offsets`.
///
/// @code
/// rc::filtered_output<float> out;
/// out.capacity = rows;                // there are never more voxels than points
/// out.points = thinned;               // [capacity, 3]
/// out.voxel_offsets = voxel_offsets;  // [B + 1]
/// rc::point_features<float> none;
/// rc::filter_options leaf{{0.1f, 0.1f, 0.1f}};  // from 0 on; far from it: {{0.1f, 0.1f, 0.1f}, {east, north, up}}
/// rc::scratch memory{allocated, rc::filter_voxels_scratch(clouds, none, leaf, out)};
/// rc::status s = rc::filter_voxels(clouds, none, leaf, out, memory, cuda_stream);
/// auto fewer = rc::point_clouds::ragged(thinned, voxel_offsets, batch, out.capacity);
/// @endcode
///
/// @param clouds       points, FP32
/// @param features     `[B, N, C]` (or packed); C may be 0 where `out.features` is null
/// @param options      size and origin of voxels, both finite, the size above 0
/// @param out          what is wanted, and room for it. Voxels beyond the capacity are counted in `out.overflow` and
///                     not written
/// @param memory       scratch of at least `filter_voxels_scratch` bytes, on the device, aligned to 16 bytes
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Types, preconditions, limits, stream behaviour and errors as `voxelize_sparse`.
template <class Value, class Result>
ROBOCACHE_HIDDEN status filter_voxels(point_clouds const& clouds, point_features<Value> const& features,
                                      filter_options const& options, filtered_output<Result> const& out,
                                      scratch const& memory, cudaStream_t cuda_stream);

/// The same without features: points, counts.
template <class Result = float>
ROBOCACHE_HIDDEN status filter_voxels(point_clouds const& clouds, filter_options const& options,
                                      filtered_output<Result> const& out, scratch const& memory,
                                      cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/voxels/filter_voxels.cuh>
