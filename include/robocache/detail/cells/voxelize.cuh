// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <robocache/arch.cuh>
#include <robocache/detail/cells/add.cuh>
#include <robocache/detail/cells/check.hpp>
#include <robocache/detail/cells/launch.cuh>
#include <robocache/detail/cells/params.hpp>
#include <robocache/detail/cells/policy.cuh>
#include <robocache/detail/cells/reduce.cuh>
#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/clouds/crowd.cuh>
#include <robocache/detail/common/clouds/launch.cuh>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/reduce_launch.cuh>
#include <robocache/detail/common/clouds/scratch.hpp>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/voxelize.cuh>

namespace robocache {
namespace detail {

/// Clears the results that are not made of features: they begin at 0.
/// @param count  null: it is not cleared
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

/// The bits of a float in the type of results, as often as 4 bytes hold them.
template <class Result>
std::uint32_t pattern_of(float value) noexcept {
  auto const rounded = device::from_float<Result>(value);
  Result repeated[4 / sizeof(Result)];
  std::fill_n(repeated, 4 / sizeof(Result), rounded);
  std::uint32_t pattern = 0;
  std::memcpy(&pattern, repeated, sizeof pattern);
  return pattern;
}

/// Fills all results as if no cell had any points.
template <class Result>
fill_list fill_results(point_clouds const& clouds, grid const& lattice, std::int64_t channels,
                       voxel_output<Result> const& out, voxel_options const& options) {
  fill_list list = clear_marks(clouds, lattice, out, out.count);
  std::int64_t const bytes = clouds.batch * lattice.total() * channels * std::int64_t(sizeof(Result));
  list.add(out.sum, bytes);
  list.add(out.mean, bytes);
  list.add(out.max, bytes, pattern_of<Result>(static_cast<float>(options.max_fill)));
  list.add(out.min, bytes, pattern_of<Result>(static_cast<float>(options.min_fill)));
  return list;
}

/// True where sums may be added up in memory, in any order. Where the cache does not hold them, the stated order is
/// faster.
template <class Value, class Result>
bool adds_in_memory(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                    voxel_output<Result> const& out, voxel_options const& options, int width,
                    device_properties const& device) {
  std::int64_t const bytes = clouds.batch * lattice.total() * features.channels * std::int64_t{4};
  return std::is_same_v<Result, float> && options.sums == summation::unordered &&
         options.channels == channel_order::last && !needs_of(out).extremes() && width > 1 &&
         common_alignment(address_of(out.sum), address_of(out.mean)) == 16 && bytes <= most_cached_bytes(device);
}

/// Sums and means in any order.
template <class Value, int N>
ROBOCACHE_HIDDEN status launch_adding(point_clouds const& clouds, grid const& lattice, cloud_features const& features,
                                      voxel_output<float> const& out, bool accumulate, void* memory,
                                      launch_chain& chain) {
  std::int64_t const cells = clouds.batch * lattice.total();
  std::int64_t const channels = std::int64_t{features.vectors.value} * N;
  cell_add_params add{};
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
    cell_mark_params mark{};
    mark.points = add.points;
    mark.marks = marks_of(add.points, out.occupied, out.occupied_type, out.occupied_bits);
    status s = launch_marks(mark, {}, chain);
    if (!s.ok()) { return s; }
    dim3 const blocks(point_blocks(add.points, chain.device()));
    s = with_cell_type(add.points, [&](auto cell) {
      return chain.launch(cell_add_kernel<decltype(cell), Value, N>, add, blocks, point_threads);
    });
    if (!s.ok()) { return s; }
  }
  if (out.mean == nullptr) { return {}; }
  cell_divide_params divide{};
  divide.sums = add.sums;
  divide.means = out.mean;
  divide.count = add.count;
  divide.vectors = cells * channels / 4;
  divide.vectors_each = divisor(static_cast<std::uint32_t>(channels / 4));
  divide.narrow = divide.vectors <= INT32_MAX;
  std::int64_t const wanted = (divide.vectors + point_threads - 1) / point_threads;
  std::int64_t const blocks =
      std::min<std::int64_t>(wanted, std::int64_t{chain.device().multiprocessors} * divide_blocks_each(chain.device()));
  return chain.launch(cell_divide_kernel<point_threads>, divide, dim3(static_cast<unsigned>(blocks)), point_threads);
}

/// How points are dealt out to bins. The scratch depends on it, so it does not depend on the device.
template <class Result>
cell_bins plan_bins(point_clouds const& clouds, grid const& lattice, std::int64_t channels,
                    voxel_options const& options) {
  std::int64_t const cells = clouds.batch * lattice.total();
  bool const filled = options.accumulate || fills_before(clouds.total(), cells);
  std::uint32_t const run_bits = run_bits_for(clouds.total(), cells, channels * std::int64_t{sizeof(Result)},
                                              options.channels == channel_order::first);
  return plan_bins(clouds.batch, clouds.total(), std::min(lattice.total(), most_round_cells), filled, run_bits);
}

template <class Value, class Result>
std::int64_t voxelize_scratch(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                              voxel_output<Result> const& out, voxel_options const& options) {
  if (!detail::reduces(out)) {
    // The size of the scratch depends on the arguments alone, so properties of an unknown chip do.
    bool const in_slabs = out.count != nullptr && detail::sizes_are_sound(clouds, lattice, 1) &&
                          detail::count_slabs({}, clouds.total(), clouds.batch * lattice.total()) > 1;
    detail::cell_mark_params unused{};
    return in_slabs ? detail::cut_slabs(unused, nullptr, clouds.total()).bytes() : 0;
  }
  if (!detail::sizes_are_sound(clouds, lattice, features.channels)) { return 0; }
  std::int64_t const cells = lattice.total();
  detail::cell_bins bins = detail::plan_bins<Result>(clouds, lattice, features.channels, options);
  std::int64_t const bytes =
      detail::cut_bins(bins, nullptr, clouds.batch, clouds.total(), features.channels, detail::needs_of(out)).bytes;
  // Sums that are added up in memory are divided by counts.
  return options.sums == summation::ordered ? bytes : std::max(bytes, clouds.batch * cells * 4);
}

/// The kernels that reduce features, as values: so that what launches them is compiled once.
struct cell_kernels {
  int channels;   ///< of a vector
  bool extremes;  ///< whether the largest or smallest are found
  void (*reduce)(cell_bin_reduce_params);
  void (*reduce_crowds)(cell_reduce_params);
};

/// @tparam N  channels of a vector
template <class Value, int N>
cell_kernels cell_kernels_for(bool extremes) {
  return extremes ? cell_kernels{N, true, cell_reduce_kernel<Value, N, true>,
                                 crowd_kernel<Value, N, true, cell_reduce_params>}
                  : cell_kernels{N, false, cell_reduce_kernel<Value, N, false>,
                                 crowd_kernel<Value, N, false, cell_reduce_params>};
}

/// Reduces crowded cells.
/// @param longest  the most points that one can have
template <class Chain>
ROBOCACHE_HIDDEN status launch_crowds(cell_kernels const& kernels, cell_reduce_params p, std::int64_t longest,
                                      Chain& chain) {
  std::int32_t const most = plan_parts(p, longest, chain.device());
  if (p.huge > 0) {
    dim3 const blocks(static_cast<unsigned>(p.huge));
    status const s = chain.launch(cell_huge_kernel<reduce_threads>, p, blocks, reduce_threads);
    if (!s.ok()) { return s; }
  }
  std::int64_t const groups = p.huge > 0 ? huge_blocks(p.rows, p.features.vectors, most) : 0;
  dim3 const blocks(static_cast<unsigned>(std::max<std::int64_t>(p.crowds, groups)));
  return chain.launch(kernels.reduce_crowds, p, blocks, reduce_threads);
}

/// Results of features in the stated order, and all other results with them: points are dealt out to bins of cells,
/// and each bin's results are written as a whole.
template <class Result>
ROBOCACHE_HIDDEN status launch_bins(cell_kernels const& kernels, cell_bin_reduce_params& p, point_clouds const& clouds,
                                    grid const& lattice, std::int64_t channels, voxel_output<Result> const& out,
                                    voxel_options const& options, scratch const& memory, launch_chain& chain) {
  std::int64_t const cells = lattice.total();
  std::int64_t const round_cells = std::min(cells, most_round_cells);
  p.points = points_of(clouds, lattice);
  p.rows = p.points.rows;
  p.bins = plan_bins<Result>(clouds, lattice, channels, options);
  bool const fills = !options.accumulate && fills_before(p.rows, clouds.batch * cells);
  p.filled = fills || options.accumulate;
  p.lists = cut_bins(p.bins, memory.memory, clouds.batch, p.rows, channels, needs_of(out));
  p.marks = marks_of(p.points, out.occupied, out.occupied_type, out.occupied_bits);
  p.count = out.count;
  p.max_fill = static_cast<float>(options.max_fill);
  p.min_fill = static_cast<float>(options.min_fill);
  std::int64_t const longest = longest_cloud(clouds);
  std::int64_t const vector_bytes = std::min<std::int64_t>(16, kernels.channels * p.results.type_bytes);
  bool const plain = needs_of(out).results == 1 && !kernels.extremes && !p.results.channels_first &&
                     !p.results.accumulate && p.results.aligned >= vector_bytes;
  p.plain = plain ? p.results.sum != nullptr ? p.results.sum : p.results.mean : nullptr;
  std::int64_t const cell_bytes = channels * p.results.type_bytes;
  p.empty.value = 0;
  // Products with the cells of a run stay below 2^31.
  if (plain && common_alignment(address_of(p.plain), cell_bytes) == 16 && cell_bytes < 1 << 20) {
    p.empty = divisor(static_cast<std::uint32_t>(cell_bytes / 16));
  }
  cell_bin_params bin{};
  bin.points = p.points;
  bin.dropped = out.dropped;
  bin.counters = p.lists.counters;
  status s;
  if (fills) {
    s = fill(fill_results(clouds, lattice, channels, out, options), chain, bin_fill_blocks);
  } else if (!options.accumulate) {
    s = fill(clear_marks(clouds, lattice, out, nullptr), chain);
  }
  for (std::int64_t first = 0; first < cells && s.ok(); first += round_cells) {
    p.bins.first_cell = first;
    p.bins.cells = static_cast<std::uint32_t>(std::min(round_cells, cells - first));
    bin.bins = p.bins;
    s = launch_binning(bin, chain);
    if (!s.ok()) { return s; }
    bin.dropped = nullptr;
    dim3 const blocks(static_cast<unsigned>(clouds.batch * p.bins.count));
    s = chain.launch(kernels.reduce, p, blocks, reduce_threads);
    if (s.ok() && longest > most_tile_points) { s = launch_crowds(kernels, p, longest, chain); }
  }
  return s;
}

/// Results of features, and all other results with them.
template <class Value, class Result>
ROBOCACHE_HIDDEN status launch_cells(point_clouds const& clouds, point_features<Value> const& features,
                                     grid const& lattice, voxel_output<Result> const& out, voxel_options const& options,
                                     scratch const& memory, launch_chain& chain) {
  constexpr int wide = detail::wide_channels<Value>;
  detail::cell_bin_reduce_params reduce{};
  int const width = detail::plan_features(reduce.features, clouds, features, lattice.total());
  if constexpr (std::is_same_v<Result, float>) {
    if (detail::adds_in_memory(clouds, features, lattice, out, options, width, chain.device())) {
      return detail::launch_adding<Value, wide>(clouds, lattice, reduce.features, out, options.accumulate,
                                                memory.memory, chain);
    }
  }

  bool const extremes = detail::needs_of(out).extremes();
  cell_kernels const kernels =
      width == 1 ? cell_kernels_for<Value, 1>(extremes) : cell_kernels_for<Value, wide>(extremes);
  reduce.results = detail::results_of(out, lattice.total(), features.channels, width, options);
  return launch_bins(kernels, reduce, clouds, lattice, features.channels, out, options, memory, chain);
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
    detail::cell_mark_params p{};
    p.points = detail::points_of(clouds, lattice);
    p.marks = detail::marks_of(p.points, out.occupied, out.occupied_type, out.occupied_bits);
    p.count = out.count;
    p.dropped = out.dropped;
    return detail::launch_marks(p, memory, chain);
  }

  if constexpr (Features) {
    return detail::launch_cells(clouds, features, lattice, out, options, memory, chain);
  } else {
    return s;  // results of features have been refused
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
