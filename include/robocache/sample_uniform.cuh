// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/points.hpp>
#include <robocache/sampling.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// K points of each cloud at random, each at most once: point `device::permuted(p, k)` with the permutation of the
/// cloud's N points that belongs to the seed and the cloud's number. Where K is N or more, all points in their order.
/// Points that are not finite count as any other.
///
/// @param clouds       points, FP32; their coordinates are read for `out.points` alone
/// @param samples      K, 0 or more and less than 2^31
/// @param out          `indices` is written whole, whatever a cloud has
/// @param options      `seed` is needed
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// One launch, no scratch, O(K). Stream behaviour and errors as `sample_farthest`. The bits do not depend on the
/// launch, and are those of `host::sample_uniform`.
template <class = void>
ROBOCACHE_HIDDEN status sample_uniform(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                                       uniform_options const& options, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/points/sample_uniform_launch.cuh>
