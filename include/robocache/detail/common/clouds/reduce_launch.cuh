// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/clouds/crowd.cuh>
#include <robocache/detail/common/clouds/launch.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/reduce.cuh>
#include <robocache/detail/common/clouds/results.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>

// From lists of points to results: the launches for voxels, and where results of cells and voxels go.
namespace robocache::detail {

/// Reduces voxels in the stated order. Their points have been grouped.
template <class Value, int N, bool Extremes, class Params>
ROBOCACHE_HIDDEN status launch_reducing(Params& p, std::int64_t cells, std::int64_t longest, launch_chain& chain) {
  reduce_shape const shape = reduce_shape_for(chain.device());
  std::int32_t const workers = plan_parts(p, longest, chain.device());
  auto const vectors = static_cast<std::int32_t>(p.features.vectors.value);
  p.tile = std::max(1, reduce_threads / vectors);
  std::int64_t const tiles = (std::min(p.rows, cells) + p.tile - 1) / p.tile;
  std::int64_t const few = std::min(tiles, std::int64_t{chain.device().multiprocessors} * shape.few_each);
  dim3 const blocks(static_cast<unsigned>(p.huge + p.crowds + p.some + few));
  status const s = chain.launch(reduce_kernel<Value, N, Extremes, Params>, p, blocks, reduce_threads);
  if (!s.ok() || longest <= most_block_points) { return s; }
  dim3 const crowd_blocks(static_cast<unsigned>(huge_blocks(p.rows, p.features.vectors, workers)));
  return chain.launch(crowd_kernel<Value, N, Extremes, Params>, p, crowd_blocks, reduce_threads);
}

/// Where results go.
/// @param cells  of a grid
template <class Result>
cell_results results_of(feature_reductions<Result> const& out, std::int64_t cells, std::int64_t channels, int width,
                        voxel_options const& options) {
  auto const bytes = static_cast<std::int64_t>(sizeof(Result));
  cell_results to{};
  static_cast<feature_reductions<char>&>(to) = moved<char>(out, 0);
  to.type = dtype_of<Result>::value;
  to.type_bytes = static_cast<std::int32_t>(bytes);
  to.channels_first = options.channels == channel_order::first;
  to.accumulate = options.accumulate;
  to.aligned = common_alignment(alignment_of(out), channels * bytes, width * bytes);
  to.channels = channels;
  to.cells = cells;
  return to;
}

}  // namespace robocache::detail
