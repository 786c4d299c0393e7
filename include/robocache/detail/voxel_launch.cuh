// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
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

/// What holds no sums begins at 0.
/// @param count  null: not to be cleared
template <class Result>
fill_list clear_marks(point_clouds const& clouds, grid const& lattice, voxel_output<Result> const& out,
                      std::int32_t* count) {
  std::int64_t const cells = clouds.batch * lattice.total();
  fill_list list;
  list.add(count, cells * 4);
  list.add(out.occupied, cells * static_cast<std::int64_t>(size_of(out.occupied_type)));
  list.add(out.occupied_bits, clouds.batch * lattice.words() * 4);
  list.add(out.dropped, clouds.batch * 4);
  return list;
}

/// The bits of a fill value, as often as 4 bytes hold it.
template <class Result>
std::uint32_t fill_pattern(double fill) {
  auto const rounded = device::from_float<Result>(static_cast<float>(fill));
  std::uint32_t bits = 0;
  std::memcpy(&bits, &rounded, sizeof rounded);
  return sizeof rounded == 2 ? bits | bits << 16 : bits;
}

/// Bytes of results that stay in the L2 cache beside points that stream through it.
inline constexpr std::int64_t most_cached_bytes = std::int64_t{22} << 20;

/// How many slabs counts are taken in, if there is scratch for it: a grid that the cache does not hold, and so many
/// points that they should not wait for memory. The points are read anew for each slab, so there are few or none.
inline std::int64_t count_slabs(std::int64_t rows, std::int64_t cells) {
  constexpr std::int64_t many_rows = 1 << 20;
  constexpr std::int64_t most_slabs = 4;
  std::int64_t const slabs = cells > 0 ? (cells * 4 - 1) / most_cached_bytes + 1 : 0;
  return rows >= many_rows && slabs <= most_slabs ? slabs : 1;
}

/// Bytes of scratch for counts in slabs.
inline std::int64_t deferred_bytes(std::int64_t rows) { return (rows + 31) / 32; }

/// Counts and occupancy alone.
inline status launch_marks(voxel_mark_params& p, scratch const& memory, device_properties const& device,
                           cudaStream_t cuda_stream) {
  bool const nothing =
      p.count == nullptr && p.dropped == nullptr && p.marks.occupied == nullptr && p.marks.bits == nullptr;
  if (nothing || p.points.rows == 0) { return {}; }
  unsigned const blocks = point_blocks(p.points, device);
  std::int64_t const cells = p.points.batch * p.points.cells;
  std::int64_t slabs = p.count == nullptr ? 1 : count_slabs(p.points.rows, cells);
  if (memory.bytes < deferred_bytes(p.points.rows)) { slabs = 1; }
  p.deferred = slabs > 1 ? static_cast<std::uint8_t*>(memory.memory) : nullptr;
  bool const marks = p.marks.occupied != nullptr || p.marks.bits != nullptr;
  bool const bytes =
      p.count == nullptr && p.marks.bits == nullptr && p.marks.occupied != nullptr && p.marks.one_bytes == 1;
  return with_cell_type(p.points, [&](auto cell) {
    using Cell = decltype(cell);
    dim3 const grid(blocks);
    status s;
    for (std::int64_t slab = 0; slab < slabs && slabs > 1 && s.ok(); ++slab) {
      p.slab_begin = cells / slabs * slab;
      p.slab_end = slab + 1 < slabs ? cells / slabs * (slab + 1) : cells;
      s = marks ? launch(voxel_mark_slab_kernel<Cell, mark_kind::several>, p, grid, point_threads, 0, cuda_stream)
                : launch(voxel_mark_slab_kernel<Cell, mark_kind::counts>, p, grid, point_threads, 0, cuda_stream);
    }
    if (slabs > 1) { return s; }
    if (bytes) { return launch(voxel_mark_kernel<Cell, mark_kind::bytes>, p, grid, point_threads, 0, cuda_stream); }
    return marks || p.count == nullptr
               ? launch(voxel_mark_kernel<Cell, mark_kind::several>, p, grid, point_threads, 0, cuda_stream)
               : launch(voxel_mark_kernel<Cell, mark_kind::counts>, p, grid, point_threads, 0, cuda_stream);
  });
}

/// True where sums may be added up in memory, in any order. Where the cache does not hold them, the stated order is
/// faster.
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
    fill_list list = clear_marks(clouds, lattice, out, add.count);
    list.add(add.sums, cells * channels * 4);
    status const s = fill(list, device, cuda_stream);
    if (!s.ok()) { return s; }
  }
  if (add.points.rows > 0) {
    voxel_mark_params mark{};
    mark.points = add.points;
    mark.marks = marks_of(add.points, out.occupied, out.occupied_type, out.occupied_bits);
    status s = launch_marks(mark, {}, device, cuda_stream);
    if (!s.ok()) { return s; }
    unsigned const blocks = point_blocks(add.points, device);
    s = with_cell_type(add.points, [&](auto cell) {
      return launch(voxel_add_kernel<decltype(cell), Value, N>, add, dim3(blocks), point_threads, 0, cuda_stream);
    });
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
template <class Value, int N, bool Extremes>
status launch_reducing(voxel_reduce_params& p, std::int64_t cells, std::int64_t longest,
                       device_properties const& device, cudaStream_t cuda_stream) {
  constexpr std::int64_t blocks_each = 32;  // of a multiprocessor, at most: few cells may have a point
  std::int32_t const workers = 4 * device.multiprocessors;
  p.huge = longest > most_block_points ? workers : 0;
  p.crowds = longest > most_tile_points ? workers : 0;
  p.some = longest > most_few_points ? workers : 0;
  auto const vectors = static_cast<std::int32_t>(p.features.vectors.value);
  p.tile = p.results.channels_first ? reduce_threads : std::max(1, reduce_threads / vectors);
  std::int64_t const tiles = (std::min(p.rows, cells) + p.tile - 1) / p.tile;
  std::int64_t const few = std::min(tiles, blocks_each * device.multiprocessors);
  dim3 const blocks(static_cast<unsigned>(p.huge + p.crowds + p.some + few));
  status s = launch(voxel_reduce_kernel<Value, N, Extremes>, p, blocks, reduce_threads, 0, cuda_stream);
  if (!s.ok() || longest <= most_tile_points) { return s; }
  dim3 const crowd_blocks(static_cast<unsigned>(workers));
  s = launch(voxel_crowd_group_kernel<Value, N, Extremes>, p, crowd_blocks, crowd_threads, 0, cuda_stream);
  return s.ok() ? launch(voxel_crowd_kernel<crowd_threads>, p, crowd_blocks, crowd_threads, 0, cuda_stream) : s;
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
  to.channels = channels;
  to.cells = lattice.total();
  return to;
}

}  // namespace detail

template <class Value, class Result>
std::int64_t voxelize_scratch(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                              voxel_output<Result> const& out, voxel_options const&) {
  if (!detail::reduces(out)) {
    bool const in_slabs = out.count != nullptr && detail::sizes_are_sound(clouds, lattice, 1) &&
                          detail::count_slabs(clouds.total(), clouds.batch * lattice.total()) > 1;
    return in_slabs ? detail::deferred_bytes(clouds.total()) : 0;
  }
  if (!detail::sizes_are_sound(clouds, lattice, features.channels)) { return 0; }
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
      s = detail::fill(detail::clear_marks(clouds, lattice, out, out.count), device, cuda_stream);
      if (!s.ok()) { return s; }
    }
    detail::voxel_mark_params p{};
    p.points = detail::points_of(clouds, lattice);
    p.marks = detail::marks_of(p.points, out.occupied, out.occupied_type, out.occupied_bits);
    p.count = out.count;
    p.dropped = out.dropped;
    return detail::launch_marks(p, memory, device, cuda_stream);
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

  detail::voxel_group_params group{};
  group.points = detail::points_of(clouds, lattice);
  group.lists = detail::cut_lists(memory.memory, clouds, lattice, features.channels, out);
  group.dropped = out.dropped;
  group.cells = clouds.batch * lattice.total();
  group.marks = detail::marks_of(group.points, out.occupied, out.occupied_type, out.occupied_bits);
  // Counts are made where they are wanted, if whole vectors of them fit there.
  bool const in_place = out.count != nullptr && !options.accumulate && group.cells % 4 == 0 &&
                        detail::common_alignment(detail::address_of(out.count)) == 16;
  if (in_place) {
    group.lists.counts = reinterpret_cast<std::uint32_t*>(out.count);
    group.lists.clear_bytes = sizeof(detail::voxel_counters);
  }
  group.count = in_place ? nullptr : out.count;
  group.accumulate = options.accumulate;
  detail::fill_list list;
  if (!options.accumulate) {
    std::int64_t const bytes = group.cells * features.channels * static_cast<std::int64_t>(sizeof(Result));
    list = detail::clear_marks(clouds, lattice, out, out.count);
    list.add(out.sum, bytes);
    list.add(out.mean, bytes);
    list.add(out.max, bytes, detail::fill_pattern<Result>(options.max_fill));
    list.add(out.min, bytes, detail::fill_pattern<Result>(options.min_fill));
  }
  s = detail::launch_grouping(group, list, device, cuda_stream);
  if (!s.ok() || group.points.rows == 0) { return s; }

  reduce.lists = group.lists;
  reduce.results = detail::results_of(out, lattice, features.channels, width, options);
  reduce.rows = group.points.rows;
  std::int64_t const longest = detail::longest_cloud(clouds);
  auto const launch = [&](auto extremes) {
    constexpr bool wanted = decltype(extremes)::value;
    return width == 1 ? detail::launch_reducing<Value, 1, wanted>(reduce, group.cells, longest, device, cuda_stream)
                      : detail::launch_reducing<Value, wide, wanted>(reduce, group.cells, longest, device, cuda_stream);
  };
  return out.max != nullptr || out.min != nullptr ? launch(std::true_type{}) : launch(std::false_type{});
}

}  // namespace robocache
