// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/clouds/backward_launch.cuh>
#include <robocache/detail/common/clouds/list_start.cuh>
#include <robocache/detail/common/clouds/scratch.hpp>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/voxels/backward.cuh>
#include <robocache/detail/voxels/check.hpp>
#include <robocache/detail/voxels/given.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/dtype.hpp>
#include <robocache/voxelize_sparse_backward.cuh>

namespace robocache {
namespace detail {

/// Lists of voxels' points, where maxima or minima have gradients.
/// @param memory  null: only the size is computed
template <class Result>
point_lists cut_given_lists(void* memory, point_clouds const& clouds, std::int64_t capacity,
                            voxel_gradients<Result> const& gradients) {
  if (!needs_of(gradients).extremes()) { return {}; }
  return cut_lists(memory, clouds.total(), std::min(capacity, clouds.total()), 0, {});
}

/// Lists the points of voxels that are known.
template <class Chain>
ROBOCACHE_HIDDEN status launch_given_lists(given_list_params const& p, Chain& chain) {
  fill_list list;
  list.add(p.lists.counters, p.lists.clear_bytes);
  status s = fill(list, chain);
  if (!s.ok()) { return s; }
  dim3 const blocks(static_cast<unsigned>((p.rows + given_threads - 1) / given_threads));
  s = chain.launch(given_rank_kernel<given_threads>, p, blocks, given_threads);
  if (!s.ok()) { return s; }
  cell_group_params start{};
  start.points.rows = p.rows;
  start.lists = p.lists;
  start.cells = p.voxels;
  dim3 const start_blocks((p.voxels + start_cells - 1) / start_cells);
  s = chain.launch(list_start_kernel<start_threads>, start, start_blocks, start_threads);
  return s.ok() ? chain.launch(given_list_kernel<given_threads>, p, blocks, given_threads) : s;
}

template <class Value, int N>
ROBOCACHE_HIDDEN status launch_voxel_backward(voxel_backward_params& p, bool holds, launch_chain& chain) {
  std::int64_t const wanted =
      (p.points.rows + rows_a_step * (point_threads / 32) - 1) / (rows_a_step * (point_threads / 32));
  auto const blocks = static_cast<unsigned>(std::min<std::int64_t>(
      wanted, std::int64_t{chain.device().multiprocessors} * voxel_shape_for(chain.device()).backward_each));
  p.vectors = p.gradients.channels / N;
  dim3 const grid(blocks, cut_rows(p, blocks, chain.device()));
  return chain.launch(holds ? voxel_hold_kernel<Value, N> : voxel_spread_kernel<Value, N>, p, grid, point_threads);
}

template <class Value, class Result>
std::int64_t voxelize_sparse_backward_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                              sparse_voxels const& voxels, voxel_gradients<Result> const& gradients) {
  // Where it is written does not matter here: any place does.
  feature_gradients<Value> out;
  out.values = reinterpret_cast<Value*>(alignof(Value));
  bool const sound =
      clouds.batch > 0 && detail::check_voxelize_sparse_backward(clouds, features, voxels, gradients, out).ok();
  return sound ? detail::cut_given_lists(nullptr, clouds, voxels.capacity, gradients).bytes : 0;
}

template <class Value, class Result>
ROBOCACHE_HIDDEN status voxelize_sparse_backward(point_clouds const& clouds, point_features<Value> const& features,
                                                 sparse_voxels const& voxels, voxel_gradients<Result> const& gradients,
                                                 feature_gradients<Value> const& out, scratch const& memory,
                                                 cudaStream_t cuda_stream) {
  status s = detail::check_voxelize_sparse_backward(clouds, features, voxels, gradients, out);
  if (!s.ok()) { return s; }
  detail::voxel_backward_params p{};
  // Rows that no cloud owns are in no voxel, whatever `point_voxels` holds for them.
  std::int64_t const capacity = clouds.batch > 0 ? voxels.capacity : 0;
  if (clouds.batch > 0) {
    p.lists = detail::cut_given_lists(memory.memory, clouds, capacity, gradients);
    s = detail::check_scratch(memory, p.lists.bytes, "voxelize_sparse_backward_scratch");
  }
  if (!s.ok() || clouds.total() == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  bool const holds = detail::needs_of(gradients).extremes();
  p.points.rows = clouds.total();
  p.gradients = detail::gradients_of(gradients, features.channels);
  int width = detail::plan_written(p.out, clouds, features.channels, out);
  p.voxels_of = capacity > 0 ? voxels.point_voxels : nullptr;
  p.count = gradients.mean != nullptr ? voxels.count : nullptr;
  std::int64_t const listed = std::min(capacity, clouds.total());
  p.voxels = static_cast<std::uint32_t>(listed);
  detail::launch_chain chain(device, cuda_stream);
  if (holds && listed > 0) {
    width = std::min(width, detail::plan_features(p.features, clouds, features, clouds.length));
    s = detail::launch_given_lists({p.lists, voxels.point_voxels, p.points.rows, p.voxels}, chain);
    if (!s.ok()) { return s; }
  }
  constexpr int wide = detail::wide_channels<Value>;
  // Without a voxel, only zeros are written, and there are no lists.
  bool const lists = holds && listed > 0;
  return width == wide && detail::suits_vectors(gradients, 1, wide)
             ? detail::launch_voxel_backward<Value, wide>(p, lists, chain)
             : detail::launch_voxel_backward<Value, 1>(p, lists, chain);
}

}  // namespace detail

template <class Value, class Result>
std::int64_t voxelize_sparse_backward_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                              sparse_voxels const& voxels, voxel_gradients<Result> const& gradients) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::voxelize_sparse_backward_scratch(clouds, features, voxels, gradients);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return 0;
  }
}

template <class Value, class Result, class Gradient>
status voxelize_sparse_backward(point_clouds const& clouds, point_features<Value> const& features,
                                sparse_voxels const& voxels, voxel_gradients<Result> const& gradients,
                                feature_gradients<Gradient> const& out, scratch const& memory,
                                cudaStream_t cuda_stream) {
  if constexpr (detail::gradients_are_sound<Value, Result, Gradient>) {
    return detail::voxelize_sparse_backward(clouds, features, voxels, gradients, out, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::gradient_rule<Value, Result, Gradient>) > 0);
    return {};
  }
}

}  // namespace robocache
