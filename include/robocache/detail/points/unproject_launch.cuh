// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/scratch_check.hpp>
#include <robocache/detail/points/packing.hpp>
#include <robocache/detail/points/unproject_check.hpp>
#include <robocache/detail/points/unproject_kernel.cuh>
#include <robocache/detail/points/unproject_params.hpp>
#include <robocache/detail/points/unproject_policy.cuh>
#include <robocache/unproject.cuh>

namespace robocache {
namespace detail {

/// Pixels of a tile.
inline constexpr std::int64_t unproject_tile = runs_of_tile * pixels_of_run;

template <class Depth>
std::int64_t unproject_tiles_each(depth_images<Depth> const& images) noexcept {
  return (images.height * images.width + unproject_tile - 1) / unproject_tile;
}

template <class Depth>
std::int64_t unproject_tiles(depth_images<Depth> const& images) noexcept {
  return images.batch * images.views * unproject_tiles_each(images);
}

/// @param images  not empty
template <class Depth>
unproject_params unproject_params_of(depth_images<Depth> const& images, unproject_options const& options) {
  unproject_params p{};
  p.depth = images.values;
  p.type = depth_dtype_of<Depth>;
  constexpr int four = 4 * sizeof(Depth);
  p.fours = common_alignment(address_of(images.values), images.height * images.width * int(sizeof(Depth))) >= four;
  p.batch = images.batch;
  p.views = static_cast<std::uint32_t>(images.views);
  p.width = static_cast<std::uint32_t>(images.width);
  p.pixels = static_cast<std::uint32_t>(images.height * images.width);
  p.tiles_each = static_cast<std::uint32_t>(unproject_tiles_each(images));
  p.tiles = static_cast<std::uint32_t>(unproject_tiles(images));
  p.by_width = divisor(p.width);
  p.by_tiles = divisor(p.tiles_each);
  p.by_views = divisor(p.views);
  p.intrinsics = images.intrinsics;
  p.poses = images.poses;
  p.options = options;
  p.options.far = std::min(options.far, std::numeric_limits<float>::max());
  return p;
}

/// The features of all images.
template <class Depth, class Value>
moved_rows moved_pixels(depth_images<Depth> const& images, image_features<Value> const& features, Value* out) {
  constexpr int bytes = sizeof(Value);
  std::int64_t const pixels = images.height * images.width;
  std::int64_t const channels = features.channels;
  if (features.order == channel_order::last || channels == 1) {
    return moved_rows_of(features.values, out, bytes, channels, channels, channels * pixels);
  }
  moved_rows p{};
  if (out == nullptr) { return p; }
  p.from = features.values;
  p.to = out;
  p.word_bytes = bytes;
  p.words = channels;
  p.word_step = pixels;
  p.row_step = 1;
  p.batch_step = channels * pixels;
  if (channels < 32) { p.by_words = divisor(static_cast<std::uint32_t>(channels)); }
  return p;
}

/// Cuts scratch.
/// @return bytes of its beginning that are to be zero
inline std::int64_t cut_unprojection(memory_cutter& cutter, std::int64_t tiles, unproject_params& p) {
  p.own = cut_packing(cutter, tiles);
  std::int64_t const cleared = cutter.bytes();
  p.kept = cutter.take<std::uint8_t>(tiles * std::int64_t{runs_of_tile});
  return cleared;
}

template <class Depth, class Value>
ROBOCACHE_HIDDEN status unproject(depth_images<Depth> const& images, image_features<Value> const& features,
                                  unproject_options const& options, unprojected_output<Value> const& out,
                                  scratch const& memory, cudaStream_t cuda_stream) {
  status s = check_unproject(images, features, options, out);
  if (s.ok()) { s = check_scratch(memory, robocache::unproject_scratch(images), "unproject_scratch"); }
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  launch_chain chain(device, cuda_stream);
  std::int64_t const tiles = unproject_tiles(images);
  fill_list zeros;
  zeros.add(out.reports, images.batch * std::int64_t(sizeof(unprojection_report)));
  if (tiles == 0) {
    zeros.add(out.offsets, (images.batch + 1) * std::int64_t(sizeof(std::int64_t)));
    return fill(zeros, chain);
  }
  memory_cutter cutter(memory.memory);
  unproject_params p = unproject_params_of(images, options);
  zeros.add(memory.memory, cut_unprojection(cutter, tiles, p));
  p.points = out.points;
  p.offsets = out.offsets;
  p.reports = out.reports;
  p.features = moved_pixels(images, features, out.features);
  dim3 const blocks(p.tiles);
  s = fill(zeros, chain);
  if (s.ok()) { s = chain.launch(unproject_count_kernel<unproject_count_threads>, p, blocks, unproject_count_threads); }
  return s.ok() ? chain.launch(unproject_pack_kernel<unproject_threads>, p, blocks, unproject_threads) : s;
}

template <class Depth>
ROBOCACHE_HIDDEN status unproject_dense(depth_images<Depth> const& images, unproject_options const& options,
                                        dense_unprojected_output const& out, cudaStream_t cuda_stream) {
  status s = check_unproject_dense(images, options, out);
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  launch_chain chain(device, cuda_stream);
  fill_list zeros;
  zeros.add(out.reports, images.batch * std::int64_t(sizeof(unprojection_report)));
  s = fill(zeros, chain);
  if (!s.ok() || images.total() == 0) { return s; }
  unproject_params p = unproject_params_of(images, options);
  p.points = out.points;
  p.valid = out.valid;
  p.reports = out.reports;
  return chain.launch(unproject_dense_kernel<unproject_threads>, p, dim3(p.tiles), unproject_threads);
}

}  // namespace detail

template <class Depth>
std::int64_t unproject_scratch(depth_images<Depth> const& images) {
  if constexpr (detail::is_depth<Depth>) {
    if (!detail::check_images(images).ok() || images.total() == 0) { return 0; }
    detail::memory_cutter cutter(nullptr);
    detail::unproject_params p{};
    detail::cut_unprojection(cutter, detail::unproject_tiles(images), p);
    return cutter.bytes();
  } else {
    static_assert(sizeof(detail::depth_type<Depth>) > 0);
    return 0;
  }
}

template <class Depth, class Value>
status unproject(depth_images<Depth> const& images, image_features<Value> const& features,
                 unproject_options const& options, unprojected_output<Value> const& out, scratch const& memory,
                 cudaStream_t cuda_stream) {
  if constexpr (detail::is_depth<Depth> && detail::is_value<Value>) {
    return detail::unproject(images, detail::plain(features), options, detail::plain(out), memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::depth_type<Depth>) > 0 && sizeof(detail::value_type<Value>) > 0);
    return {};
  }
}

template <class Depth, class Value>
status unproject(depth_images<Depth> const& images, unproject_options const& options,
                 unprojected_output<Value> const& out, scratch const& memory, cudaStream_t cuda_stream) {
  return unproject(images, image_features<Value>{}, options, out, memory, cuda_stream);
}

template <class Depth>
status unproject_dense(depth_images<Depth> const& images, unproject_options const& options,
                       dense_unprojected_output const& out, cudaStream_t cuda_stream) {
  if constexpr (detail::is_depth<Depth>) {
    return detail::unproject_dense(images, options, out, cuda_stream);
  } else {
    static_assert(sizeof(detail::depth_type<Depth>) > 0);
    return {};
  }
}

}  // namespace robocache
