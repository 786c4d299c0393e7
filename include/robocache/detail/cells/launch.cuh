// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <robocache/detail/cells/add.cuh>
#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/detail/common/clouds/mark.cuh>
#include <robocache/detail/common/clouds/plan.cuh>
#include <robocache/detail/common/clouds/reduce_launch.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
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

/// The scratch of counts in slabs.
inline memory_cutter cut_slabs(voxel_mark_params& p, void* memory, std::int64_t rows) {
  memory_cutter cut(memory);
  p.left = cut.take<std::uint32_t>(rows);
  p.left_counts = cut.take<std::uint32_t>(rows / rows_a_step + 1);
  return cut;
}

/// Counts in several slabs.
template <mark_kind Kind>
ROBOCACHE_HIDDEN status launch_slabs(voxel_mark_params& p, std::int64_t slabs, dim3 blocks, launch_chain& chain) {
  std::int64_t const cells = p.points.batch * p.points.cells;
  status s;
  for (std::int64_t slab = 0; slab < slabs && s.ok(); ++slab) {
    p.slab_begin = cells / slabs * slab;
    p.slab_end = slab + 1 < slabs ? cells / slabs * (slab + 1) : cells;
    if (slab > 0) {
      s = chain.launch(voxel_next_slab_kernel<Kind>, p, blocks, point_threads);
    } else {
      s = with_cell_type(p.points, [&](auto cell) {
        return chain.launch(voxel_first_slab_kernel<decltype(cell), Kind>, p, blocks, point_threads);
      });
    }
  }
  return s;
}

/// Counts and occupancy alone.
/// @param memory  may be less than what slabs take: then there are none
template <class Chain>
ROBOCACHE_HIDDEN status launch_marks(voxel_mark_params& p, scratch const& memory, Chain& chain) {
  bool const marks = p.marks.occupied != nullptr || p.marks.bits != nullptr;
  if ((p.count == nullptr && p.dropped == nullptr && !marks) || p.points.rows == 0) { return {}; }
  dim3 const blocks(point_blocks(p.points, chain.device()));
  std::int64_t const slabs = p.count == nullptr ? 1 : count_slabs(p.points.rows, p.points.batch * p.points.cells);
  if (slabs > 1 && cut_slabs(p, memory.memory, p.points.rows).bytes() <= memory.bytes) {
    return marks ? launch_slabs<mark_kind::several>(p, slabs, blocks, chain)
                 : launch_slabs<mark_kind::counts>(p, slabs, blocks, chain);
  }
  bool const bytes =
      p.count == nullptr && p.marks.bits == nullptr && p.marks.occupied != nullptr && p.marks.one_bytes == 1;
  return with_cell_type(p.points, [&](auto cell) {
    using Cell = decltype(cell);
    if (bytes) { return chain.launch(voxel_mark_kernel<Cell, mark_kind::bytes>, p, blocks, point_threads); }
    return marks || p.count == nullptr
               ? chain.launch(voxel_mark_kernel<Cell, mark_kind::several>, p, blocks, point_threads)
               : chain.launch(voxel_mark_kernel<Cell, mark_kind::counts>, p, blocks, point_threads);
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
ROBOCACHE_HIDDEN status launch_adding(point_clouds const& clouds, grid const& lattice, voxel_features const& features,
                                      voxel_output<float> const& out, bool accumulate, void* memory,
                                      launch_chain& chain) {
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
    status const s = fill(list, chain);
    if (!s.ok()) { return s; }
  }
  if (add.points.rows > 0) {
    voxel_mark_params mark{};
    mark.points = add.points;
    mark.marks = marks_of(add.points, out.occupied, out.occupied_type, out.occupied_bits);
    status s = launch_marks(mark, {}, chain);
    if (!s.ok()) { return s; }
    dim3 const blocks(point_blocks(add.points, chain.device()));
    s = with_cell_type(add.points, [&](auto cell) {
      return chain.launch(voxel_add_kernel<decltype(cell), Value, N>, add, blocks, point_threads);
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
  std::int64_t const blocks = std::min<std::int64_t>(wanted, std::int64_t{chain.device().multiprocessors} * 32);
  return chain.launch(voxel_divide_kernel<point_threads>, divide, dim3(static_cast<unsigned>(blocks)), point_threads);
}

/// What grouping for these results takes.
template <class Result>
voxel_lists cut_lists(void* memory, point_clouds const& clouds, grid const& lattice, std::int64_t channels,
                      voxel_output<Result> const& out) {
  return cut_lists(memory, clouds.total(), clouds.batch * lattice.total(), channels,
                   out.sum != nullptr || out.mean != nullptr, out.max != nullptr, out.min != nullptr);
}

template <class Value, class Result>
std::int64_t voxelize_scratch(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                              voxel_output<Result> const& out, voxel_options const&) {
  if (!detail::reduces(out)) {
    bool const in_slabs = out.count != nullptr && detail::sizes_are_sound(clouds, lattice, 1) &&
                          detail::count_slabs(clouds.total(), clouds.batch * lattice.total()) > 1;
    detail::voxel_mark_params unused{};
    return in_slabs ? detail::cut_slabs(unused, nullptr, clouds.total()).bytes() : 0;
  }
  if (!detail::sizes_are_sound(clouds, lattice, features.channels)) { return 0; }
  return detail::cut_lists(nullptr, clouds, lattice, features.channels, out).bytes;
}

/// What is made of features, and all else with it.
template <class Value, class Result>
ROBOCACHE_HIDDEN status launch_cells(point_clouds const& clouds, point_features<Value> const& features,
                                     grid const& lattice, voxel_output<Result> const& out, voxel_options const& options,
                                     scratch const& memory, launch_chain& chain) {
  constexpr int wide = 16 / static_cast<int>(sizeof(Value));
  detail::voxel_reduce_params reduce{};
  int const width = detail::plan_features(reduce.features, clouds, features, lattice.total());
  if constexpr (std::is_same_v<Result, float>) {
    if (detail::adds_in_memory(clouds, features, lattice, out, options, width)) {
      return detail::launch_adding<Value, wide>(clouds, lattice, reduce.features, out, options.accumulate,
                                                memory.memory, chain);
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
  status const s = detail::launch_grouping(group, list, chain);
  if (!s.ok() || group.points.rows == 0) { return s; }

  reduce.lists = group.lists;
  reduce.results = detail::results_of(out, lattice.total(), features.channels, width, options);
  reduce.rows = group.points.rows;
  std::int64_t const longest = detail::longest_cloud(clouds);
  auto const launch = [&](auto extremes) {
    constexpr bool wanted = decltype(extremes)::value;
    return width == 1 ? detail::launch_reducing<Value, 1, wanted>(reduce, group.cells, longest, chain)
                      : detail::launch_reducing<Value, wide, wanted>(reduce, group.cells, longest, chain);
  };
  return out.max != nullptr || out.min != nullptr ? launch(std::true_type{}) : launch(std::false_type{});
}

/// @tparam Features  whether there can be features: nothing is compiled for them where there are none
template <bool Features, class Value, class Result>
ROBOCACHE_HIDDEN status voxelize(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                                 voxel_output<Result> const& out, voxel_options const& options, scratch const& memory,
                                 cudaStream_t cuda_stream) {
  status s = detail::check_voxelize(clouds, features, lattice, out, options);
  if (!s.ok() || clouds.batch == 0) { return s; }
  bool const reduces = detail::reduces(out);
  if (reduces) {
    s = detail::check_scratch(memory, detail::voxelize_scratch(clouds, features, lattice, out, options),
                              "voxelize_scratch");
  } else {
    s = detail::check_pointer("memory", "memory", static_cast<char const*>(memory.memory), memory.bytes, 16);
  }
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  detail::launch_chain chain(device, cuda_stream);

  if (!reduces) {
    if (!options.accumulate) {
      s = detail::fill(detail::clear_marks(clouds, lattice, out, out.count), chain);
      if (!s.ok()) { return s; }
    }
    detail::voxel_mark_params p{};
    p.points = detail::points_of(clouds, lattice);
    p.marks = detail::marks_of(p.points, out.occupied, out.occupied_type, out.occupied_bits);
    p.count = out.count;
    p.dropped = out.dropped;
    return detail::launch_marks(p, memory, chain);
  }

  if constexpr (Features) {
    return detail::launch_cells(clouds, features, lattice, out, options, memory, chain);
  } else {
    return s;  // what is made of features has been refused
  }
}

}  // namespace detail

template <class Value, class Result>
std::int64_t voxelize_scratch(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                              voxel_output<Result> const& out, voxel_options const& options) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::voxelize_scratch(clouds, features, lattice, out, options);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return 0;
  }
}

template <class Value, class Result>
status voxelize(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                voxel_output<Result> const& out, voxel_options const& options, scratch const& memory,
                cudaStream_t cuda_stream) {
  if constexpr (detail::floats_are_sound<Value, Result>) {
    return detail::voxelize<true>(clouds, features, lattice, out, options, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::float_rule<Value, Result>) > 0);
    return {};
  }
}

template <class Result>
status voxelize(point_clouds const& clouds, grid const& lattice, voxel_output<Result> const& out,
                voxel_options const& options, scratch const& memory, cudaStream_t cuda_stream) {
  return detail::voxelize<false>(clouds, point_features<float>{}, lattice, out, options, memory, cuda_stream);
}

}  // namespace robocache
