// SPDX-License-Identifier: Apache-2.0
// unproject, unproject_dense and crop_points.

#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include <cstddef>
#include <cstdint>

#include "clouds.hpp"
#include "common.hpp"
#include "layout.hpp"

namespace robocache_torch {
namespace {

rc::depth_dtype depth_type_of(at::ScalarType type) {
  switch (type) {
    case at::kUInt16: return rc::depth_dtype::uint16;
    case at::kFloat: return rc::depth_dtype::float32;
    case at::kHalf: return rc::depth_dtype::float16;
    default: C10_THROW_ERROR(TypeError, c10::str("depth: found ", type, ", want uint16, float32 or float16"));
  }
}

/// Images and rules as operators take them, contiguous; they keep the memory alive.
struct images_of {
  images_of(at::Tensor const& given, at::Tensor const& intrinsics, optional_tensor const& poses,
            optional_tensor const& boxes, double scale, std::int64_t kind, double near, double far)
      : depth(given.contiguous()) {
    view.type = depth_type_of(depth.scalar_type());
    view.values = data_of<void const>(depth);
    view.batch = depth.size(0);
    view.views = depth.size(1);
    view.height = depth.size(2);
    view.width = depth.size(3);
    view.intrinsics = data_of<float const>(intrinsics);
    view.poses = data_of<float>(poses);
    options.scale = static_cast<float>(scale);
    options.kind = static_cast<rc::depth_kind>(kind);
    options.near = static_cast<float>(real_of(near));
    options.far = static_cast<float>(real_of(far));
    options.boxes = boxes_of(boxes);
  }

  static rc::crop_box const* boxes_of(optional_tensor const& boxes) {
    static_assert(sizeof(rc::crop_box) == 6 * sizeof(float) && offsetof(rc::crop_box, high) == 3 * sizeof(float));
    return reinterpret_cast<rc::crop_box const*>(data_of<float>(boxes));
  }

  at::Tensor depth;
  rc::compiled::any_depth_images view;
  rc::unproject_options options;
};

using report = rc::unprojection_report;
static_assert(sizeof(report) == sizeof(std::int64_t) * lost_row.size());
static_assert(offsetof(report, no_depth) == sizeof(std::int64_t) * lost_row["no_depth"]);
static_assert(offsetof(report, cropped) == sizeof(std::int64_t) * lost_row["cropped"]);

tensors<4> unproject(at::Tensor const& depth, at::Tensor const& intrinsics, optional_tensor const& poses,
                     optional_tensor const& boxes, optional_tensor const& features, bool channels_first, double scale,
                     std::int64_t kind, double near, double far) {
  images_of const images(depth, intrinsics, poses, boxes, scale, kind, near, far);
  rc::compiled::any_image_features from;
  at::Tensor carried;
  if (features.has_value()) {
    carried = features->contiguous();
    from.values = data_of<void const>(carried);
    from.type = dtype_of(carried.scalar_type(), "features");
    from.channels = carried.size(channels_first ? 2 : 4);
    from.order = channels_first ? rc::channel_order::first : rc::channel_order::last;
  }
  // Rows behind the last point stay as they are made.
  results_of const make(depth);
  auto const points = make.filled(true, {images.view.total(), 3}, at::kFloat, 0);
  auto const moved = make.filled(features.has_value(), {images.view.total(), from.channels},
                                 features.has_value() ? carried.scalar_type() : at::kFloat, 0);
  auto const offsets = make.empty(true, {images.view.batch + 1}, at::kLong);
  auto const reports = make.empty(true, {images.view.batch, std::int64_t(lost_row.size())}, at::kLong);
  rc::compiled::any_unprojected_output out;
  out.points = data_of<float>(points);
  out.features = data_if<void>(from.channels > 0, moved);
  out.offsets = data_of<std::int64_t>(offsets);
  out.reports = data_of<report>(reports);
  run_on(depth.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(rc::compiled::unproject_scratch(where, images.view), depth.device());
    rc::compiled::unproject(where, images.view, from, images.options, out, memory.view(), cuda_stream);
  });
  return {points, moved, offsets, reports};
}

tensors<3> unproject_dense(at::Tensor const& depth, at::Tensor const& intrinsics, optional_tensor const& poses,
                           optional_tensor const& boxes, double scale, std::int64_t kind, double near, double far) {
  images_of const images(depth, intrinsics, poses, boxes, scale, kind, near, far);
  auto const& view = images.view;
  results_of const make(depth);
  auto const points = make.empty(true, {view.batch, view.views, view.height, view.width, 3}, at::kFloat);
  auto const valid = make.empty(true, {view.batch, view.views, view.height, view.width}, at::kBool);
  auto const reports = make.empty(true, {view.batch, std::int64_t(lost_row.size())}, at::kLong);
  rc::dense_unprojected_output const out{data_of<float>(points), static_cast<std::uint8_t*>(data_of<void>(valid)),
                                         data_of<report>(reports)};
  run_on(depth.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    rc::compiled::unproject_dense(where, view, images.options, out, cuda_stream);
  });
  return {points, valid, reports};
}

tensors<5> crop_points(at::Tensor const& points, optional_tensor const& features, optional_tensor const& lengths,
                       optional_tensor const& offsets, optional_tensor const& poses, optional_tensor const& boxes,
                       optional_tensor const& normals) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  rc::crop_options options;
  options.poses = data_of<float>(poses);
  options.boxes = images_of::boxes_of(boxes);
  features_of const directions(normals);
  if (normals.has_value()) {
    options.normals = {static_cast<float const*>(directions.view.values), 3, directions.view.batch_stride,
                       directions.view.point_stride};
  }
  auto const batch = clouds.view.batch;
  auto const room = clouds.view.total();
  results_of const make(points);
  auto const kept = make.filled(true, {room, 3}, at::kFloat, 0);
  auto const turned = make.filled(normals.has_value(), {room, 3}, at::kFloat, 0);
  auto const moved = make.filled(features.has_value(), {room, values.view.channels},
                                 features.has_value() ? features->scalar_type() : at::kFloat, 0);
  auto const begins = make.empty(true, {batch + 1}, at::kLong);
  auto const cropped = make.empty(true, {batch}, at::kLong);
  rc::compiled::any_cropped_output out;
  out.points = data_of<float>(kept);
  out.normals = data_if<float>(normals.has_value(), turned);
  out.features = data_if<void>(values.view.channels > 0, moved);
  out.offsets = data_of<std::int64_t>(begins);
  out.cropped = data_of<std::int64_t>(cropped);
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(rc::compiled::crop_points_scratch(where, clouds.view), points.device());
    rc::compiled::crop_points(where, clouds.view, values.view, options, out, memory.view(), cuda_stream);
  });
  return {kept, turned, moved, begins, cropped};
}

void add_depth(torch::Library& library) {
  library.impl("unproject", unproject);
  library.impl("unproject_dense", unproject_dense);
  library.impl("crop_points", crop_points);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  library.def(
      "unproject(Tensor depth, Tensor intrinsics, Tensor? poses, Tensor? boxes, Tensor? features, bool channels_first, "
      "float scale, int kind, float near, float far) -> (Tensor points, Tensor features, Tensor offsets, "
      "Tensor reports)");
  library.def(
      "unproject_dense(Tensor depth, Tensor intrinsics, Tensor? poses, Tensor? boxes, float scale, int kind, "
      "float near, float far) -> (Tensor points, Tensor valid, Tensor reports)");
  library.def(
      "crop_points(Tensor points, Tensor? features, Tensor? lengths, Tensor? offsets, Tensor? poses, Tensor? boxes, "
      "Tensor? normals) -> (Tensor points, Tensor normals, Tensor features, Tensor offsets, Tensor cropped)");
}

TORCH_LIBRARY_IMPL(robocache, CPU, library) { add_depth(library); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { add_depth(library); }
#endif

}  // namespace robocache_torch
