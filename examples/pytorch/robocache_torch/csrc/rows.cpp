// SPDX-License-Identifier: Apache-2.0
// summarize, whole and in parts, and clean. timelines.hpp describes the times of the latter.

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "common.hpp"
#include "layout.hpp"
#include "summaries.hpp"
#include "timelines.hpp"

namespace robocache_torch {
namespace {

/// One byte each, of bool or uint8; null where there are none.
std::uint8_t const* bytes_of(optional_tensor const& flags) {
  return flags.has_value() ? static_cast<std::uint8_t const*>(data_of<void const>(*flags)) : nullptr;
}

/// `[N, D]` as the library reads it, with a mask and offsets where there are some.
struct summarized_rows {
  summarized_rows(at::Tensor const& given, optional_tensor const& mask, optional_tensor const& offsets) : rows(given) {
    view.values = data_of<void const>(rows.tensor);
    view.type = dtype_of(given.scalar_type(), "rows");
    view.rows = given.size(0);
    view.channels = rows.channels;
    view.row_stride = rows.row_stride;
    view.mask = bytes_of(mask);
    view.offsets = data_of<std::int64_t>(offsets);
    view.groups = offsets.has_value() ? offsets->size(0) - 1 : 1;
  }

  rows_view rows;
  rc::compiled::any_value_rows view;
};

std::tuple<at::Tensor, at::Tensor> summarize(at::Tensor const& rows, optional_tensor const& mask,
                                             optional_tensor const& offsets, at::ArrayRef<double> fractions) {
  summarized_rows const from(rows, mask, offsets);
  owned_summary const to(from.view.groups, from.view.channels, fractions, rows.device());
  run_on(rows.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(rc::compiled::summarize_scratch(where, from.view), rows.device());
    rc::compiled::summarize(where, from.view, to.state(), memory.view(), cuda_stream);
  });
  return {to.summaries, to.values};
}

void add_to_summary(at::Tensor const& rows, optional_tensor const& mask, optional_tensor const& offsets,
                    at::Tensor const& summaries, at::Tensor const& ranks, at::Tensor const& counters,
                    at::Tensor const& values, at::ArrayRef<double> fractions, std::int64_t number) {
  summarized_rows const from(rows, mask, offsets);
  summary_tensors const to(summaries, ranks, counters, values, fractions);
  run_on(rows.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(rc::compiled::summarize_scratch(where, from.view), rows.device());
    rc::compiled::add_to_summary(where, from.view, to.view, static_cast<int>(number), memory.view(), cuda_stream);
  });
}

void end_summary_pass(at::Tensor const& summaries, at::Tensor const& ranks, at::Tensor const& counters,
                      at::Tensor const& values, at::ArrayRef<double> fractions, at::ScalarType type,
                      std::int64_t number) {
  summary_tensors const to(summaries, ranks, counters, values, fractions);
  run_on(summaries.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    rc::compiled::end_summary_pass(where, dtype_of(type, "dtype"), to.view, static_cast<int>(number), cuda_stream);
  });
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> clean(
    at::Tensor const& values, optional_tensor const& stamps, optional_tensor const& starts,
    optional_tensor const& index, at::IntArrayRef kinds, at::ScalarType stamp, at::IntArrayRef sizes,
    at::IntArrayRef whole, at::ArrayRef<double> real, optional_tensor const& mask, optional_tensor const& nan_channels,
    std::int64_t nan, std::int64_t backward, std::int64_t duplicates, at::IntArrayRef quaternions) {
  using report = rc::clean_report;
  constexpr std::size_t each = sizeof(std::int64_t);
  static_assert(sizeof(report) == each * dropped_row.size());
  static_assert(offsetof(report, non_finite) == each * dropped_row["non_finite"]);
  static_assert(offsetof(report, invalid) == each * dropped_row["invalid"]);
  static_assert(offsetof(report, backward) == each * dropped_row["backward"]);
  static_assert(offsetof(report, duplicated) == each * dropped_row["duplicated"]);
  timed_arguments const given{
      optional_tensors(), stamps, starts, index, values.device(), kinds, stamp, sizes, whole, real, {}, {}};
  rows_view const rows(values);
  rc::clean_options options;
  options.nan = static_cast<rc::nan_rule>(nan);
  options.nan_channels = bytes_of(nan_channels);
  options.mask = bytes_of(mask);
  options.backward = static_cast<rc::backward_rule>(backward);
  options.duplicates = static_cast<rc::duplicate_rule>(duplicates);
  options.quaternions = static_cast<std::int64_t>(quaternions.size());
  std::copy_n(quaternions.begin(), std::min<std::size_t>(quaternions.size(), rc::most_quaternions),
              options.quaternion_channels);
  std::int64_t const batch = given.size(0, "batch");
  std::int64_t const room = values.dim() == 2 ? given.size(0, "rows") : values.size(0) * values.size(1);
  // Rows behind the last one stay as they are made.
  auto const like = at::TensorOptions().device(values.device());
  auto const left = at::full({room, rows.channels}, 0, like.dtype(values.scalar_type()));
  auto const times = at::full({room}, 0, like.dtype(stamp));
  auto const offsets = at::empty({batch + 1}, like.dtype(at::kLong));
  auto const source_rows = at::full({room}, -1, like.dtype(at::kLong));
  auto const reports = at::empty({batch, std::int64_t(dropped_row.size())}, like.dtype(at::kLong));
  rc::compiled::any_clean_output const out{data_of<void>(left), data_of<void>(times), data_of<std::int64_t>(offsets),
                                           data_of<std::int64_t>(source_rows), data_of<report>(reports)};
  run_on(values.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    given.visit([&](auto kind) {
      rc::compiled::any_series const source{data_of<void const>(rows.tensor),
                                            dtype_of(values.scalar_type(), "values"),
                                            given.timeline<decltype(kind)>(0),
                                            rows.channels,
                                            rows.batch_stride,
                                            rows.row_stride};
      scratch_memory const memory(rc::compiled::clean_scratch(where, source, options), values.device());
      rc::compiled::clean(where, source, out, options, memory.view(), cuda_stream);
    });
  });
  return {left, times, offsets, source_rows, reports};
}

void add_rows(torch::Library& library) {
  library.impl("clean", clean);
  library.impl("summarize", summarize);
  library.impl("add_to_summary", add_to_summary);
  library.impl("end_summary_pass", end_summary_pass);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  library.def(
      "clean(Tensor values, Tensor? stamps, Tensor? starts, Tensor? index, int[] kinds, ScalarType stamp, "
      "SymInt[] sizes, SymInt[] whole, float[] real, Tensor? mask, Tensor? nan_channels, int nan, int backward, "
      "int duplicates, int[] quaternions) -> (Tensor values, Tensor stamps, Tensor offsets, Tensor source_rows, "
      "Tensor reports)");
  library.def(
      "summarize(Tensor rows, Tensor? mask, Tensor? offsets, float[] fractions) -> (Tensor summaries, "
      "Tensor quantiles)");
  library.def(
      "add_to_summary(Tensor rows, Tensor? mask, Tensor? offsets, Tensor(a!) summaries, Tensor ranks, "
      "Tensor(b!) counters, Tensor values, float[] fractions, int number) -> ()");
  library.def(
      "end_summary_pass(Tensor summaries, Tensor(a!) ranks, Tensor(b!) counters, Tensor(c!) values, "
      "float[] fractions, ScalarType dtype, int number) -> ()");
}

TORCH_LIBRARY_IMPL(robocache, CPU, library) { add_rows(library); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { add_rows(library); }
#endif

}  // namespace robocache_torch
