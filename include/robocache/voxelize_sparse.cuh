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

/// Bytes of scratch that `voxelize_sparse` needs for these arguments. Computed on the host, from sizes alone; also
/// 0 where `voxelize_sparse` would refuse the arguments.
template <class Value, class Result>
std::int64_t voxelize_sparse_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                     grid const& lattice, sparse_output<Result> const& out,
                                     sparse_options const& options);

/// The same without features.
template <class Result = float>
std::int64_t voxelize_sparse_scratch(point_clouds const& clouds, grid const& lattice, sparse_output<Result> const& out,
                                     sparse_options const& options) {
  return voxelize_sparse_scratch(clouds, point_features<float>{}, lattice, out, options);
}

/// Voxelizes a batch of point clouds, and keeps what is not empty: for each cell with points its coordinates, how many
/// points are in it, sum, mean, maximum and minimum of their features; and for each point its voxel. For grids that
/// are mostly empty: time and memory depend on the points, not on the grid.
///
/// Each result is defined in docs/semantics.md, "Voxels". The bits are those of `host::voxelize_sparse`, in every run.
/// How many voxels there are stays on the device, in `voxel_offsets`.
///
/// @code
/// namespace rc = robocache;
/// auto clouds = rc::point_clouds::ragged(xyzi, offsets, batch, rows, 4);
/// rc::point_features intensity{xyzi + 3, 1, rc::contiguous, 4};
/// rc::grid lattice{{-72.0f, -72.0f, -3.0f}, {0.1f, 0.1f, 0.1f}, {1440, 1440, 40}};
/// rc::sparse_output<float> out;
/// out.capacity = rows;                // there are never more voxels than points
/// out.coordinates = coordinates;      // [capacity, 4]
/// out.mean = mean;                    // [capacity, 1]
/// out.voxel_offsets = voxel_offsets;  // [B + 1]
/// rc::scratch memory{allocated, rc::voxelize_sparse_scratch(clouds, intensity, lattice, out, {})};
/// rc::status s = rc::voxelize_sparse(clouds, intensity, lattice, out, {}, memory, cuda_stream);
/// @endcode
///
/// @tparam Value   of the features: `float`, `__half`, `__nv_bfloat16`
/// @tparam Result  of what is made of them: `float`, `__half`, `__nv_bfloat16`
///
/// @param clouds       points, FP32; NaN, infinite and outside points are in no cell, and counted in `out.dropped`
/// @param features     `[B, N, C]` (or packed); C may be 0 where neither sum, mean, maximum nor minimum is asked for
/// @param lattice      one grid for all clouds; with `origins` each cloud has its own place for it
/// @param out          what is wanted, and room for it. Voxels beyond the capacity are counted in `out.overflow`, and
///                     nothing of them is written; their points have voxel -1
/// @param options      the order of voxels
/// @param memory       scratch of at least `voxelize_sparse_scratch` bytes, on the device, aligned to 16 bytes
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions: pointers are aligned to their types; results overlap nothing (not checked).
///
/// Limits: less than 2^31 points in all; less than 2^31 cells per axis, and less than 2^58 cells in all grids together.
///
/// Asynchronous, capturable in a CUDA graph, nothing allocated, nothing read back; the current device stays.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued. An empty batch is success: of it
///         the 0 in `voxel_offsets` is written, and -1 for packed rows.
template <class Value, class Result>
ROBOCACHE_HIDDEN status voxelize_sparse(point_clouds const& clouds, point_features<Value> const& features,
                                        grid const& lattice, sparse_output<Result> const& out,
                                        sparse_options const& options, scratch const& memory, cudaStream_t cuda_stream);

/// The same without features: coordinates, counts, voxels of points.
template <class Result = float>
ROBOCACHE_HIDDEN status voxelize_sparse(point_clouds const& clouds, grid const& lattice,
                                        sparse_output<Result> const& out, sparse_options const& options,
                                        scratch const& memory, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/voxels/voxelize_sparse.cuh>
