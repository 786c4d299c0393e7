// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/cells/backward.cuh>
#include <robocache/detail/cells/check.hpp>
#include <robocache/detail/cells/launch.cuh>
#include <robocache/detail/cells/params.hpp>
#include <robocache/detail/common/clouds/backward_launch.cuh>
#include <robocache/detail/common/clouds/launch.cuh>
#include <robocache/detail/common/clouds/scratch.hpp>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/memory_cutter.hpp>
#include <robocache/voxelize_backward.cuh>

namespace robocache {
namespace detail {

/// Scratch of the backward pass: lists of each cell's points where maxima or minima have gradients, else their number
/// where a mean needs it.
template <class Result>
point_lists cut_backward_lists(void* memory, point_clouds const& clouds, grid const& lattice,
                               voxel_gradients<Result> const& gradients) {
  std::int64_t const cells = clouds.batch * lattice.total();
  if (needs_of(gradients).extremes()) { return cut_lists(memory, clouds.total(), cells, 0, {}); }
  point_lists lists{};
  memory_cutter cut(memory);
  if (gradients.mean != nullptr) { lists.counts = cut.take<std::uint32_t>(cells); }
  lists.bytes = cut.bytes();
  return lists;
}

/// The backward pass with `N` channels per vector. The lists have been made.
template <class Value, int N>
ROBOCACHE_HIDDEN status launch_cell_backward(cell_backward_params& p, launch_chain& chain) {
  unsigned const blocks = point_blocks(p.points, chain.device());
  p.vectors = p.gradients.channels / N;
  dim3 const grid(blocks, cut_rows(p, blocks, chain.device()));
  bool const holds = needs_of(p.gradients).extremes();
  return chain.launch(holds ? cell_hold_kernel<Value, N> : cell_spread_kernel<Value, N>, p, grid, point_threads);
}

template <class Value, class Result>
std::int64_t voxelize_backward_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                       grid const& lattice, voxel_gradients<Result> const& gradients) {
  if (!detail::sizes_are_sound(clouds, lattice, features.channels)) { return 0; }
  return detail::cut_backward_lists(nullptr, clouds, lattice, gradients).bytes;
}

template <class Value, class Result>
ROBOCACHE_HIDDEN status voxelize_backward(point_clouds const& clouds, point_features<Value> const& features,
                                          grid const& lattice, voxel_gradients<Result> const& gradients,
                                          channel_order channels, feature_gradients<Value> const& out,
                                          scratch const& memory, cudaStream_t cuda_stream) {
  status s = detail::check_voxelize_backward(clouds, features, lattice, gradients, channels, out);
  if (s.ok() && clouds.batch > 0) {
    s = detail::check_scratch(memory, detail::voxelize_backward_scratch(clouds, features, lattice, gradients),
                              "voxelize_backward_scratch");
  }
  if (!s.ok() || clouds.total() == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }

  detail::cell_backward_params p{};
  p.points = detail::points_of(clouds, lattice);
  // Without a cloud there are zeros to write, and nothing to read.
  p.gradients = detail::gradients_of(clouds.batch > 0 ? gradients : voxel_gradients<Result>{}, features.channels);
  if (clouds.batch > 0) { p.lists = detail::cut_backward_lists(memory.memory, clouds, lattice, gradients); }
  p.gradients.cells = lattice.total();
  p.gradients.channel_stride = channels == channel_order::first ? lattice.total() : 1;
  int width = detail::plan_written(p.out, clouds, features.channels, out);
  detail::launch_chain chain(device, cuda_stream);
  if (detail::needs_of(p.gradients).extremes()) {
    width = std::min(width, detail::plan_features(p.features, clouds, features, lattice.total()));
    detail::cell_group_params group{};
    group.points = p.points;
    group.lists = p.lists;
    group.cells = clouds.batch * lattice.total();
    s = detail::launch_grouping(group, {}, chain);
  } else if (p.gradients.mean != nullptr) {
    s = detail::launch_counting(p.points, p.lists.counts, chain);
  }
  if (!s.ok()) { return s; }
  constexpr int wide = detail::wide_channels<Value>;
  return width == wide && detail::suits_vectors(gradients, p.gradients.channel_stride, wide)
             ? detail::launch_cell_backward<Value, wide>(p, chain)
             : detail::launch_cell_backward<Value, 1>(p, chain);
}

}  // namespace detail

template <class Value, class Result>
std::int64_t voxelize_backward_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                       grid const& lattice, voxel_gradients<Result> const& gradients) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::voxelize_backward_scratch(clouds, features, lattice, gradients);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return 0;
  }
}

template <class Value, class Result, class Gradient>
status voxelize_backward(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                         voxel_gradients<Result> const& gradients, channel_order channels,
                         feature_gradients<Gradient> const& out, scratch const& memory, cudaStream_t cuda_stream) {
  if constexpr (detail::gradients_are_sound<Value, Result, Gradient>) {
    return detail::voxelize_backward(clouds, features, lattice, gradients, channels, out, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::gradient_rule<Value, Result, Gradient>) > 0);
    return {};
  }
}

}  // namespace robocache
