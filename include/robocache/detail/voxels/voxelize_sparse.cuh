// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/voxels/check.hpp>
#include <robocache/detail/voxels/cluster_launch.cuh>
#include <robocache/detail/voxels/launch.cuh>
#include <robocache/detail/voxels/reduce_launch.cuh>
#include <robocache/detail/voxels/scratch.cuh>
#include <robocache/voxelize_sparse.cuh>

namespace robocache {
namespace detail {

/// @param memory  null: only the size is computed
template <class Result>
voxel_pieces cut_sparse_call(void* memory, point_clouds const& clouds, grid const& lattice, std::int64_t channels,
                             sparse_output<Result> const& out, sparse_options const& options) {
  voxel_params params = voxel_params_of(clouds, lattice);
  params.numbers.max_voxels = INT32_MAX;
  params.numbers.capacity = static_cast<std::int32_t>(out.capacity);
  params.voxels_of = out.point_voxels;
  params.coordinates = out.coordinates;
  return cut_pieces(memory, params, options.order == voxel_order::cell, most_voxels(clouds, out.capacity), channels,
                    needs_of(out));
}

template <class Value, class Result>
std::int64_t voxelize_sparse_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                     grid const& lattice, sparse_output<Result> const& out,
                                     sparse_options const& options) {
  if (clouds.batch == 0 || !detail::check_voxelize_sparse(clouds, features, lattice, out, options).ok()) { return 0; }
  return detail::cut_sparse_call(nullptr, clouds, lattice, features.channels, out, options).bytes;
}

/// @tparam Features  whether there can be features: nothing is compiled for them where there are none
template <bool Features, class Value, class Result>
ROBOCACHE_HIDDEN status voxelize_sparse(point_clouds const& clouds, point_features<Value> const& features,
                                        grid const& lattice, sparse_output<Result> const& out,
                                        sparse_options const& options, scratch const& memory,
                                        cudaStream_t cuda_stream) {
  status s = detail::check_voxelize_sparse(clouds, features, lattice, out, options);
  if (!s.ok()) { return s; }
  detail::voxel_pieces pieces{};
  if (clouds.batch > 0) {
    pieces = detail::cut_sparse_call(memory.memory, clouds, lattice, features.channels, out, options);
    s = detail::check_scratch(memory, pieces.bytes, "voxelize_sparse_scratch");
    if (!s.ok()) { return s; }
  }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  detail::launch_chain chain(device, cuda_stream);
  if (clouds.batch == 0) { return detail::write_no_voxels(clouds, out.voxel_offsets, out.point_voxels, chain); }

  bool const reduces = detail::reduces(out);
  constexpr auto kernel = detail::voxel_cluster_kernel<detail::sparse_call::centred>;
  s = detail::is_for_cluster<kernel>(pieces.params, chain)
          ? detail::launch_cluster<kernel>(pieces, out, nullptr, out.point_voxels != nullptr, out.count, chain)
          : detail::launch_voxels<detail::sparse_call>(pieces, out, {}, out.count, reduces, chain);
  std::int64_t const voxels = detail::most_voxels(clouds, out.capacity);
  if (!s.ok() || !reduces || voxels == 0) { return s; }
  if constexpr (Features) {
    std::int64_t const* const kept = pieces.params.numbers.offsets + clouds.batch;
    return detail::needs_of(out).extremes()
               ? detail::reduce_voxels<true>(pieces.lists, clouds, features, out, voxels, kept, chain)
               : detail::reduce_voxels<false>(pieces.lists, clouds, features, out, voxels, kept, chain);
  } else {
    return s;  // results of features have been refused
  }
}

}  // namespace detail

template <class Value, class Result>
std::int64_t voxelize_sparse_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                     grid const& lattice, sparse_output<Result> const& out,
                                     sparse_options const& options) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::voxelize_sparse_scratch(clouds, features, lattice, out, options);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return 0;
  }
}

template <class Value, class Result>
status voxelize_sparse(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                       sparse_output<Result> const& out, sparse_options const& options, scratch const& memory,
                       cudaStream_t cuda_stream) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::voxelize_sparse<true>(clouds, features, lattice, out, options, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return {};
  }
}

template <class Result>
status voxelize_sparse(point_clouds const& clouds, grid const& lattice, sparse_output<Result> const& out,
                       sparse_options const& options, scratch const& memory, cudaStream_t cuda_stream) {
  return detail::voxelize_sparse<false>(clouds, point_features<float>{}, lattice, out, options, memory, cuda_stream);
}

}  // namespace robocache
