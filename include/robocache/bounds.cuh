// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <robocache/detail/config.hpp>
#include <robocache/points.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// The box around the finite points of each cloud: what a grid is sized by.
///
/// @code
/// if (rc::status s = rc::find_bounds(clouds, bounds, cuda_stream); !s.ok()) { std::puts(s.message()); }
/// @endcode
///
/// @param clouds       points, FP32; a point counts if none of its coordinates is NaN or infinite
/// @param bounds       `[B]`, each written whole, whatever it held before. -0 is below +0
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Stream behaviour and errors as `voxelize`. The bits do not depend on the launch.
ROBOCACHE_HIDDEN inline status find_bounds(point_clouds const& clouds, cloud_bounds* bounds, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/bounds/launch.cuh>
