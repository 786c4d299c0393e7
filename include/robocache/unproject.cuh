// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/camera.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/scratch.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// Bytes of scratch that `unproject` takes: computed on the host, from sizes alone; 0 where it would refuse them.
template <class Depth>
std::int64_t unproject_scratch(depth_images<Depth> const& images);

/// Makes point clouds of depth images: unprojects each pixel, moves the point to the world, drops what has no depth or
/// is outside of the cloud's box, and packs the rest. docs/semantics.md, "Points", says
/// which operations in which order. `point_clouds::ragged(out.points, out.offsets, batch, images.total())` is a view
/// of the result, which `voxelize`, `filter_voxels` and the others take.
///
/// @code
/// rc::depth_images<std::uint16_t> images{depth, batch, views, 480, 640, intrinsics, poses};
/// rc::unproject_options options;
/// options.scale = 0.001f;   // millimetres
/// options.boxes = boxes;    // [B], on the device
/// rc::scratch memory{allocated, rc::unproject_scratch(images)};
/// rc::unprojected_output<std::uint8_t> out{points, colours, offsets, reports};
/// rc::status s = rc::unproject(images, rc::image_features<std::uint8_t>{rgb, 3}, options, out, memory, cuda_stream);
/// @endcode
///
/// @tparam Depth  `std::uint16_t`, `float`, `__half`
/// @tparam Value  `float`, `__half`, `__nv_bfloat16`, `std::uint8_t`, `std::int32_t`, `std::int64_t`
///
/// @param images       less than 2^31 pixels in all
/// @param features     moved unchanged; C may be 0 where `out.features` is null
/// @param options      scale above 0 and finite, `0 <= near <= far`
/// @param out          has room for all pixels. How many points there are is `offsets[B]`, on the device
/// @param memory       `unproject_scratch(images)` bytes
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Three launches, nothing is read back. Asynchronous, capturable, nothing allocated. The bits do not depend on the
/// launch, and are those of `host::unproject`. There are no gradients.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued. An empty batch is success.
template <class Depth, class Value>
ROBOCACHE_HIDDEN status unproject(depth_images<Depth> const& images, image_features<Value> const& features,
                                  unproject_options const& options, unprojected_output<Value> const& out,
                                  scratch const& memory, cudaStream_t cuda_stream);

/// The same without features.
template <class Depth, class Value = float>
ROBOCACHE_HIDDEN status unproject(depth_images<Depth> const& images, unproject_options const& options,
                                  unprojected_output<Value> const& out, scratch const& memory,
                                  cudaStream_t cuda_stream);

/// The points that `unproject` makes, each in the place of its pixel, with a valid mask; where there is none, 0.
///
/// Arguments, stream behaviour and errors as `unproject`, without scratch.
template <class Depth>
ROBOCACHE_HIDDEN status unproject_dense(depth_images<Depth> const& images, unproject_options const& options,
                                        dense_unprojected_output const& out, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/points/unproject_launch.cuh>
