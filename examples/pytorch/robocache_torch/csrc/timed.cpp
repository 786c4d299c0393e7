// SPDX-License-Identifier: Apache-2.0
// resample and fuse, their backward passes, and inspect. timelines.hpp describes the arguments.

#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "common.hpp"
#include "streams.hpp"
#include "timelines.hpp"

namespace robocache_torch {
namespace {

/// For the gradient of a stream's values. Packed values may have more rows than their times; the library does not know
/// of these rows, which have no part in any result.
at::Tensor gradient_for(at::Tensor const& values, timed_arguments const& given, std::size_t stream) {
  auto result = at::empty(values.sizes(), values.options());
  auto const rows = given.size(stream, "rows");
  if (values.dim() == 2 && values.size(0) > rows) { result.narrow(0, rows, values.size(0) - rows).zero_(); }
  return result;
}

/// The arguments that resampling and fusing have in common, in the order of `timed_arguments`. By reference: a single
/// fill value is viewed where it is.
template <class... Others>
timed_arguments timed(optional_tensors const& sources, Others const&... others) {
  return {without_bits(sources), others...};
}

std::vector<values_view> views_of(at::TensorList values, c10::Device device) {
  std::vector<values_view> views;
  views.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    views.emplace_back(values[i], device, "streams[" + std::to_string(i) + "].");
  }
  return views;
}

/// "bool" is held as bytes.
rc::compiled::any_series series_of(values_view const& rows, rc::compiled::any_timeline const& when) {
  return {data_of<void const>(rows.tensor),
          dtype_of(rows.tensor.scalar_type(), "values"),
          when,
          rows.channels,
          rows.batch_stride,
          rows.row_stride,
          rows.place};
}

std::tuple<at::Tensor, at::Tensor> resample(at::Tensor const& values, optional_tensors const& sources,
                                            optional_tensor const& target_stamps, optional_tensor const& target_starts,
                                            optional_tensor const& target_index, optional_tensor const& target_as_of,
                                            c10::Device device, at::IntArrayRef kinds, at::ScalarType stamp,
                                            at::IntArrayRef sizes, at::IntArrayRef whole, at::ArrayRef<double> real,
                                            at::IntArrayRef rules, double fill, at::ScalarType type) {
  auto const given = timed(sources, target_stamps, target_starts, target_index, device, kinds, stamp, sizes, whole,
                           real, rules, fill, target_as_of);
  values_view const rows(values, device, "");
  auto result = empty(given.target_shape(), values.size(-1), device, type);
  auto valid = empty(given.target_shape(), -1, device, at::kBool);
  run_on(device, [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    given.visit([&](auto kind) {
      using Stamp = decltype(kind);
      given.warn_of_stamps<Stamp>(where, [](std::size_t) { return std::string("times"); });
      rc::compiled::any_output const out{data_of<void>(result), dtype_of(type, "dtype"), data_of<std::uint8_t>(valid)};
      rc::compiled::resample(where, series_of(rows, given.timeline<Stamp>(0)), given.timeline<Stamp>(1), out,
                             given.options<Stamp>(0), cuda_stream);
    });
  });
  return {result, valid};
}

std::tuple<at::Tensor, at::Tensor> resample_backward(
    at::Tensor const& gradient, at::Tensor const& values, optional_tensors const& sources,
    optional_tensor const& target_stamps, optional_tensor const& target_starts, optional_tensor const& target_index,
    optional_tensor const& target_as_of, c10::Device device, at::IntArrayRef kinds, at::ScalarType stamp,
    at::IntArrayRef sizes, at::IntArrayRef whole, at::ArrayRef<double> real, at::IntArrayRef rules, double fill,
    bool of_values, bool of_targets) {
  auto const given = timed(sources, target_stamps, target_starts, target_index, device, kinds, stamp, sizes, whole,
                           real, rules, fill, target_as_of);
  auto for_values = of_values ? gradient_for(values, given, 0) : at::empty({0}, values.options());
  auto for_targets =
      of_targets ? empty(given.target_shape(), -1, device, at::kFloat) : empty({0}, -1, device, at::kFloat);
  values_view const rows(values, device, "");
  rows_view const incoming(gradient);
  run_on(device, [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    given.visit([&](auto kind) {
      using Stamp = decltype(kind);
      rc::compiled::any_result_gradients const results{data_of<void const>(incoming.tensor),
                                                       dtype_of(gradient.scalar_type(), "dtype"), incoming.batch_stride,
                                                       incoming.row_stride};
      rc::compiled::any_source_gradients const out{data_if<void>(of_values, for_values),
                                                   data_if<float>(of_targets, for_targets)};
      rc::compiled::resample_backward(where, series_of(rows, given.timeline<Stamp>(0)), given.timeline<Stamp>(1),
                                      results, out, given.options<Stamp>(0), rc::target_order::any, cuda_stream);
    });
  });
  return {for_values, for_targets};
}

/// The streams of a fusion, which point to what `rows` and `affine` hold.
template <class Stamp>
struct streams_of {
  streams_of(std::vector<values_view> const& rows, at::TensorList affine, at::IntArrayRef scale_places,
             at::IntArrayRef shift_places, timed_arguments const& given) {
    auto const factors = [&](std::int64_t place) { return place < 0 ? nullptr : data_of<float const>(affine[place]); };
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto one = stream_of<Stamp>(rows[i], given, i);
      one.scale = factors(scale_places[i]);
      one.shift = factors(shift_places[i]);
      all.push_back(one);
    }
  }

  rc::compiled::any_streams view() const { return {all.data(), std::int64_t(all.size())}; }

  std::vector<rc::stream<Stamp>> all;
};

std::tuple<at::Tensor, at::Tensor, at::Tensor> fuse(
    at::TensorList values, at::TensorList affine, at::IntArrayRef scale_places, at::IntArrayRef shift_places,
    optional_tensors const& sources, optional_tensor const& target_stamps, optional_tensor const& target_starts,
    optional_tensor const& target_index, optional_tensor const& target_as_of, c10::Device device, at::IntArrayRef kinds,
    at::ScalarType stamp, at::IntArrayRef sizes, at::IntArrayRef whole, at::ArrayRef<double> real,
    at::IntArrayRef rules, at::ArrayRef<double> fills, at::ScalarType type) {
  auto const given = timed(sources, target_stamps, target_starts, target_index, device, kinds, stamp, sizes, whole,
                           real, rules, fills, target_as_of);
  auto const rows = views_of(values, device);
  std::int64_t channels = 0;
  for (at::Tensor const& one : values) { channels += one.size(-1); }
  auto result = empty(given.target_shape(), channels, device, type);
  auto valid = empty(given.target_shape(), std::int64_t(values.size()), device, at::kBool);
  auto all_valid = empty(given.target_shape(), -1, device, at::kBool);
  run_on(device, [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    given.visit([&](auto kind) {
      using Stamp = decltype(kind);
      given.warn_of_stamps<Stamp>(where, [](std::size_t i) { return "streams[" + std::to_string(i) + "].times"; });
      streams_of<Stamp> const streams(rows, affine, scale_places, shift_places, given);
      rc::compiled::any_fused_output const out{data_of<void>(result), dtype_of(type, "dtype"),
                                               data_of<std::uint8_t>(valid), data_of<std::uint8_t>(all_valid)};
      rc::compiled::fuse(where, streams.view(), given.timeline<Stamp>(values.size()), out, cuda_stream);
    });
  });
  return {result, valid, all_valid};
}

/// Gradients of values, one per stream; of scales and shifts, in the order of `affine`; of targets. Those not asked for
/// are empty.
std::tuple<std::vector<at::Tensor>, std::vector<at::Tensor>, at::Tensor> fuse_backward(
    at::Tensor const& gradient, at::TensorList values, at::TensorList affine, at::IntArrayRef scale_places,
    at::IntArrayRef shift_places, optional_tensors const& sources, optional_tensor const& target_stamps,
    optional_tensor const& target_starts, optional_tensor const& target_index, optional_tensor const& target_as_of,
    c10::Device device, at::IntArrayRef kinds, at::ScalarType stamp, at::IntArrayRef sizes, at::IntArrayRef whole,
    at::ArrayRef<double> real, at::IntArrayRef rules, at::ArrayRef<double> fills, at::IntArrayRef of_values,
    at::IntArrayRef of_affine, bool of_targets) {
  auto const given = timed(sources, target_stamps, target_starts, target_index, device, kinds, stamp, sizes, whole,
                           real, rules, fills, target_as_of);
  auto const nothing = [](at::Tensor const& like, at::ScalarType type) {
    return at::empty({0}, like.options().dtype(type));
  };
  std::vector<at::Tensor> for_values;
  std::vector<at::Tensor> for_affine(affine.size());
  std::vector<rc::stream_gradients> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const& one = values[i];
    for_values.push_back(of_values[i] != 0 ? gradient_for(one, given, i) : nothing(one, one.scalar_type()));
    out.push_back({data_if<void>(of_values[i] != 0, for_values[i])});
    auto const factor = [&](std::int64_t place) -> float* {
      if (place < 0) { return nullptr; }
      bool const wanted = of_affine[place] != 0;
      for_affine[place] = wanted ? empty({one.size(-1)}, -1, device, at::kFloat) : nothing(one, at::kFloat);
      return data_if<float>(wanted, for_affine[place]);
    };
    out[i].scale = factor(scale_places[i]);
    out[i].shift = factor(shift_places[i]);
  }
  for (std::size_t i = 0; i < affine.size(); ++i) {  // one that no stream has
    if (!for_affine[i].defined()) { for_affine[i] = nothing(affine[i], affine[i].scalar_type()); }
  }
  auto for_targets = of_targets ? empty(given.target_shape(), -1, device, at::kFloat) : nothing(gradient, at::kFloat);
  auto const rows = views_of(values, device);
  rows_view const incoming(gradient);
  run_on(device, [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    given.visit([&](auto kind) {
      using Stamp = decltype(kind);
      streams_of<Stamp> const streams(rows, affine, scale_places, shift_places, given);
      auto const target = given.timeline<Stamp>(values.size());
      rc::compiled::any_result_gradients const results{data_of<void const>(incoming.tensor),
                                                       dtype_of(gradient.scalar_type(), "dtype"), incoming.batch_stride,
                                                       incoming.row_stride};
      scratch_memory const memory(rc::compiled::fuse_backward_scratch(where, streams.view(), target, out.data()),
                                  device);
      rc::compiled::fuse_backward(where, streams.view(), target, results, out.data(),
                                  data_if<float>(of_targets, for_targets), rc::target_order::any, memory.view(),
                                  cuda_stream);
    });
  });
  return {for_values, for_affine, for_targets};
}

/// What a timeline holds: a `report_row` per trajectory. `place` is a tensor on the device of the times, since uniform
/// times may have no tensors.
at::Tensor inspect(at::Tensor const& place, optional_tensor const& stamps, optional_tensor const& starts,
                   optional_tensor const& index, at::IntArrayRef kinds, at::ScalarType stamp, at::IntArrayRef sizes,
                   at::IntArrayRef whole, at::ArrayRef<double> real, std::int64_t source_batch) {
  using report = rc::trajectory_report;
  constexpr std::size_t each = sizeof(std::int64_t);
  static_assert(sizeof(report) == each * report_row.size());
  static_assert(offsetof(report, unsorted) == each * report_row["unsorted"]);
  static_assert(offsetof(report, duplicated) == each * report_row["duplicated"]);
  static_assert(offsetof(report, non_finite) == each * report_row["non_finite"]);
  static_assert(offsetof(report, out_of_range) == each * report_row["out_of_range"]);
  timed_arguments const given{
      optional_tensors(), stamps, starts, index, place.device(), kinds, stamp, sizes, whole, real, {}, {}};
  auto result = at::empty({given.size(0, "batch"), std::int64_t(report_row.size())},
                          place.options().dtype(at::kLong).requires_grad(false));
  run_on(place.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    given.visit([&](auto kind) {
      rc::compiled::inspect(where, given.timeline<decltype(kind)>(0), source_batch, data_of<report>(result),
                            cuda_stream);
    });
  });
  return result;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  auto const define = [&](std::string const& schema) { library.def(schema.c_str()); };
  define("warn(str text) -> ()");
  std::string const numbers = "int[] kinds, ScalarType stamp, SymInt[] sizes, SymInt[] whole, float[] real, ";
  std::string const times =
      "Tensor?[] sources, Tensor? target_stamps, Tensor? target_starts, Tensor? target_index, Tensor? target_as_of, "
      "Device device, " +
      numbers;
  define("resample(Tensor values, " + times +
         "int[] rules, float fill, ScalarType dtype) -> (Tensor values, Tensor valid)");
  define("resample_backward(Tensor gradient, Tensor values, " + times +
         "int[] rules, float fill, bool of_values, bool of_targets) -> (Tensor values, Tensor targets)");
  define("fuse(Tensor[] values, Tensor[] affine, int[] scale_places, int[] shift_places, " + times +
         "int[] rules, float[] fills, ScalarType dtype) -> (Tensor values, Tensor valid, Tensor all_valid)");
  define("fuse_backward(Tensor gradient, Tensor[] values, Tensor[] affine, int[] scale_places, int[] shift_places, " +
         times +
         "int[] rules, float[] fills, int[] of_values, int[] of_affine, bool of_targets) -> "
         "(Tensor[] values, Tensor[] affine, Tensor targets)");
  define("inspect(Tensor place, Tensor? stamps, Tensor? starts, Tensor? index, " + numbers +
         "SymInt source_batch) -> Tensor");
}

namespace {
void add_timed(torch::Library& library) {
  library.impl("resample", resample);
  library.impl("resample_backward", resample_backward);
  library.impl("fuse", fuse);
  library.impl("fuse_backward", fuse_backward);
  library.impl("inspect", inspect);
}
}  // namespace

TORCH_LIBRARY_IMPL(robocache, CPU, library) { add_timed(library); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { add_timed(library); }
#endif

}  // namespace robocache_torch
