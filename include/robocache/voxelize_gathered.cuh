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

/// Bytes of scratch that `voxelize_gathered` needs for these arguments. Computed on the host, from sizes alone; also
/// 0 where `voxelize_gathered` would refuse the arguments.
template <class Value, class Result>
std::int64_t voxelize_gathered_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                       grid const& lattice, gathered_output<Result> const& out,
                                       gather_options const& options);

/// The same without features.
template <class Result = float>
std::int64_t voxelize_gathered_scratch(point_clouds const& clouds, grid const& lattice,
                                       gathered_output<Result> const& out, gather_options const& options) {
  return voxelize_gathered_scratch(clouds, point_features<float>{}, lattice, out, options);
}

/// Gathers the first points of each voxel: what detectors such as PointPillars and SECOND begin with, known as hard
/// voxelization. Coordinates count as features where they are among them: of `x y z intensity`, `{xyzi, 4}`.
///
/// Each result is defined in docs/semantics.md, "Voxels": on finite points it is that of mmcv's deterministic
/// voxelization. The bits are those of `host::voxelize_gathered`, in every run. How many voxels there are stays on the
/// device, in `voxel_offsets`.
///
/// @param clouds       points, FP32; NaN, infinite and outside points are in no cell, and counted in `out.dropped`
/// @param features     `[B, N, C]` (or packed); C may be 0 where no values are asked for
/// @param lattice      one grid for all clouds; with `origins` each cloud has its own place for it
/// @param out          what is wanted, and room for it
/// @param options      how many voxels each cloud may have. Those beyond, and those beyond the capacity, are counted in
///                     `out.overflow`, and nothing of them is written; their points have slot -1
/// @param memory       scratch of at least `voxelize_gathered_scratch` bytes, on the device, aligned to 16 bytes
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Types, preconditions, limits, stream behaviour and errors as `voxelize_sparse`.
template <class Value, class Result>
ROBOCACHE_HIDDEN status voxelize_gathered(point_clouds const& clouds, point_features<Value> const& features,
                                          grid const& lattice, gathered_output<Result> const& out,
                                          gather_options const& options, scratch const& memory,
                                          cudaStream_t cuda_stream);

/// The same without features: coordinates, counts, slots of points.
template <class Result = float>
ROBOCACHE_HIDDEN status voxelize_gathered(point_clouds const& clouds, grid const& lattice,
                                          gathered_output<Result> const& out, gather_options const& options,
                                          scratch const& memory, cudaStream_t cuda_stream) {
  return voxelize_gathered(clouds, point_features<float>{}, lattice, out, options, memory, cuda_stream);
}

}  // namespace robocache

#include <robocache/detail/voxels/voxelize_gathered.cuh>
