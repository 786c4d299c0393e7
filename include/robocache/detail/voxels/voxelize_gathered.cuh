// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/voxels/check.hpp>
#include <robocache/detail/voxels/cluster_launch.cuh>
#include <robocache/detail/voxels/gather.cuh>
#include <robocache/detail/voxels/launch.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/detail/voxels/scratch.cuh>
#include <robocache/dtype.hpp>
#include <robocache/voxelize_gathered.cuh>

namespace robocache {
namespace detail {

/// @param memory  null: only the size is computed
template <class Result>
voxel_pieces cut_gather_call(void* memory, point_clouds const& clouds, grid const& lattice,
                             gathered_output<Result> const& out, gather_options const& options) {
  voxel_params params = voxel_params_of(clouds, lattice);
  voxel_numbers& numbers = params.numbers;
  numbers.max_voxels = static_cast<std::int32_t>(std::min<std::int64_t>(options.max_voxels, INT32_MAX));
  numbers.capacity = static_cast<std::int32_t>(out.capacity);
  if (clouds.batch == 1) {
    // One limit is enough for both.
    numbers.capacity = std::min(numbers.capacity, numbers.max_voxels);
  } else {
    numbers.limited = options.max_voxels < longest_cloud(clouds);
  }
  params.coordinates = out.coordinates;
  return cut_pieces(memory, params, false, most_voxels(clouds, out.capacity), 0, {});
}

/// Puts the lists in order.
template <class Chain>
ROBOCACHE_HIDDEN status launch_ordering(gather_params& p, std::int64_t voxels, std::int64_t longest, Chain& chain) {
  plan_parts(p, longest, chain.device());
  std::int64_t const most_few = std::int64_t{chain.device().multiprocessors} * voxel_shape_for(chain.device()).few_each;
  std::int64_t const few = std::min((voxels + gather_threads - 1) / gather_threads, most_few);
  dim3 const blocks(static_cast<unsigned>(p.huge + p.crowds + p.some + few));
  return chain.launch(voxel_order_kernel<gather_threads>, p, blocks, gather_threads);
}

/// Writes the voxels.
/// @param width  channels of a vector
template <class Value>
ROBOCACHE_HIDDEN status launch_gathering(gather_params const& p, std::int64_t voxels, int width, launch_chain& chain) {
  std::int64_t const most_blocks =
      std::int64_t{chain.device().multiprocessors} * voxel_shape_for(chain.device()).gather_each;
  auto const blocks_for = [&](std::int64_t items, std::int64_t each) {
    return dim3(static_cast<unsigned>(std::min((items - 1) / each + 1, most_blocks)));
  };
  if (p.values == nullptr) {
    return chain.launch(voxel_slots_kernel<gather_threads>, p, blocks_for(voxels, gather_threads / 32), gather_threads);
  }
  constexpr int wide = wide_channels<Value>;
  std::int64_t const items = voxels * p.max_points.value * p.features.vectors.value;  // below 2^58
  return chain.launch(width == wide ? voxel_gather_kernel<Value, wide> : voxel_gather_kernel<Value, 1>, p,
                      blocks_for(items, gather_at_once * gather_threads), gather_threads);
}

template <class Value, class Result>
std::int64_t voxelize_gathered_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                       grid const& lattice, gathered_output<Result> const& out,
                                       gather_options const& options) {
  if (clouds.batch == 0 || !detail::check_voxelize_gathered(clouds, features, lattice, out, options).ok()) { return 0; }
  return detail::cut_gather_call(nullptr, clouds, lattice, out, options).bytes;
}

template <class Value, class Result>
ROBOCACHE_HIDDEN status voxelize_gathered(point_clouds const& clouds, point_features<Value> const& features,
                                          grid const& lattice, gathered_output<Result> const& out,
                                          gather_options const& options, scratch const& memory,
                                          cudaStream_t cuda_stream) {
  status s = detail::check_voxelize_gathered(clouds, features, lattice, out, options);
  if (!s.ok()) { return s; }
  detail::voxel_pieces pieces{};
  if (clouds.batch > 0) {
    pieces = detail::cut_gather_call(memory.memory, clouds, lattice, out, options);
    s = detail::check_scratch(memory, pieces.bytes, "voxelize_gathered_scratch");
    if (!s.ok()) { return s; }
  }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  detail::launch_chain chain(device, cuda_stream);
  if (clouds.batch == 0) { return detail::write_no_voxels(clouds, out.voxel_offsets, out.point_slots, chain); }

  bool const listed = out.values != nullptr || out.point_slots != nullptr;
  constexpr auto kernel = detail::voxel_cluster_kernel<detail::gather_call::centred>;
  if (detail::is_for_cluster<kernel>(pieces.params, chain)) {
    s = detail::launch_cluster<kernel>(pieces, out, out.point_slots, false, nullptr, chain);
  } else {
    detail::fill_list list;
    list.add(out.point_slots, clouds.total() * 8, 0xffffffffu);
    s = detail::launch_voxels<detail::gather_call>(pieces, out, list, nullptr, listed, chain);
  }
  std::int64_t const voxels = detail::most_voxels(clouds, out.capacity);
  if (!s.ok() || voxels == 0 || (!listed && out.count == nullptr)) { return s; }

  auto const bytes = static_cast<std::int64_t>(sizeof(Result));
  detail::gather_params p{};
  int width = 1;
  if (out.values != nullptr) { width = detail::plan_features(p.features, clouds, features, clouds.length); }
  p.lists = pieces.lists;
  p.values = reinterpret_cast<char*>(out.values);
  p.count = out.count;
  p.slots = out.point_slots;
  p.kept = pieces.params.numbers.offsets + clouds.batch;
  p.rows = clouds.total();
  p.max_points = detail::divisor(static_cast<std::uint32_t>(out.max_points));
  p.type = dtype_of<Result>::value;
  p.type_bytes = static_cast<std::int32_t>(bytes);
  p.aligned = detail::common_alignment(detail::address_of(out.values), features.channels * bytes, width * bytes);
  if (listed) {
    s = detail::launch_ordering(p, voxels, detail::longest_cloud(clouds), chain);
    if (!s.ok()) { return s; }
  }
  return detail::launch_gathering<Value>(p, voxels, width, chain);
}

}  // namespace detail

template <class Value, class Result>
std::int64_t voxelize_gathered_scratch(point_clouds const& clouds, point_features<Value> const& features,
                                       grid const& lattice, gathered_output<Result> const& out,
                                       gather_options const& options) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::voxelize_gathered_scratch(clouds, features, lattice, out, options);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return 0;
  }
}

template <class Value, class Result>
status voxelize_gathered(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                         gathered_output<Result> const& out, gather_options const& options, scratch const& memory,
                         cudaStream_t cuda_stream) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::voxelize_gathered(clouds, features, lattice, out, options, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return {};
  }
}

}  // namespace robocache
