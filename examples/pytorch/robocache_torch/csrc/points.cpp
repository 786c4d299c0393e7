// SPDX-License-Identifier: Apache-2.0
// voxelize, voxelize_sparse, voxelize_gathered and filter_voxels, forward and back.

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <string>
#include <tuple>
#include <vector>

#include "common.hpp"

namespace robocache_torch {
namespace {

using tensors = std::vector<at::Tensor>;

/// Clouds as operators take them: `[B, N, 3 or more]`, or packed `[rows, 3 or more]` with offsets.
struct clouds_of {
  clouds_of(at::Tensor const& points, optional_tensor const& lengths, optional_tensor const& offsets) : rows(points) {
    view.x = data_of<float const>(rows.tensor);
    view.y = view.x + 1;
    view.z = view.x + 2;
    view.point_stride = rows.row_stride;
    if (offsets.has_value()) {
      view.batch = offsets->size(0) - 1;
      view.rows = points.size(0);
      view.offsets = data_of<std::int64_t>(offsets);
    } else {
      view.batch = points.size(0);
      view.length = points.size(1);
      view.batch_stride = rows.batch_stride;
      view.lengths = data_of<std::int64_t>(lengths);
    }
  }

  /// One number a point.
  std::vector<std::int64_t> shape() const {
    if (view.packed()) { return {view.rows}; }
    return {view.batch, view.length};
  }

  rows_view rows;
  rc::point_clouds view;
};

struct features_of {
  explicit features_of(optional_tensor const& given) {
    if (!given.has_value()) { return; }
    rows_view const rows(*given);
    tensor = rows.tensor;
    view = {data_of<void const>(tensor), dtype_of(tensor.scalar_type(), "features"), rows.channels, rows.batch_stride,
            rows.row_stride};
  }

  at::Tensor tensor;
  rc::compiled::any_point_features view;
};

/// @param box  origin and size, x y z each
rc::grid grid_of(at::ArrayRef<double> box, at::IntArrayRef cells, optional_tensor const& origins) {
  rc::grid lattice;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    lattice.origin[axis] = static_cast<float>(box[axis]);
    lattice.size[axis] = static_cast<float>(box[3 + axis]);
    lattice.cells[axis] = cells[axis];
  }
  lattice.origins = data_of<float>(origins);
  return lattice;
}

/// Makes results: those that are wanted, in the shape asked for, else without elements.
class results_of {
 public:
  explicit results_of(at::Tensor const& like) : options_(like.options().requires_grad(false)) {}

  at::Tensor empty(bool wanted, std::vector<std::int64_t> const& shape, at::ScalarType type) const {
    return at::empty(wanted ? shape : std::vector<std::int64_t>{0}, options_.dtype(type));
  }
  /// Rows that no voxel has stay as they are made: 0, and of coordinates -1.
  at::Tensor filled(bool wanted, std::vector<std::int64_t> const& shape, at::ScalarType type, double number) const {
    return at::full(wanted ? shape : std::vector<std::int64_t>{0}, number, options_.dtype(type));
  }

 private:
  at::TensorOptions options_;
};

/// Of `wanted`: one bit a reduction, as in _clouds.py and _points.py.
enum : std::int64_t {
  want_sum = 1,
  want_mean = 2,
  want_max = 4,
  want_min = 8,
  want_count = 16,
  want_occupied = 32,
  want_bits = 64
};

/// What is written of features: nothing where they have no channels.
std::int64_t made_of(features_of const& features, std::int64_t wanted) {
  return features.view.channels > 0 ? wanted & (want_sum | want_mean | want_max | want_min) : 0;
}

tensors voxelize(at::Tensor const& points, optional_tensor const& features, optional_tensor const& lengths,
                 optional_tensor const& offsets, optional_tensor const& origins, at::ArrayRef<double> box,
                 at::IntArrayRef cells, std::int64_t wanted, bool channels_first, bool unordered,
                 at::ArrayRef<double> fills, at::ScalarType occupied_type, at::ScalarType type) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const lattice = grid_of(box, cells, origins);
  auto const batch = clouds.view.batch;
  results_of const make(points);
  std::vector<std::int64_t> const grid_shape = {batch, cells[2], cells[1], cells[0]};
  std::vector<std::int64_t> shape = grid_shape;
  shape.insert(channels_first ? shape.begin() + 1 : shape.end(), values.view.channels);
  tensors const results = {make.empty(wanted & want_sum, shape, type),
                           make.empty(wanted & want_mean, shape, type),
                           make.empty(wanted & want_max, shape, type),
                           make.empty(wanted & want_min, shape, type),
                           make.empty(wanted & want_count, grid_shape, at::kInt),
                           make.empty(wanted & want_occupied, grid_shape, occupied_type),
                           make.empty(wanted & want_bits, {batch, cells[2], cells[1], (cells[0] + 31) / 32}, at::kInt),
                           make.empty(true, {batch}, at::kInt)};

  rc::voxel_options options;
  options.channels = channels_first ? rc::channel_order::first : rc::channel_order::last;
  options.sums = unordered ? rc::summation::unordered : rc::summation::ordered;
  options.max_fill = fills[0];
  options.min_fill = fills[1];
  auto const of_features = made_of(values, wanted);
  rc::compiled::any_voxel_output out;
  out.type = dtype_of(type, "dtype");
  out.sum = data_if<void>(of_features & want_sum, results[0]);
  out.mean = data_if<void>(of_features & want_mean, results[1]);
  out.max = data_if<void>(of_features & want_max, results[2]);
  out.min = data_if<void>(of_features & want_min, results[3]);
  out.count = data_if<std::int32_t>(wanted & want_count, results[4]);
  out.occupied = data_if<void>(wanted & want_occupied, results[5]);
  out.occupied_type = dtype_of(occupied_type, "occupied_dtype");
  out.occupied_bits = data_if<std::uint32_t>(wanted & want_bits, results[6]);
  out.dropped = data_of<std::int32_t>(results[7]);
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(rc::compiled::voxelize_scratch(where, clouds.view, values.view, lattice, out, options),
                                points.device());
    rc::compiled::voxelize(where, clouds.view, values.view, lattice, out, options, memory.view(), cuda_stream);
  });
  return results;
}

/// Gradients of results, contiguous; absent ones are null.
struct incoming_gradients {
  incoming_gradients(optional_tensor const& sum, optional_tensor const& mean, optional_tensor const& max,
                     optional_tensor const& min) {
    view.sum = keep(sum);
    view.mean = keep(mean);
    view.max = keep(max);
    view.min = keep(min);
  }

  std::vector<at::Tensor> kept;
  rc::compiled::any_voxel_gradients view;

 private:
  void const* keep(optional_tensor const& given) {
    if (!given.has_value()) { return nullptr; }
    kept.push_back(given->contiguous());
    view.type = dtype_of(given->scalar_type(), "dtype");
    return data_of<void const>(kept.back());
  }
};

at::Tensor voxelize_backward(at::Tensor const& points, at::Tensor const& features, optional_tensor const& lengths,
                             optional_tensor const& offsets, optional_tensor const& origins, at::ArrayRef<double> box,
                             at::IntArrayRef cells, bool channels_first, optional_tensor const& sum,
                             optional_tensor const& mean, optional_tensor const& max, optional_tensor const& min) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const lattice = grid_of(box, cells, origins);
  incoming_gradients const incoming(sum, mean, max, min);
  auto result = at::empty(features.sizes(), features.options());
  if (values.view.channels == 0) { return result; }
  rc::compiled::any_feature_gradients const out{data_of<void>(result)};
  auto const order = channels_first ? rc::channel_order::first : rc::channel_order::last;
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(
        rc::compiled::voxelize_backward_scratch(where, clouds.view, values.view, lattice, incoming.view),
        points.device());
    rc::compiled::voxelize_backward(where, clouds.view, values.view, lattice, incoming.view, order, out, memory.view(),
                                    cuda_stream);
  });
  return result;
}

tensors voxelize_sparse(at::Tensor const& points, optional_tensor const& features, optional_tensor const& lengths,
                        optional_tensor const& offsets, optional_tensor const& origins, at::ArrayRef<double> box,
                        at::IntArrayRef cells, std::int64_t wanted, std::int64_t capacity, bool by_cell,
                        at::ScalarType type) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const lattice = grid_of(box, cells, origins);
  auto const batch = clouds.view.batch;
  auto const channels = values.view.channels;
  results_of const make(points);
  tensors const results = {make.filled(wanted & want_sum, {capacity, channels}, type, 0),
                           make.filled(wanted & want_mean, {capacity, channels}, type, 0),
                           make.filled(wanted & want_max, {capacity, channels}, type, 0),
                           make.filled(wanted & want_min, {capacity, channels}, type, 0),
                           make.filled(true, {capacity, 4}, at::kInt, -1),
                           make.filled(true, {capacity}, at::kInt, 0),
                           make.empty(true, {batch + 1}, at::kLong),
                           make.empty(true, clouds.shape(), at::kInt),
                           make.empty(true, {batch}, at::kInt),
                           make.empty(true, {batch}, at::kInt)};
  auto const of_features = made_of(values, wanted);
  rc::compiled::any_sparse_output out;
  out.type = dtype_of(type, "dtype");
  out.capacity = capacity;
  out.sum = data_if<void>(of_features & want_sum, results[0]);
  out.mean = data_if<void>(of_features & want_mean, results[1]);
  out.max = data_if<void>(of_features & want_max, results[2]);
  out.min = data_if<void>(of_features & want_min, results[3]);
  out.coordinates = data_of<std::int32_t>(results[4]);
  out.count = data_of<std::int32_t>(results[5]);
  out.voxel_offsets = data_of<std::int64_t>(results[6]);
  out.point_voxels = data_of<std::int32_t>(results[7]);
  out.dropped = data_of<std::int32_t>(results[8]);
  out.overflow = data_of<std::int32_t>(results[9]);
  rc::sparse_options const options{by_cell ? rc::voxel_order::cell : rc::voxel_order::first_point};
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(
        rc::compiled::voxelize_sparse_scratch(where, clouds.view, values.view, lattice, out, options), points.device());
    rc::compiled::voxelize_sparse(where, clouds.view, values.view, lattice, out, options, memory.view(), cuda_stream);
  });
  return results;
}

at::Tensor voxelize_sparse_backward(at::Tensor const& points, at::Tensor const& features,
                                    optional_tensor const& lengths, optional_tensor const& offsets,
                                    at::Tensor const& point_voxels, at::Tensor const& count, optional_tensor const& sum,
                                    optional_tensor const& mean, optional_tensor const& max,
                                    optional_tensor const& min) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  incoming_gradients const incoming(sum, mean, max, min);
  rc::sparse_voxels const voxels{count.size(0), data_of<std::int32_t const>(point_voxels),
                                 data_of<std::int32_t const>(count)};
  auto result = at::empty(features.sizes(), features.options());
  if (values.view.channels == 0) { return result; }
  rc::compiled::any_feature_gradients const out{data_of<void>(result)};
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(
        rc::compiled::voxelize_sparse_backward_scratch(where, clouds.view, values.view, voxels, incoming.view),
        points.device());
    rc::compiled::voxelize_sparse_backward(where, clouds.view, values.view, voxels, incoming.view, out, memory.view(),
                                           cuda_stream);
  });
  return result;
}

tensors voxelize_gathered(at::Tensor const& points, at::Tensor const& features, optional_tensor const& lengths,
                          optional_tensor const& offsets, optional_tensor const& origins, at::ArrayRef<double> box,
                          at::IntArrayRef cells, std::int64_t capacity, std::int64_t max_points,
                          std::int64_t max_voxels, at::ScalarType type) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const lattice = grid_of(box, cells, origins);
  auto const batch = clouds.view.batch;
  results_of const make(points);
  tensors const results = {make.filled(true, {capacity, max_points, values.view.channels}, type, 0),
                           make.filled(true, {capacity, 4}, at::kInt, -1),
                           make.filled(true, {capacity}, at::kInt, 0),
                           make.empty(true, {batch + 1}, at::kLong),
                           make.empty(true, clouds.shape(), at::kLong),
                           make.empty(true, {batch}, at::kInt),
                           make.empty(true, {batch}, at::kInt)};
  rc::compiled::any_gathered_output out;
  out.type = dtype_of(type, "dtype");
  out.capacity = capacity;
  out.max_points = max_points;
  out.values = data_if<void>(values.view.channels > 0, results[0]);
  out.coordinates = data_of<std::int32_t>(results[1]);
  out.count = data_of<std::int32_t>(results[2]);
  out.voxel_offsets = data_of<std::int64_t>(results[3]);
  out.point_slots = data_of<std::int64_t>(results[4]);
  out.dropped = data_of<std::int32_t>(results[5]);
  out.overflow = data_of<std::int32_t>(results[6]);
  rc::gather_options const options{max_voxels};
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(
        rc::compiled::voxelize_gathered_scratch(where, clouds.view, values.view, lattice, out, options),
        points.device());
    rc::compiled::voxelize_gathered(where, clouds.view, values.view, lattice, out, options, memory.view(), cuda_stream);
  });
  return results;
}

at::Tensor voxelize_gathered_backward(at::Tensor const& gradient, at::Tensor const& points,
                                      optional_tensor const& lengths, optional_tensor const& offsets,
                                      at::Tensor const& point_slots, at::ScalarType type) {
  clouds_of const clouds(points, lengths, offsets);
  auto const incoming = gradient.contiguous();
  auto const channels = gradient.size(2);
  auto shape = clouds.shape();
  shape.push_back(channels);
  auto result = at::empty(shape, points.options().dtype(type));
  if (channels == 0) { return result; }
  rc::compiled::any_feature_gradients const out{data_of<void>(result)};
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    rc::compiled::voxelize_gathered_backward(where, clouds.view, channels, data_of<std::int64_t const>(point_slots),
                                             data_of<void const>(incoming), dtype_of(incoming.scalar_type(), "dtype"),
                                             out, dtype_of(type, "features"), cuda_stream,
                                             incoming.size(0) * incoming.size(1));
  });
  return result;
}

tensors filter_voxels(at::Tensor const& points, optional_tensor const& features, optional_tensor const& lengths,
                      optional_tensor const& offsets, at::ArrayRef<double> box, std::int64_t capacity,
                      at::ScalarType type) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const batch = clouds.view.batch;
  results_of const make(points);
  tensors const results = {make.filled(true, {capacity, 3}, at::kFloat, 0),
                           make.filled(features.has_value(), {capacity, values.view.channels}, type, 0),
                           make.filled(true, {capacity}, at::kInt, 0),
                           make.empty(true, {batch + 1}, at::kLong),
                           make.empty(true, clouds.shape(), at::kInt),
                           make.empty(true, {batch}, at::kInt),
                           make.empty(true, {batch}, at::kInt)};
  rc::compiled::any_filtered_output out;
  out.type = dtype_of(type, "dtype");
  out.capacity = capacity;
  out.points = data_of<float>(results[0]);
  out.features = data_if<void>(values.view.channels > 0, results[1]);
  out.count = data_of<std::int32_t>(results[2]);
  out.voxel_offsets = data_of<std::int64_t>(results[3]);
  out.point_voxels = data_of<std::int32_t>(results[4]);
  out.dropped = data_of<std::int32_t>(results[5]);
  out.overflow = data_of<std::int32_t>(results[6]);
  rc::filter_options options;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    options.origin[axis] = static_cast<float>(box[axis]);
    options.size[axis] = static_cast<float>(box[axis + 3]);
  }
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(rc::compiled::filter_voxels_scratch(where, clouds.view, values.view, options, out),
                                points.device());
    rc::compiled::filter_voxels(where, clouds.view, values.view, options, out, memory.view(), cuda_stream);
  });
  return results;
}

void add_points(torch::Library& library) {
  library.impl("voxelize", voxelize);
  library.impl("voxelize_backward", voxelize_backward);
  library.impl("voxelize_sparse", voxelize_sparse);
  library.impl("voxelize_sparse_backward", voxelize_sparse_backward);
  library.impl("voxelize_gathered", voxelize_gathered);
  library.impl("voxelize_gathered_backward", voxelize_gathered_backward);
  library.impl("filter_voxels", filter_voxels);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  auto const define = [&](std::string const& schema) { library.def(schema.c_str()); };
  std::string const clouds = "Tensor? lengths, Tensor? offsets, ";
  std::string const lattice = "Tensor? origins, float[] box, SymInt[] cells, ";
  std::string const gradients = "Tensor? sum, Tensor? mean, Tensor? max, Tensor? min) -> Tensor";
  define("voxelize(Tensor points, Tensor? features, " + clouds + lattice +
         "int wanted, bool channels_first, bool unordered, float[] fills, ScalarType occupied_dtype, "
         "ScalarType dtype) -> Tensor[]");
  define("voxelize_backward(Tensor points, Tensor features, " + clouds + lattice + "bool channels_first, " + gradients);
  define("voxelize_sparse(Tensor points, Tensor? features, " + clouds + lattice +
         "int wanted, SymInt capacity, bool by_cell, ScalarType dtype) -> Tensor[]");
  define("voxelize_sparse_backward(Tensor points, Tensor features, " + clouds + "Tensor point_voxels, Tensor count, " +
         gradients);
  define("voxelize_gathered(Tensor points, Tensor features, " + clouds + lattice +
         "SymInt capacity, SymInt max_points, SymInt max_voxels, ScalarType dtype) -> Tensor[]");
  define("voxelize_gathered_backward(Tensor gradient, Tensor points, " + clouds +
         "Tensor point_slots, ScalarType dtype) -> Tensor");
  define("filter_voxels(Tensor points, Tensor? features, " + clouds +
         "float[] box, SymInt capacity, ScalarType dtype) -> Tensor[]");
}

TORCH_LIBRARY_IMPL(robocache, CPU, library) { add_points(library); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { add_points(library); }
#endif

}  // namespace robocache_torch
