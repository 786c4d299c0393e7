// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/memory_cutter.hpp>
#include <robocache/detail/voxels/check.hpp>
#include <robocache/detail/voxels/cluster_launch.cuh>
#include <robocache/detail/voxels/filter_pack.cuh>
#include <robocache/detail/voxels/launch.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/detail/voxels/reduce_launch.cuh>
#include <robocache/detail/voxels/scratch.cuh>
#include <robocache/device/cell.cuh>
#include <robocache/filter_voxels.cuh>

namespace robocache {
namespace detail {

/// True where x, y and z of a point are neighbours.
inline bool are_adjacent(point_clouds const& clouds) noexcept {
  return clouds.y == clouds.x + 1 && clouds.z == clouds.x + 2;
}

/// The whole scratch of a call.
struct filter_pieces {
  voxel_pieces voxels;
  float* xyz;  ///< `[rows, 3]`; null where coordinates are adjacent already
  std::int64_t bytes;
};

/// @param memory  null: only the size is computed
template <class Result>
filter_pieces cut_filter_call(void* memory, point_clouds const& clouds, std::int64_t channels,
                              filter_options const& options, filtered_output<Result> const& out) {
  bool const reduces = out.points != nullptr || out.features != nullptr;
  voxel_params params = filter_params_of(clouds, device::filter_grid(options));
  params.numbers.max_voxels = INT32_MAX;
  params.numbers.capacity = static_cast<std::int32_t>(out.capacity);
  params.voxels_of = out.point_voxels;
  filter_pieces pieces{};
  memory_cutter cutter(memory);
  if (out.points != nullptr && !are_adjacent(clouds)) { pieces.xyz = cutter.take<float>(3 * clouds.total()); }
  void* const rest = memory == nullptr ? nullptr : static_cast<char*>(memory) + cutter.bytes();
  // The voxel's largest and smallest coordinates keep the filter's point inside it.
  reduction_needs needs;
  needs.sums = reduces;
  needs.largest = needs.smallest = out.points != nullptr;
  pieces.voxels =
      cut_pieces(rest, params, false, most_voxels(clouds, out.capacity), std::max<std::int64_t>(channels, 3), needs);
  pieces.bytes = cutter.bytes() + pieces.voxels.bytes;
  return pieces;
}

/// The means of coordinates.
template <class Chain>
ROBOCACHE_HIDDEN status reduce_coordinates(filter_pieces const& pieces, point_clouds const& clouds,
                                           filter_options const& options, float* points, std::int64_t voxels,
                                           Chain& chain) {
  feature_reductions<float> out;
  out.mean = points;
  point_features<float> features{clouds.x, 3, clouds.batch_stride, clouds.point_stride};
  if (pieces.xyz != nullptr) {
    pack_params const pack{pieces.voxels.params.points, clouds.length, pieces.xyz};
    std::int64_t const wanted = (pack.points.rows - 1) / pack_threads + 1;
    auto const blocks = static_cast<unsigned>(std::min<std::int64_t>(
        wanted, std::int64_t{chain.device().multiprocessors} * voxel_shape_for(chain.device()).pack_each));
    status const s = chain.launch(pack_kernel<pack_threads>, pack, dim3(blocks), pack_threads);
    if (!s.ok()) { return s; }
    features = {pieces.xyz, 3};
  }
  filter_reduce_params p{};
  plan_reducing(p, pieces.voxels.lists, clouds, features, out, pieces.voxels.params.numbers.offsets + clouds.batch);
  std::copy_n(options.origin, 3, p.origin);
  std::copy_n(options.size, 3, p.size);
  return launch_reducing<float, 1, true>(p, voxels, longest_cloud(clouds), chain);
}

template <class Value, class Result>
std::int64_t filter_voxels_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                   filter_options const& options, filtered_output<Result> const& out) {
  if (clouds.batch == 0 || !detail::check_filter_voxels(clouds, features, options, out).ok()) { return 0; }
  return detail::cut_filter_call(nullptr, clouds, features.channels, options, out).bytes;
}

/// @tparam Features  whether there can be features: nothing is compiled for them where there are none
template <bool Features, class Value, class Result>
ROBOCACHE_HIDDEN status filter_voxels(point_clouds const& clouds, point_features<Value> const& features,
                                      filter_options const& options, filtered_output<Result> const& out,
                                      scratch const& memory, cudaStream_t cuda_stream) {
  status s = detail::check_filter_voxels(clouds, features, options, out);
  if (!s.ok()) { return s; }
  detail::filter_pieces pieces{};
  if (clouds.batch > 0) {
    pieces = detail::cut_filter_call(memory.memory, clouds, features.channels, options, out);
    s = detail::check_scratch(memory, pieces.bytes, "filter_voxels_scratch");
    if (!s.ok()) { return s; }
  }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  detail::launch_chain chain(device, cuda_stream);
  if (clouds.batch == 0) { return detail::write_no_voxels(clouds, out.voxel_offsets, out.point_voxels, chain); }

  bool const listed = out.points != nullptr || out.features != nullptr;
  constexpr auto kernel = detail::voxel_cluster_kernel<detail::filter_call::centred>;
  s = detail::is_for_cluster<kernel>(pieces.voxels.params, chain)
          ? detail::launch_cluster<kernel>(pieces.voxels, out, nullptr, out.point_voxels != nullptr, out.count, chain)
          : detail::launch_voxels<detail::filter_call>(pieces.voxels, out, {}, out.count, listed, chain);
  std::int64_t const voxels = detail::most_voxels(clouds, out.capacity);
  if (!s.ok() || !listed || voxels == 0) { return s; }
  if (out.points != nullptr) {
    s = detail::reduce_coordinates(pieces, clouds, options, out.points, voxels, chain);
    if (!s.ok()) { return s; }
  }
  if constexpr (Features) {
    if (out.features == nullptr) { return s; }
    feature_reductions<Result> results;
    results.mean = out.features;
    detail::point_lists lists = pieces.voxels.lists;
    lists.largest = lists.smallest = nullptr;  // only coordinates need them
    return detail::reduce_voxels<false>(lists, clouds, features, results, voxels,
                                        pieces.voxels.params.numbers.offsets + clouds.batch, chain);
  } else {
    return s;  // results of features have been refused
  }
}

}  // namespace detail

template <class Value, class Result>
std::int64_t filter_voxels_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                   filter_options const& options, filtered_output<Result> const& out) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::filter_voxels_scratch(clouds, features, options, out);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return 0;
  }
}

template <class Value, class Result>
status filter_voxels(point_clouds const& clouds, point_features<Value> const& features, filter_options const& options,
                     filtered_output<Result> const& out, scratch const& memory, cudaStream_t cuda_stream) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::filter_voxels<true>(clouds, features, options, out, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return {};
  }
}

template <class Result>
status filter_voxels(point_clouds const& clouds, filter_options const& options, filtered_output<Result> const& out,
                     scratch const& memory, cudaStream_t cuda_stream) {
  return detail::filter_voxels<false>(clouds, point_features<float>{}, options, out, memory, cuda_stream);
}

}  // namespace robocache
