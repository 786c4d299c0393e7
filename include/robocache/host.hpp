// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/grid.hpp>
#include <robocache/options.hpp>
#include <robocache/points.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/stream.hpp>
#include <robocache/timeline.hpp>
#include <robocache/voxels.hpp>

/// The operations on CPU memory, compiled into `robocache::robocache`: the same arguments, the same bits as on the
/// GPU. Plain C++17; link the compiled library.
namespace robocache::host {

/// `robocache::resample` on CPU memory: all pointers, offsets and stamps included, are host pointers.
///
/// Uses all cores (OpenMP: `OMP_NUM_THREADS` and `omp_set_num_threads` are heeded) and the widest vectors the CPU
/// has; neither changes a bit of the result. Returns when the results are written. On cores that others want too,
/// `OMP_WAIT_POLICY=passive` keeps the threads from spinning for each other. A process that was forked from the one
/// that loaded the library computes with one thread: OpenMP's threads stayed with the parent.
///
/// All functions of this namespace throw `std::bad_alloc` where memory is short, on whichever thread; results are then
/// unspecified.
///
/// Compiled for every combination of `Value` and `Result` in float, `__half`, `__nv_bfloat16`, for `std::uint8_t`,
/// `std::int32_t`, `std::int64_t` unchanged, and for all three stamp types.
///
/// @return as `robocache::resample`; on failure nothing was written
template <class Value, class Stamp, class Result>
status resample(series<Value, Stamp> const& source, timeline<Stamp> const& target, output<Result> const& out,
                resample_options<Stamp> const& options);

/// `robocache::locate` on CPU memory. Compiled for all three stamp types.
template <class Stamp>
status locate(timeline<Stamp> const& source, timeline<Stamp> const& target, located const& out,
              resample_options<Stamp> const& options);

/// `robocache::resample_backward` on CPU memory. Compiled for every combination of `Value` and `Result` in float,
/// `__half`, `__nv_bfloat16`, and for all three stamp types.
template <class Value, class Stamp, class Result>
status resample_backward(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                         result_gradients<Result> const& results, source_gradients<Value> const& out,
                         resample_options<Stamp> const& options, target_order order);

/// `robocache::fuse` on CPU memory: what the streams point to, scale and shift included, are host pointers. Compiled
/// for all three stamp types and all three result types.
template <class Stamp, class Result>
status fuse(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
            fused_output<Result> const& out);

/// `robocache::fuse_backward` on CPU memory, without scratch. Compiled as `fuse`.
template <class Stamp, class Result>
status fuse_backward(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                     result_gradients<Result> const& results, stream_gradients const* out, float* targets,
                     target_order order);

/// `robocache::inspect` on CPU memory. Compiled for all three stamp types.
template <class Stamp>
status inspect(timeline<Stamp> const& when, trajectory_report* reports);
template <class Stamp>
status inspect(timeline<Stamp> const& when, std::int64_t source_batch, trajectory_report* reports);

/// `robocache::voxelize` on CPU memory, without scratch. Sums are always in the stated order. Compiled for every
/// combination of `Value` and `Result` in float, `__half`, `__nv_bfloat16`.
template <class Value, class Result>
status voxelize(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                voxel_output<Result> const& out, voxel_options const& options);
inline status voxelize(point_clouds const& clouds, grid const& lattice, voxel_output<float> const& out,
                       voxel_options const& options) {
  return voxelize(clouds, point_features<float>{}, lattice, out, options);
}

/// `robocache::voxelize_backward` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result>
status voxelize_backward(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                         voxel_gradients<Result> const& gradients, channel_order channels,
                         feature_gradients<Value> const& out);

/// `robocache::voxelize_sparse` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result>
status voxelize_sparse(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                       sparse_output<Result> const& out, sparse_options const& options);

/// `robocache::voxelize_gathered` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result>
status voxelize_gathered(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                         gathered_output<Result> const& out, gather_options const& options);

/// `robocache::filter_voxels` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result>
status filter_voxels(point_clouds const& clouds, point_features<Value> const& features, filter_options const& options,
                     filtered_output<Result> const& out);

/// `robocache::voxelize_sparse_backward` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result>
status voxelize_sparse_backward(point_clouds const& clouds, point_features<Value> const& features,
                                sparse_voxels const& voxels, voxel_gradients<Result> const& gradients,
                                feature_gradients<Value> const& out);

/// `robocache::voxelize_gathered_backward` on CPU memory. Compiled as `voxelize`.
template <class Value, class Result>
status voxelize_gathered_backward(point_clouds const& clouds, std::int64_t channels, std::int64_t const* point_slots,
                                  Result const* gradients, feature_gradients<Value> const& out,
                                  std::int64_t slots = INT64_MAX);

/// `robocache::find_bounds` on CPU memory.
status find_bounds(point_clouds const& clouds, cloud_bounds* bounds);

}  // namespace robocache::host
