// SPDX-License-Identifier: Apache-2.0
// voxelize, voxelize_sparse, voxelize_gathered and filter_voxels, and their backward passes. clouds.hpp has the
// arguments that they share.

#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <string>
#include <vector>

#include "clouds.hpp"
#include "common.hpp"
#include "layout.hpp"

namespace robocache_torch {
namespace {

tensors<8> voxelize(at::Tensor const& points, optional_tensor const& features, optional_tensor const& lengths,
                    optional_tensor const& offsets, optional_tensor const& origins, at::ArrayRef<double> origin,
                    at::ArrayRef<double> size, at::IntArrayRef cells, std::int64_t reductions, bool count,
                    bool occupied, bool bits, bool channels_first, bool unordered, double max_fill, double min_fill,
                    at::ScalarType occupied_type, at::ScalarType type) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const lattice = grid_of(origin, size, cells, origins);
  auto const batch = clouds.view.batch;
  results_of const make(points);
  std::vector<std::int64_t> const grid_shape = {batch, cells[2], cells[1], cells[0]};
  std::vector<std::int64_t> shape = grid_shape;
  shape.insert(channels_first ? shape.begin() + 1 : shape.end(), values.view.channels);
  wanted_reductions const wanted{reductions};
  auto const sum = make.empty(wanted.result("sum"), shape, type);
  auto const mean = make.empty(wanted.result("mean"), shape, type);
  auto const max = make.empty(wanted.result("max"), shape, type);
  auto const min = make.empty(wanted.result("min"), shape, type);
  auto const counts = make.empty(count, grid_shape, at::kInt);
  auto const bytes = make.empty(occupied, grid_shape, occupied_type);
  auto const words = make.empty(bits, {batch, cells[2], cells[1], (cells[0] + 31) / 32}, at::kInt);
  auto const dropped = make.empty(true, {batch}, at::kInt);

  rc::voxel_options options;
  options.channels = channels_first ? rc::channel_order::first : rc::channel_order::last;
  options.sums = unordered ? rc::summation::unordered : rc::summation::ordered;
  options.max_fill = real_of(max_fill);
  options.min_fill = real_of(min_fill);
  rc::compiled::any_voxel_output out;
  out.type = dtype_of(type, "dtype");
  out.sum = data_if<void>(wanted.written("sum", values), sum);
  out.mean = data_if<void>(wanted.written("mean", values), mean);
  out.max = data_if<void>(wanted.written("max", values), max);
  out.min = data_if<void>(wanted.written("min", values), min);
  out.count = data_if<std::int32_t>(count, counts);
  out.occupied = data_if<void>(occupied, bytes);
  out.occupied_type = dtype_of(occupied_type, "occupied_dtype");
  out.occupied_bits = data_if<std::uint32_t>(bits, words);
  out.dropped = data_of<std::int32_t>(dropped);
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(rc::compiled::voxelize_scratch(where, clouds.view, values.view, lattice, out, options),
                                points.device());
    rc::compiled::voxelize(where, clouds.view, values.view, lattice, out, options, memory.view(), cuda_stream);
  });
  return {sum, mean, max, min, counts, bytes, words, dropped};
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
                             optional_tensor const& offsets, optional_tensor const& origins,
                             at::ArrayRef<double> origin, at::ArrayRef<double> size, at::IntArrayRef cells,
                             bool channels_first, optional_tensor const& sum, optional_tensor const& mean,
                             optional_tensor const& max, optional_tensor const& min) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const lattice = grid_of(origin, size, cells, origins);
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

tensors<10> voxelize_sparse(at::Tensor const& points, optional_tensor const& features, optional_tensor const& lengths,
                            optional_tensor const& offsets, optional_tensor const& origins, at::ArrayRef<double> origin,
                            at::ArrayRef<double> size, at::IntArrayRef cells, std::int64_t reductions,
                            std::int64_t capacity, std::int64_t order, at::ScalarType type) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const lattice = grid_of(origin, size, cells, origins);
  auto const batch = clouds.view.batch;
  auto const channels = values.view.channels;
  results_of const make(points);
  wanted_reductions const wanted{reductions};
  auto const sum = make.filled(wanted.result("sum"), {capacity, channels}, type, 0);
  auto const mean = make.filled(wanted.result("mean"), {capacity, channels}, type, 0);
  auto const max = make.filled(wanted.result("max"), {capacity, channels}, type, 0);
  auto const min = make.filled(wanted.result("min"), {capacity, channels}, type, 0);
  auto const coordinates = make.filled(true, {capacity, 4}, at::kInt, -1);
  auto const count = make.filled(true, {capacity}, at::kInt, 0);
  auto const voxel_offsets = make.empty(true, {batch + 1}, at::kLong);
  auto const point_voxels = make.empty(true, clouds.shape(), at::kInt);
  auto const dropped = make.empty(true, {batch}, at::kInt);
  auto const overflow = make.empty(true, {batch}, at::kInt);
  rc::compiled::any_sparse_output out;
  out.type = dtype_of(type, "dtype");
  out.capacity = capacity;
  out.sum = data_if<void>(wanted.written("sum", values), sum);
  out.mean = data_if<void>(wanted.written("mean", values), mean);
  out.max = data_if<void>(wanted.written("max", values), max);
  out.min = data_if<void>(wanted.written("min", values), min);
  out.coordinates = data_of<std::int32_t>(coordinates);
  out.count = data_of<std::int32_t>(count);
  out.voxel_offsets = data_of<std::int64_t>(voxel_offsets);
  out.point_voxels = data_of<std::int32_t>(point_voxels);
  out.dropped = data_of<std::int32_t>(dropped);
  out.overflow = data_of<std::int32_t>(overflow);
  rc::sparse_options const options{static_cast<rc::voxel_order>(order)};
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(
        rc::compiled::voxelize_sparse_scratch(where, clouds.view, values.view, lattice, out, options), points.device());
    rc::compiled::voxelize_sparse(where, clouds.view, values.view, lattice, out, options, memory.view(), cuda_stream);
  });
  return {sum, mean, max, min, coordinates, count, voxel_offsets, point_voxels, dropped, overflow};
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

tensors<7> voxelize_gathered(at::Tensor const& points, at::Tensor const& features, optional_tensor const& lengths,
                             optional_tensor const& offsets, optional_tensor const& origins,
                             at::ArrayRef<double> origin, at::ArrayRef<double> size, at::IntArrayRef cells,
                             std::int64_t capacity, std::int64_t max_points, std::int64_t max_voxels,
                             at::ScalarType type) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const lattice = grid_of(origin, size, cells, origins);
  auto const batch = clouds.view.batch;
  results_of const make(points);
  auto const kept = make.filled(true, {capacity, max_points, values.view.channels}, type, 0);
  auto const coordinates = make.filled(true, {capacity, 4}, at::kInt, -1);
  auto const count = make.filled(true, {capacity}, at::kInt, 0);
  auto const voxel_offsets = make.empty(true, {batch + 1}, at::kLong);
  auto const point_slots = make.empty(true, clouds.shape(), at::kLong);
  auto const dropped = make.empty(true, {batch}, at::kInt);
  auto const overflow = make.empty(true, {batch}, at::kInt);
  rc::compiled::any_gathered_output out;
  out.type = dtype_of(type, "dtype");
  out.capacity = capacity;
  out.max_points = max_points;
  out.values = data_if<void>(values.view.channels > 0, kept);
  out.coordinates = data_of<std::int32_t>(coordinates);
  out.count = data_of<std::int32_t>(count);
  out.voxel_offsets = data_of<std::int64_t>(voxel_offsets);
  out.point_slots = data_of<std::int64_t>(point_slots);
  out.dropped = data_of<std::int32_t>(dropped);
  out.overflow = data_of<std::int32_t>(overflow);
  rc::gather_options const options{max_voxels};
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(
        rc::compiled::voxelize_gathered_scratch(where, clouds.view, values.view, lattice, out, options),
        points.device());
    rc::compiled::voxelize_gathered(where, clouds.view, values.view, lattice, out, options, memory.view(), cuda_stream);
  });
  return {kept, coordinates, count, voxel_offsets, point_slots, dropped, overflow};
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

tensors<7> filter_voxels(at::Tensor const& points, optional_tensor const& features, optional_tensor const& lengths,
                         optional_tensor const& offsets, at::ArrayRef<double> origin, at::ArrayRef<double> size,
                         std::int64_t capacity, at::ScalarType type) {
  clouds_of const clouds(points, lengths, offsets);
  features_of const values(features);
  auto const batch = clouds.view.batch;
  results_of const make(points);
  auto const means = make.filled(true, {capacity, 3}, at::kFloat, 0);
  auto const feature_means = make.filled(features.has_value(), {capacity, values.view.channels}, type, 0);
  auto const count = make.filled(true, {capacity}, at::kInt, 0);
  auto const voxel_offsets = make.empty(true, {batch + 1}, at::kLong);
  auto const point_voxels = make.empty(true, clouds.shape(), at::kInt);
  auto const dropped = make.empty(true, {batch}, at::kInt);
  auto const overflow = make.empty(true, {batch}, at::kInt);
  rc::compiled::any_filtered_output out;
  out.type = dtype_of(type, "dtype");
  out.capacity = capacity;
  out.points = data_of<float>(means);
  out.features = data_if<void>(values.view.channels > 0, feature_means);
  out.count = data_of<std::int32_t>(count);
  out.voxel_offsets = data_of<std::int64_t>(voxel_offsets);
  out.point_voxels = data_of<std::int32_t>(point_voxels);
  out.dropped = data_of<std::int32_t>(dropped);
  out.overflow = data_of<std::int32_t>(overflow);
  rc::filter_options options;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    options.origin[axis] = static_cast<float>(origin[axis]);
    options.size[axis] = static_cast<float>(size[axis]);
  }
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(rc::compiled::filter_voxels_scratch(where, clouds.view, values.view, options, out),
                                points.device());
    rc::compiled::filter_voxels(where, clouds.view, values.view, options, out, memory.view(), cuda_stream);
  });
  return {means, feature_means, count, voxel_offsets, point_voxels, dropped, overflow};
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
  std::string const lattice = "Tensor? origins, float[] origin, float[] size, SymInt[] cells, ";
  std::string const reduced = "(Tensor sum, Tensor mean, Tensor max, Tensor min, ";
  std::string const gradients = "Tensor? sum, Tensor? mean, Tensor? max, Tensor? min) -> Tensor";
  std::string const ending = "Tensor dropped, Tensor overflow)";
  define("voxelize(Tensor points, Tensor? features, " + clouds + lattice +
         "int reductions, bool count, bool occupied, bool bits, bool channels_first, bool unordered, float max_fill, "
         "float min_fill, ScalarType occupied_dtype, ScalarType dtype) -> " +
         reduced + "Tensor count, Tensor occupied, Tensor bits, Tensor dropped)");
  define("voxelize_backward(Tensor points, Tensor features, " + clouds + lattice + "bool channels_first, " + gradients);
  define("voxelize_sparse(Tensor points, Tensor? features, " + clouds + lattice +
         "int reductions, SymInt capacity, int order, ScalarType dtype) -> " + reduced +
         "Tensor coordinates, Tensor count, Tensor voxel_offsets, Tensor point_voxels, " + ending);
  define("voxelize_sparse_backward(Tensor points, Tensor features, " + clouds + "Tensor point_voxels, Tensor count, " +
         gradients);
  define("voxelize_gathered(Tensor points, Tensor features, " + clouds + lattice +
         "SymInt capacity, SymInt max_points, SymInt max_voxels, ScalarType dtype) -> (Tensor values, "
         "Tensor coordinates, Tensor count, Tensor voxel_offsets, Tensor point_slots, " +
         ending);
  define("voxelize_gathered_backward(Tensor gradient, Tensor points, " + clouds +
         "Tensor point_slots, ScalarType dtype) -> Tensor");
  define("filter_voxels(Tensor points, Tensor? features, " + clouds +
         "float[] origin, float[] size, SymInt capacity, ScalarType dtype) -> (Tensor points, Tensor features, "
         "Tensor count, Tensor voxel_offsets, Tensor point_voxels, " +
         ending);
}

TORCH_LIBRARY_IMPL(robocache, CPU, library) { add_points(library); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { add_points(library); }
#endif

}  // namespace robocache_torch
