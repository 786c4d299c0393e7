// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/points.hpp>
#include <robocache/sampling.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// The k nearest points of each query, by (squared distance, index): cloud b of `queries` looks in cloud b of `clouds`.
/// Every point is compared with every query: made for clouds of up to some ten thousand points.
///
/// @param queries      points, FP32, dense or packed; less than 2^31 rows in all, padding included
/// @param clouds       where neighbours are looked for: of the same batch, dense or packed, whatever the queries are;
///                     points that are not finite are nobody's neighbours. A query that is in them is its own
/// @param k            0 to `most_nearest`
/// @param out          `indices` is written whole, in ascending order; distances have the formula of `sample_farthest`
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// One launch, no scratch. Asynchronous, capturable, nothing allocated. The bits do not depend on the launch, and are
/// those of `host::nearest_neighbours`.
///
/// A template, so that only a file that calls it compiles its kernels.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued
template <class = void>
ROBOCACHE_HIDDEN status nearest_neighbours(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                                           neighbour_output const& out, cudaStream_t cuda_stream);

/// The first k points of each query, by index, whose squared distance is at most `radius * radius` (one product in
/// float). `out.counts` ends at k, too. All else as `nearest_neighbours`.
///
/// @param radius  0 or more; infinite: every finite point is near
/// @param k       0 or more and less than 2^31
template <class = void>
ROBOCACHE_HIDDEN status within_radius(point_clouds const& queries, point_clouds const& clouds, float radius,
                                      std::int64_t k, neighbour_output const& out, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/points/neighbours_launch.cuh>
