// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/cropping.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/points.hpp>
#include <robocache/scratch.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// Bytes of scratch that `crop_points` takes: computed on the host, from sizes alone; 0 where it would refuse them.
inline std::int64_t crop_points_scratch(point_clouds const& clouds);

/// Moves clouds by a pose each, turns their normals, drops the points outside of the cloud's box, and packs the rest,
/// in one pass over the points. docs/semantics.md, "Points".
///
/// @code
/// rc::crop_options options;
/// options.poses = poses;  // [B, 3, 4], on the device
/// options.boxes = boxes;  // [B]
/// rc::scratch memory{allocated, rc::crop_points_scratch(clouds)};
/// rc::cropped_output<float> out{points, nullptr, intensities, offsets};
/// rc::status s = rc::crop_points(clouds, rc::point_features{xyzi + 3, 1, rc::contiguous, 4}, options, out, memory,
///                                cuda_stream);
/// @endcode
///
/// @tparam Value  `float`, `__half`, `__nv_bfloat16`, `std::uint8_t`, `std::int32_t`, `std::int64_t`
///
/// @param clouds       FP32; less than 2^31 points in all, padding included
/// @param features     moved unchanged; C may be 0 where `out.features` is null
/// @param options      a pose, a box, normals: each may be left out
/// @param out          has room for all points. How many are kept is `offsets[B]`, on the device
/// @param memory       `crop_points_scratch(clouds)` bytes
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Three launches, nothing is read back. Lengths and offsets are clamped; rows that no cloud owns are left out and not
/// counted. Asynchronous, capturable, nothing allocated. The bits do not depend on the launch, and are those of
/// `host::crop_points`. There are no gradients.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued. An empty batch is success.
template <class Value>
ROBOCACHE_HIDDEN status crop_points(point_clouds const& clouds, point_features<Value> const& features,
                                    crop_options const& options, cropped_output<Value> const& out,
                                    scratch const& memory, cudaStream_t cuda_stream);

/// The same without features.
template <class Value = float>
ROBOCACHE_HIDDEN status crop_points(point_clouds const& clouds, crop_options const& options,
                                    cropped_output<Value> const& out, scratch const& memory, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/points/crop_points_launch.cuh>
