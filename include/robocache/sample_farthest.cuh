// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/points.hpp>
#include <robocache/sampling.hpp>
#include <robocache/scratch.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// Farthest point sampling: of each cloud K points that are far from each other. Each step takes the point whose
/// smallest distance to those taken before is largest, of several the one with the lowest index; no point is taken
/// twice, and none that is not finite. docs/semantics.md, Samples and neighbours, has the formula.
///
/// @code
/// std::int64_t const bytes = rc::sample_farthest_scratch(clouds, samples);
/// rc::status s = rc::sample_farthest(clouds, 1024, rc::sample_output{indices, counts}, {}, memory, cuda_stream);
/// if (!s.ok()) { std::puts(s.message()); }
/// @endcode
///
/// @param clouds       points, FP32, of any length, dense or packed; less than 2^31 rows in all, padding included
/// @param samples      K, 0 or more and less than 2^31
/// @param out          `indices` is written whole, whatever a cloud has
/// @param options      a start that is out of its cloud's range, or not finite, is the cloud's first finite point
/// @param memory       `sample_farthest_scratch(clouds, samples)` bytes
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Asynchronous, capturable, nothing allocated or read back. Large clouds are put in order in space first, so that a
/// step looks at the points around the last sample alone. The bits do not depend on the launch, and are those of
/// `host::sample_farthest`.
///
/// A template, so that only a file that calls it compiles its kernels.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued
template <class = void>
ROBOCACHE_HIDDEN status sample_farthest(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                                        farthest_options const& options, scratch const& memory,
                                        cudaStream_t cuda_stream);

/// Bytes of scratch that `sample_farthest` takes; 0 where it would refuse the call.
inline std::int64_t sample_farthest_scratch(point_clouds const& clouds, std::int64_t samples);

}  // namespace robocache

#include <robocache/detail/points/sample_farthest_launch.cuh>
