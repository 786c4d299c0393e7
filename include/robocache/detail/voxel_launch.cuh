// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <robocache/arch.cuh>
#include <robocache/detail/launch.cuh>
#include <robocache/detail/voxel_add.cuh>
#include <robocache/detail/voxel_check.hpp>
#include <robocache/detail/voxel_crowd.cuh>
#include <robocache/detail/voxel_mark.cuh>
#include <robocache/detail/voxel_plan.cuh>
#include <robocache/detail/voxel_reduce.cuh>
#include <robocache/voxelize.cuh>

namespace robocache {
namespace detail {

/// Counts and occupancy begin at 0.
/// @param count  null: not to be cleared
inline status clear_marks(point_clouds const& clouds, grid const& lattice, std::int32_t* count, void* occupied,
                          dtype type, std::uint32_t* bits, std::int32_t* dropped, cudaStream_t cuda_stream) {
  std::int64_t const cells = clouds.batch * lattice.total();
  struct {
    void* memory;
    std::int64_t bytes;
  } const all[] = {{count, cells * 4},
                   {occupied, cells * static_cast<std::int64_t>(size_of(type))},
                   {bits, clouds.batch * lattice.words() * 4},
                   {dropped, clouds.batch * 4}};
  for (auto const& one : all) {
    status const s = one.memory == nullptr ? status{} : clear(one.memory, one.bytes, cuda_stream);
    if (!s.ok()) { return s; }
  }
  return {};
}

/// Counts and occupancy alone.
inline status launch_marks(voxel_mark_params& p, device_properties const& device, cudaStream_t cuda_stream) {
  bool const nothing =
      p.count == nullptr && p.dropped == nullptr && p.marks.occupied == nullptr && p.marks.bits == nullptr;
  if (nothing || p.points.rows == 0) { return {}; }
  unsigned const blocks = point_blocks(p.points, device);
  return launch(voxel_mark_kernel<point_threads>, p, dim3(blocks), point_threads, 0, cuda_stream);
}

/// Bytes of sums that the L2 cache holds beside what streams through it: beyond, adding in any order is slower than in
/// the stated one.
inline constexpr std::int64_t most_cached_bytes = std::int64_t{32} << 20;

/// True where sums may be added up in memory, in any order.
template <class Value, class Result>
bool adds_in_memory(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                    voxel_output<Result> const& out, voxel_options const& options, int width) {
  std::int64_t const bytes = clouds.batch * lattice.total() * features.channels * std::int64_t{4};
  return std::is_same_v<Result, float> && options.sums == summation::unordered &&
         options.channels == channel_order::last && out.max == nullptr && out.min == nullptr && width > 1 &&
         common_alignment(address_of(out.sum), address_of(out.mean)) == 16 && bytes <= most_cached_bytes;
}

/// Sums and means in any order.
template <class Value, int N>
status launch_adding(point_clouds const& clouds, grid const& lattice, voxel_features const& features,
                     voxel_output<float> const& out, bool accumulate, void* memory, device_properties const& device,
                     cudaStream_t cuda_stream) {
  std::int64_t const cells = clouds.batch * lattice.total();
  std::int64_t const channels = std::int64_t{features.vectors.value} * N;
  voxel_add_params add{};
  add.points = points_of(clouds, lattice);
  add.features = features;
  add.sums = out.sum != nullptr ? out.sum : out.mean;
  add.count = out.count != nullptr ? out.count : out.mean != nullptr ? static_cast<std::int32_t*>(memory) : nullptr;
  add.dropped = out.dropped;
  if (!accumulate) {
    status s = clear(add.sums, cells * channels * 4, cuda_stream);
    if (!s.ok()) { return s; }
    s = clear_marks(clouds, lattice, add.count, out.occupied, out.occupied_type, out.occupied_bits, out.dropped,
                    cuda_stream);
    if (!s.ok()) { return s; }
  }
  if (add.points.rows > 0) {
    voxel_mark_params mark{};
    mark.points = add.points;
    mark.marks = marks_of(add.points, out.occupied, out.occupied_type, out.occupied_bits);
    status s = launch_marks(mark, device, cuda_stream);
    if (!s.ok()) { return s; }
    unsigned const blocks = point_blocks(add.points, device);
    s = launch(voxel_add_kernel<Value, N>, add, dim3(blocks), point_threads, 0, cuda_stream);
    if (!s.ok()) { return s; }
  }
  if (out.mean == nullptr) { return {}; }
  voxel_divide_params divide{};
  divide.sums = add.sums;
  divide.means = out.mean;
  divide.count = add.count;
  divide.vectors = cells * channels / 4;
  divide.vectors_each = divisor(static_cast<std::uint32_t>(channels / 4));
  divide.narrow = divide.vectors <= INT32_MAX;
  std::int64_t const wanted = (divide.vectors + point_threads - 1) / point_threads;
  std::int64_t const blocks = std::min<std::int64_t>(wanted, std::int64_t{device.multiprocessors} * 32);
  return launch(voxel_divide_kernel<point_threads>, divide, dim3(static_cast<unsigned>(blocks)), point_threads, 0,
                cuda_stream);
}

/// Everything in the stated order, but for the grouping.
template <class Value, int N>
status launch_reducing(voxel_reduce_params const& reduce, voxel_crowd_params const& crowd, std::int64_t longest,
                       device_properties const& device, cudaStream_t cuda_stream) {
  auto const tiles = static_cast<unsigned>((reduce.cells + tile_cells - 1) / tile_cells);
  status s = launch(voxel_reduce_kernel<Value, N>, reduce, dim3(tiles), tile_cells, 0, cuda_stream);
  if (!s.ok() || longest <= most_tile_points) { return s; }
  dim3 const blocks(static_cast<unsigned>(4 * device.multiprocessors));
  s = launch(voxel_sort_kernel<crowd_threads>, crowd, blocks, crowd_threads, 0, cuda_stream);
  if (s.ok() && longest > most_block_points) {
    s = launch(voxel_sort_huge_kernel<crowd_threads>, crowd, blocks, crowd_threads, 0, cuda_stream);
  }
  if (s.ok()) { s = launch(voxel_crowd_group_kernel<Value, N>, crowd, blocks, crowd_threads, 0, cuda_stream); }
  return s.ok() ? launch(voxel_crowd_kernel<crowd_threads>, crowd, blocks, crowd_threads, 0, cuda_stream) : s;
}

/// What grouping for these results takes.
template <class Result>
voxel_lists cut_lists(void* memory, point_clouds const& clouds, grid const& lattice, std::int64_t channels,
                      voxel_output<Result> const& out) {
  return cut_lists(memory, clouds.total(), clouds.batch * lattice.total(), channels,
                   out.sum != nullptr || out.mean != nullptr, out.max != nullptr, out.min != nullptr);
}

/// Where results go.
template <class Result>
voxel_results results_of(voxel_output<Result> const& out, grid const& lattice, std::int64_t channels, int width,
                         voxel_options const& options) {
  auto const bytes = static_cast<std::int64_t>(sizeof(Result));
  auto const at = [](Result* results) { return reinterpret_cast<char*>(results); };
  voxel_results to{};
  to.sum = at(out.sum);
  to.mean = at(out.mean);
  to.max = at(out.max);
  to.min = at(out.min);
  to.type = dtype_of<Result>::value;
  to.type_bytes = static_cast<std::int32_t>(bytes);
  to.channels_first = options.channels == channel_order::first;
  to.accumulate = options.accumulate;
  to.aligned = common_alignment(address_of(out.sum), address_of(out.mean), address_of(out.max), address_of(out.min),
                                channels * bytes, width * bytes);
  to.max_fill = static_cast<float>(options.max_fill);
  to.min_fill = static_cast<float>(options.min_fill);
  to.channels = channels;
  to.cells = lattice.total();
  return to;
}

}  // namespace detail

template <class Value, class Result>
std::int64_t voxelize_scratch(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                              voxel_output<Result> const& out, voxel_options const&) {
  if (!detail::reduces(out) || !detail::sizes_are_sound(clouds, lattice, features.channels)) { return 0; }
  return detail::cut_lists(nullptr, clouds, lattice, features.channels, out).bytes;
}

template <class Value, class Result>
status voxelize(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                voxel_output<Result> const& out, voxel_options const& options, scratch const& memory,
                cudaStream_t cuda_stream) {
  status s = detail::check_voxelize(clouds, features, lattice, out, options);
  if (!s.ok() || clouds.batch == 0) { return s; }
  bool const reduces = detail::reduces(out);
  if (reduces) {
    s = detail::check_scratch(memory, voxelize_scratch(clouds, features, lattice, out, options), "voxelize_scratch");
    if (!s.ok()) { return s; }
  }
  device_properties device;
  if (cudaError_t const error = read_device_properties(device); error != cudaSuccess) {
    return detail::cuda_failure("device", error);
  }

  if (!reduces) {
    if (!options.accumulate) {
      s = detail::clear_marks(clouds, lattice, out.count, out.occupied, out.occupied_type, out.occupied_bits,
                              out.dropped, cuda_stream);
      if (!s.ok()) { return s; }
    }
    detail::voxel_mark_params p{};
    p.points = detail::points_of(clouds, lattice);
    p.marks = detail::marks_of(p.points, out.occupied, out.occupied_type, out.occupied_bits);
    p.count = out.count;
    p.dropped = out.dropped;
    return detail::launch_marks(p, device, cuda_stream);
  }

  constexpr int wide = 16 / static_cast<int>(sizeof(Value));
  detail::voxel_reduce_params reduce{};
  int const width = detail::plan_features(reduce.features, clouds, features, lattice);
  if constexpr (std::is_same_v<Result, float>) {
    if (detail::adds_in_memory(clouds, features, lattice, out, options, width)) {
      return detail::launch_adding<Value, wide>(clouds, lattice, reduce.features, out, options.accumulate,
                                                memory.memory, device, cuda_stream);
    }
  }

  if (!options.accumulate) {
    s = detail::clear_marks(clouds, lattice, nullptr, out.occupied, out.occupied_type, out.occupied_bits, out.dropped,
                            cuda_stream);
    if (!s.ok()) { return s; }
  }
  detail::voxel_group_params group{};
  group.points = detail::points_of(clouds, lattice);
  group.lists = detail::cut_lists(memory.memory, clouds, lattice, features.channels, out);
  group.dropped = out.dropped;
  group.cells = clouds.batch * lattice.total();
  s = detail::launch_grouping(group, device, cuda_stream);
  if (!s.ok()) { return s; }

  reduce.lists = group.lists;
  reduce.results = detail::results_of(out, lattice, features.channels, width, options);
  reduce.marks = detail::marks_of(group.points, out.occupied, out.occupied_type, out.occupied_bits);
  reduce.count = out.count;
  reduce.cells = group.cells;
  detail::voxel_crowd_params const crowd{group.lists, reduce.features, reduce.results, group.points.rows};
  std::int64_t const longest = detail::longest_cloud(clouds);
  return width == 1 ? detail::launch_reducing<Value, 1>(reduce, crowd, longest, device, cuda_stream)
                    : detail::launch_reducing<Value, wide>(reduce, crowd, longest, device, cuda_stream);
}

}  // namespace robocache
