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

/// Bytes of scratch that `voxelize` wants for these arguments. Computed on the host, from sizes alone; also 0 where
/// `voxelize` would refuse the arguments.
template <class Value, class Result>
std::int64_t voxelize_scratch(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                              voxel_output<Result> const& out, voxel_options const& options);

/// The same without features.
template <class Result = float>
std::int64_t voxelize_scratch(point_clouds const& clouds, grid const& lattice, voxel_output<Result> const& out,
                              voxel_options const& options) {
  return voxelize_scratch(clouds, point_features<float>{}, lattice, out, options);
}

/// Voxelizes a batch of point clouds: for each cell of each cloud's grid how many points are in it, whether there is
/// any, and sum, mean, maximum and minimum of their features. Whatever is asked for in one call shares the cells.
///
/// Each result, including the order of sums, is defined in docs/semantics.md, "Cells". CPU and GPU give the same bits
/// in every run, except for `sum` and `mean` with `summation::unordered`, as its name says.
///
/// @code
/// namespace rc = robocache;
/// auto clouds = rc::point_clouds::ragged(xyzi, offsets, batch, rows, 4);
/// rc::point_features intensity{xyzi + 3, 1, rc::contiguous, 4};
/// rc::grid lattice{{-40.0f, -40.0f, -3.0f}, {0.5f, 0.5f, 0.5f}, {160, 160, 16}};
/// rc::voxel_output<float> out;
/// out.count = count;      // [B, 16, 160, 160]
/// out.mean = mean;        // [B, 16, 160, 160, 1]
/// out.dropped = dropped;  // [B]
/// rc::voxel_options options;
/// rc::scratch memory{allocated, rc::voxelize_scratch(clouds, intensity, lattice, out, options)};
/// rc::status s = rc::voxelize(clouds, intensity, lattice, out, options, memory, cuda_stream);
/// @endcode
///
/// @tparam Value   of the features: `float`, `__half`, `__nv_bfloat16`
/// @tparam Result  of what is made of them: `float`, `__half`, `__nv_bfloat16`
///
/// @param clouds       points, FP32; NaN, infinite and outside points are in no cell, and counted in `out.dropped`
/// @param features     `[B, N, C]` (or packed); C may be 0 where neither sum, mean, maximum nor minimum is asked for
/// @param lattice      one grid for all clouds; with `origins` each cloud has its own place for it
/// @param out          what is wanted; each result is written whole, cells without points included, unless
///                     `options.accumulate`
/// @param options      how results are laid out, added up and filled
/// @param memory       scratch of at least `voxelize_scratch` bytes, on the device, aligned to 16 bytes. Counts and
///                     occupancy alone can do without (`{}`), slower where the grid is too large for the L2 cache
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions: pointers are aligned to their types; results overlap nothing (not checked). Results that are 16-byte
/// aligned, and features whose points are, are faster.
///
/// Limits: less than 2^31 points per cloud; with features less than 2^32 points in all; less than 2^31 cells per axis,
/// and no product of sizes beyond 2^58. Grids of more than 2^31 cells are fine.
///
/// Asynchronous, capturable in a CUDA graph, nothing allocated, nothing read back; the current device stays.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued. An empty batch is success.
template <class Value, class Result>
ROBOCACHE_HIDDEN status voxelize(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                                 voxel_output<Result> const& out, voxel_options const& options, scratch const& memory,
                                 cudaStream_t cuda_stream);

/// The same without features: counts, occupancy, dropped points.
template <class Result = float>
ROBOCACHE_HIDDEN status voxelize(point_clouds const& clouds, grid const& lattice, voxel_output<Result> const& out,
                                 voxel_options const& options, scratch const& memory, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/cells/voxelize.cuh>
