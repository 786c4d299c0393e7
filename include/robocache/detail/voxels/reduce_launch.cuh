// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/common/clouds/launch.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/reduce_launch.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/voxels/launch.cuh>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>

// Shared by `voxelize_sparse` and `filter_voxels`: from points to lists of voxels, and from those to means and the
// like.
namespace robocache::detail {

/// Plans to reduce the features of listed voxels.
/// @param kept  on the device: how many voxels there are
/// @return channels that are loaded at a time, as of `plan_features`
template <class Value, class Result>
int plan_reducing(voxel_reduce_params& p, point_lists const& lists, point_clouds const& clouds,
                  point_features<Value> const& features, feature_reductions<Result> const& out,
                  std::int64_t const* kept) {
  int const width = plan_features(p.features, clouds, features, clouds.length);
  p.lists = lists;
  p.results = results_of(out, 0, features.channels, width, {});
  p.rows = clouds.total();
  p.voxels = kept;
  return width;
}

/// Reduces the features of listed voxels.
/// @tparam Extremes  whether the largest or smallest are wanted
/// @param voxels     how many there are at most
/// @param kept       on the device: how many there are
template <bool Extremes, class Value, class Result>
ROBOCACHE_HIDDEN status reduce_voxels(point_lists const& lists, point_clouds const& clouds,
                                      point_features<Value> const& features, feature_reductions<Result> const& out,
                                      std::int64_t voxels, std::int64_t const* kept, launch_chain& chain) {
  constexpr int wide = wide_channels<Value>;
  voxel_reduce_params p{};
  int const width = plan_reducing(p, lists, clouds, features, out, kept);
  std::int64_t const longest = longest_cloud(clouds);
  return width == 1 ? launch_reducing<Value, 1, Extremes>(p, voxels, longest, chain)
                    : launch_reducing<Value, wide, Extremes>(p, voxels, longest, chain);
}

}  // namespace robocache::detail
