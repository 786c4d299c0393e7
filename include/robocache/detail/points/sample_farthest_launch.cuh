// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include <robocache/arch.cuh>
#include <robocache/detail/cluster.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/memory_cutter.hpp>
#include <robocache/detail/common/scratch_check.hpp>
#include <robocache/detail/points/farthest_meeting.cuh>
#include <robocache/detail/points/sample_farthest_buckets.cuh>
#include <robocache/detail/points/sample_farthest_order.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/detail/points/sample_farthest_policy.cuh>
#include <robocache/detail/points/sample_farthest_resident.cuh>
#include <robocache/detail/points/sample_farthest_small.cuh>
#include <robocache/detail/points/sampling_check.hpp>
#include <robocache/sample_farthest.cuh>

namespace robocache {
namespace detail {

/// The most points that a cloud may have, as far as is known without a look at the offsets.
inline std::int64_t longest_sampled_cloud(point_clouds const& clouds) {
  return clouds.packed() ? clouds.rows : clouds.length;
}

/// Whether all clouds are put in order in space.
inline bool orders_clouds(point_clouds const& clouds, std::int64_t samples) {
  std::int64_t const longest = longest_sampled_cloud(clouds);
  return longest > most_small_points || orders_small_clouds(longest, samples);
}

/// Points of a cloud, about.
inline std::int64_t points_of_a_cloud(point_clouds const& clouds) {
  return clouds.total() / std::max<std::int64_t>(clouds.batch, 1);
}

/// Cuts scratch for clouds that are put in order.
/// @param memory  null: how much it would be
/// @return bytes
inline std::int64_t cut_farthest(point_clouds const& clouds, void* memory, farthest_params& p) {
  memory_cutter cutter(memory);
  p.cell_bits = cell_bits_for(points_of_a_cloud(clouds));
  p.extents = cutter.take<cloud_extent>(clouds.batch);
  p.cells = cutter.take<std::uint32_t>(clouds.batch << 3 * p.cell_bits);
  p.ordered = cutter.take<ordered_point>(clouds.total());
  p.distances = cutter.take<float>(clouds.total());
  return cutter.bytes();
}

/// What the current device runs of a kernel. Each thread asks once for a device. Of the kernel itself, since nvcc gives
/// each translation unit one of its own.
template <auto Kernel>
ROBOCACHE_HIDDEN cluster_room find_room(device_properties const& properties) {
  thread_local int known_device = -1;
  thread_local cluster_room known{};
  int device = 0;
  if (cudaGetDevice(&device) != cudaSuccess) { return {}; }
  if (device == known_device) { return known; }
  for (int i = 0; i < cluster_size_count; ++i) {
    known.at_once[i] = allow_cluster(Kernel, properties.compute_capability, static_cast<unsigned>(cluster_sizes[i]),
                                     farthest_threads_for(cluster_sizes[i]), sizeof(farthest_share));
  }
  known_device = device;
  return known;
}

/// Puts all clouds in order.
template <class Chain>
ROBOCACHE_HIDDEN status order_points_in_space(farthest_params& p, Chain& chain) {
  std::int64_t const batch = p.clouds.batch;
  fill_list beginnings;
  beginnings.add(p.extents, batch * std::int64_t(sizeof(cloud_extent)), UINT32_MAX);
  beginnings.add(p.cells, batch * std::int64_t(sizeof(std::uint32_t)) << 3 * p.cell_bits);
  status s = fill(beginnings, chain);
  std::int64_t const most = std::int64_t{chain.device().multiprocessors} * order_blocks;
  std::int64_t const wanted = points_of_a_cloud(p.clouds) / (order_threads * order_points) + 1;
  p.slices = std::clamp<std::int64_t>(most / batch, 1, wanted);
  dim3 const slices(static_cast<unsigned>(std::min<std::int64_t>(batch * p.slices, most)));
  if (s.ok()) { s = chain.launch(sample_farthest_extent_kernel<order_threads>, p, slices, order_threads); }
  if (s.ok()) { s = chain.launch(sample_farthest_count_kernel<order_threads>, p, slices, order_threads); }
  dim3 const clouds(static_cast<unsigned>(std::min<std::int64_t>(batch, most)));
  if (s.ok()) { s = chain.launch(sample_farthest_scan_kernel<order_scan_threads>, p, clouds, order_scan_threads); }
  return s.ok() ? chain.launch(sample_farthest_place_kernel<order_threads>, p, slices, order_threads) : s;
}

/// Samples clouds in order by a kernel, `p.shape` of blocks for each.
template <auto Kernel, class Chain>
ROBOCACHE_HIDDEN status sample_by(farthest_params const& p, Chain& chain) {
  constexpr std::int64_t most_rows = 65535;  // of a grid
  auto const clouds = static_cast<unsigned>(std::min(p.clouds.batch, most_rows));
  return launch_cluster(Kernel, p, static_cast<unsigned>(p.shape.blocks), p.shape.threads, sizeof(farthest_share),
                        chain.stream(), clouds);
}

/// Those that fit registers, by the kernel with the fewest points of a thread that hold so many of a cloud. Where the
/// device does not run that, no cloud is resident, and nothing is launched.
template <int Least = 0, class Chain>
ROBOCACHE_HIDDEN status sample_resident(farthest_params& p, std::int64_t points, Chain& chain) {
  constexpr int each = resident_points_each[Least];
  std::int64_t const room = std::int64_t{each} * p.shape.threads * p.shape.blocks;
  if constexpr (each < most_points_each) {
    if (points > room) { return sample_resident<Least + 1>(p, points, chain); }
  }
  constexpr auto kernel = sample_farthest_resident_kernel<each>;
  cluster_room const runs = find_room<kernel>(chain.device());
  auto const* const size = std::find(std::begin(cluster_sizes), std::end(cluster_sizes), p.shape.blocks);
  if (size == std::end(cluster_sizes) || runs.at_once[size - cluster_sizes] == 0) { return {}; }
  p.resident = room;
  return sample_by<kernel>(p, chain);
}

template <class Chain>
ROBOCACHE_HIDDEN status sample_buckets(farthest_params const& p, Chain& chain) {
  return p.shape.blocks > 1 ? sample_by<sample_farthest_buckets_kernel<true>>(p, chain)
                            : sample_by<sample_farthest_buckets_kernel<false>>(p, chain);
}

/// Clouds in order: those that fit registers, then those that do not, if there may be some. Of packed clouds it is not
/// known how long each is: there is room for twice the mean.
template <class Chain>
ROBOCACHE_HIDDEN status sample_in_order(farthest_params& p, Chain& chain) {
  std::int64_t const batch = p.clouds.batch;
  std::int64_t const longest = longest_sampled_cloud(p.clouds);
  std::int64_t const usual = p.clouds.packed() ? std::min(longest, 2 * points_of_a_cloud(p.clouds)) : longest;
  p.shape =
      farthest_shape_for(find_room<sample_farthest_resident_kernel<most_points_each>>(chain.device()), batch, usual);
  p.resident = 0;
  if (usual <= most_resident_points(p.shape.blocks)) {
    status const s = sample_resident(p, usual, chain);
    if (!s.ok() || longest <= p.resident) { return s; }
  }
  p.shape = bucket_shape_for(find_room<sample_farthest_buckets_kernel<true>>(chain.device()), batch, usual);
  return sample_buckets(p, chain);
}

/// Clouds that are not in order, a block each, with the fewest points of a thread that hold so many of a cloud.
template <int Least = 0, class Chain>
ROBOCACHE_HIDDEN status sample_small(farthest_params const& p, std::int64_t points, Chain& chain) {
  constexpr int each = small_points_each[Least];
  if constexpr (each < most_points_each) {
    if (points > each * farthest_threads) { return sample_small<Least + 1>(p, points, chain); }
  }
  dim3 const blocks(static_cast<unsigned>(std::min<std::int64_t>(p.clouds.batch, INT32_MAX)));
  return chain.launch(sample_farthest_small_kernel<each, farthest_threads>, p, blocks, farthest_threads);
}

inline farthest_params farthest_params_of(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                                          farthest_options const& options) {
  strides const step = strides_of(clouds);
  farthest_params p{};
  p.clouds = clouds;
  p.clouds.point_stride = step.row;
  p.clouds.batch_stride = step.batch;
  p.samples = samples;
  p.out = out;
  p.options = options;
  return p;
}

}  // namespace detail

inline std::int64_t sample_farthest_scratch(point_clouds const& clouds, std::int64_t samples) {
  if (!detail::check_sampled_clouds(clouds).ok() || clouds.batch == 0) { return 0; }
  if (!detail::orders_clouds(clouds, samples)) { return 0; }
  detail::farthest_params p{};
  return detail::cut_farthest(clouds, nullptr, p);
}

template <class>
status sample_farthest(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                       farthest_options const& options, scratch const& memory, cudaStream_t cuda_stream) {
  status s = detail::check_farthest(clouds, samples, out, options);
  if (s.ok()) {
    s = detail::check_scratch(memory, sample_farthest_scratch(clouds, samples), "sample_farthest_scratch");
  }
  if (!s.ok() || clouds.batch == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  detail::launch_chain chain(device, cuda_stream);
  detail::farthest_params p = detail::farthest_params_of(clouds, samples, out, options);
  std::int64_t const longest = detail::longest_sampled_cloud(clouds);
  if (!detail::orders_clouds(clouds, samples)) { return detail::sample_small(p, longest, chain); }
  detail::cut_farthest(clouds, memory.memory, p);
  s = detail::order_points_in_space(p, chain);
  return s.ok() ? detail::sample_in_order(p, chain) : s;
}

}  // namespace robocache
