// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/crop_points.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/scratch_check.hpp>
#include <robocache/detail/points/crop_points_check.hpp>
#include <robocache/detail/points/crop_points_kernel.cuh>
#include <robocache/detail/points/crop_points_params.hpp>
#include <robocache/detail/points/crop_points_policy.cuh>
#include <robocache/detail/points/packing.hpp>

namespace robocache {
namespace detail {

/// Rows of a block.
inline constexpr std::int64_t crop_tile = crop_threads * crop_rows_each;

struct crop_cut {
  packing_scratch packing;
  std::int64_t cleared_bytes;  ///< of its beginning
  std::uint32_t* kept;
  std::int64_t bytes;
};

/// @param memory  null: how much it would be
inline crop_cut cut_crop(std::int64_t rows, void* memory) {
  memory_cutter cutter(memory);
  crop_cut cut{};
  cut.packing = cut_packing(cutter, (rows + crop_tile - 1) / crop_tile);
  cut.cleared_bytes = cutter.bytes();
  cut.kept = cutter.take<std::uint32_t>((rows + 31) / 32);
  cut.bytes = cutter.bytes();
  return cut;
}

inline std::int64_t rows_to_crop(point_clouds const& clouds) { return clouds.batch == 0 ? 0 : clouds.total(); }

template <class Value>
ROBOCACHE_HIDDEN status crop_points(point_clouds const& clouds, point_features<Value> const& features,
                                    crop_options const& options, cropped_output<Value> const& out,
                                    scratch const& memory, cudaStream_t cuda_stream) {
  status s = check_crop_points(clouds, features, options, out);
  if (s.ok()) { s = check_scratch(memory, crop_points_scratch(clouds), "crop_points_scratch"); }
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  launch_chain chain(device, cuda_stream);
  std::int64_t const rows = rows_to_crop(clouds);
  fill_list zeros;
  if (rows == 0) {
    zeros.add(out.offsets, (clouds.batch + 1) * std::int64_t(sizeof(std::int64_t)));
    zeros.add(out.cropped, clouds.batch * std::int64_t(sizeof(std::int64_t)));
    return fill(zeros, chain);
  }
  crop_cut const cut = cut_crop(rows, memory.memory);
  strides const step = strides_of(clouds);
  crop_points_params p{};
  p.clouds = clouds;
  p.clouds.point_stride = step.row;
  p.clouds.batch_stride = step.batch;
  p.rows = rows;
  p.poses = options.poses;
  p.boxes = options.boxes;
  if (out.normals != nullptr) {
    strides const of_normals = strides_of(options.normals, clouds, 3);
    p.normals = options.normals.values;
    p.normal_stride = of_normals.row;
    p.normal_batch_stride = of_normals.batch;
  }
  p.points = out.points;
  p.out_normals = out.normals;
  p.offsets = out.offsets;
  p.cropped = out.cropped;
  strides const of_features = strides_of(features, clouds, features.channels);
  p.features = moved_rows_of(features.values, out.features, sizeof(Value), features.channels, of_features.row,
                             clouds.packed() ? 0 : of_features.batch);
  p.own = cut.packing;
  p.kept = cut.kept;
  zeros.add(memory.memory, cut.cleared_bytes);
  s = fill(zeros, chain);
  if (s.ok()) {
    dim3 const blocks(static_cast<unsigned>((rows + crop_tile - 1) / crop_tile));
    s = chain.launch(crop_points_kernel<crop_threads>, p, blocks, crop_threads);
  }
  if (!s.ok()) { return s; }
  constexpr std::int64_t clouds_each = crop_offset_threads / 32;
  dim3 const blocks(static_cast<unsigned>(clouds.batch / clouds_each + 1));
  return chain.launch(crop_offset_kernel<crop_offset_threads>, p, blocks, crop_offset_threads);
}

}  // namespace detail

inline std::int64_t crop_points_scratch(point_clouds const& clouds) {
  if (!detail::check_cropped_clouds(clouds).ok() || detail::rows_to_crop(clouds) == 0) { return 0; }
  return detail::cut_crop(detail::rows_to_crop(clouds), nullptr).bytes;
}

template <class Value>
status crop_points(point_clouds const& clouds, point_features<Value> const& features, crop_options const& options,
                   cropped_output<Value> const& out, scratch const& memory, cudaStream_t cuda_stream) {
  if constexpr (detail::is_value<Value>) {
    return detail::crop_points(clouds, detail::plain(features), options, detail::plain(out), memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::value_type<Value>) > 0);
    return {};
  }
}

template <class Value>
status crop_points(point_clouds const& clouds, crop_options const& options, cropped_output<Value> const& out,
                   scratch const& memory, cudaStream_t cuda_stream) {
  return crop_points(clouds, point_features<Value>{}, options, out, memory, cuda_stream);
}

}  // namespace robocache
