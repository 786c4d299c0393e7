// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/backward_check.hpp>
#include <robocache/device/convert.cuh>
#include <robocache/device/gradient.cuh>
#include <robocache/dtype.hpp>
#include <robocache/host.hpp>

#include "isa.hpp"
#include "parallel.hpp"
#include "readers.hpp"
#include "walk.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// One call without its value and result types: addresses, strides in bytes, and functions that know the types.
template <class Stamp>
struct backward_job {
  reader_rules<Stamp> rules;
  std::int64_t channels;

  char const* results;
  std::int64_t results_batch_bytes;
  std::int64_t results_row_bytes;
  std::int64_t result_bytes;  ///< of one number
  blend_function widen;       ///< from the results' type to float

  char* out;
  std::int64_t out_batch_bytes;
  std::int64_t out_row_bytes;
  std::int64_t value_bytes;
  blend_function narrow;  ///< from float to the values' type
};

/// Channels that are added up together, and the sums of as many rows as fit: what stays in the nearest cache.
constexpr std::int64_t most_channels = 1024;
constexpr std::int64_t most_sums = 8192;

/// `count` rows of `channels` numbers, converted; `count` is at most 64.
void convert_rows(blend_function convert, char const* from, std::int64_t from_row_bytes, std::int64_t count, void* to,
                  std::int64_t to_row_bytes, std::int64_t channels) {
  blend_record records[rows_at_once];
  for (std::int64_t i = 0; i < count; ++i) { records[i] = {from + i * from_row_bytes, nullptr, 0.0f}; }
  convert(records, count, to, {channels, to_row_bytes, nullptr});
}

/// Adds `weight * gradient` to a row of sums, product and sum rounded each.
void add_row(float weight, float const* gradient, float* sums, std::int64_t channels) {
#pragma omp simd
  for (std::int64_t c = 0; c < channels; ++c) { sums[c] = sums[c] + weight * gradient[c]; }
}

/// The gradients of rows `[rows.k, rows.k + rows.count)` of one source trajectory in channels `[first, first + width)`.
template <class Stamp>
void backward_tile(backward_job<Stamp> const& job, target_run const& rows, std::int64_t first, std::int64_t width) {
  alignas(64) float sums[most_sums];
  alignas(64) float gradient[most_channels];
  std::fill_n(sums, rows.count * width, 0.0f);
  auto const add = [&](device::trajectory<Stamp> const& targets, std::int64_t k, device::location const& where) {
    char const* const from =
        job.results + targets.element(k, job.results_batch_bytes, job.results_row_bytes) + first * job.result_bytes;
    convert_rows(job.widen, from, 0, 1, gradient, 0, width);
    std::int64_t const slot = where.row - rows.k;
    if (slot >= 0) { add_row(where.blends ? 1.0f - where.weight : 1.0f, gradient, sums + slot * width, width); }
    if (where.blends && slot + 1 < rows.count) { add_row(where.weight, gradient, sums + (slot + 1) * width, width); }
  };
  if (rows.owned) { for_each_reader(job.rules, rows.b, rows.k, rows.k + rows.count, add); }
  bool const packed = job.rules.source.packed();
  std::int64_t const begin =
      packed ? rows.row * job.out_row_bytes : rows.b * job.out_batch_bytes + rows.k * job.out_row_bytes;
  constexpr auto float_bytes = static_cast<std::int64_t>(sizeof(float));
  for (std::int64_t row = 0; row < rows.count; row += rows_at_once) {
    convert_rows(job.narrow, reinterpret_cast<char const*>(sums + row * width), width * float_bytes,
                 std::min(rows_at_once, rows.count - row),
                 job.out + begin + row * job.out_row_bytes + first * job.value_bytes, job.out_row_bytes, width);
  }
}

template <class Stamp>
void backward_rows(backward_job<Stamp> const& job, std::int64_t begin, std::int64_t end) {
  std::int64_t const most_rows = std::max<std::int64_t>(1, most_sums / std::min(job.channels, most_channels));
  target_runs<Stamp> runs(job.rules.source, begin);
  for (std::int64_t row = begin; row < end;) {
    target_run const run = runs.next(end);
    row += run.count;
    for (std::int64_t done = 0; done < run.count; done += most_rows) {
      target_run const rows{run.row + done, run.b, run.k + done, std::min(most_rows, run.count - done), run.owned};
      for (std::int64_t first = 0; first < job.channels; first += most_channels) {
        backward_tile(job, rows, first, std::min(most_channels, job.channels - first));
      }
    }
  }
}

/// What the gradient of one target time is a sum of, and where it is.
template <class Value, class Result>
struct line_job {
  Value const* values;
  robocache::detail::strides values_step;
  Result const* results;
  robocache::detail::strides results_step;
  std::int64_t channels;
  float* out;
};

/// 32 partial sums, channel `c` in sum `c mod 32`, then halves are added.
template <class Value, class Result>
float sum_along_line(Result const* gradient, Value const* a, Value const* b, std::int64_t channels) {
  constexpr std::int64_t lanes = 32;
  float sums[lanes] = {};
  for (std::int64_t c = 0; c < channels; ++c) {
    sums[c % lanes] += device::line_term(device::to_float(gradient[c]), device::to_float(a[c]), device::to_float(b[c]));
  }
  for (std::int64_t half = lanes / 2; half > 0; half /= 2) {
    for (std::int64_t i = 0; i < half; ++i) { sums[i] += sums[i + half]; }
  }
  return sums[0];
}

template <class Stamp, class Value, class Result>
void backward_times(reader_rules<Stamp> const& rules, line_job<Value, Result> const& job, std::int64_t begin,
                    std::int64_t end) {
  target_runs<Stamp> runs(rules.target, begin);
  for (std::int64_t row = begin; row < end;) {
    target_run const run = runs.next(end);
    if (!run.owned) {
      std::fill_n(job.out + row, run.count, 0.0f);
      row += run.count;
      continue;
    }
    auto const source = device::short_trajectory_of(rules.source, device::source_of(rules.target, run.b));
    auto const targets = device::trajectory_of(rules.target, run.b);
    for (std::int64_t k = run.k; k < run.k + run.count; ++k, ++row) {
      auto const line = device::line_of(source, device::target_stamp(rules.target, run.b, k), rules.stream.locate);
      float gradient = 0.0f;
      if (line.row >= 0) {
        Value const* const a = job.values + source.element(line.row, job.values_step.batch, job.values_step.row);
        Result const* const g = job.results + targets.element(k, job.results_step.batch, job.results_step.row);
        gradient = sum_along_line(g, a, a + job.values_step.row, job.channels) / line.width;
      }
      job.out[row] = gradient;
    }
  }
}

}  // namespace
}  // namespace detail

template <class Value, class Stamp, class Result>
status resample_backward(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                         result_gradients<Result> const& results, source_gradients<Value> const& out,
                         resample_options<Stamp> const& options, target_order order) {
  status const checked = robocache::detail::check_backward(source, target, results, out, options, order);
  if (!checked.ok()) { return checked; }
  constexpr auto value_bytes = static_cast<std::int64_t>(sizeof(Value));
  constexpr auto result_bytes = static_cast<std::int64_t>(sizeof(Result));
  auto const from = robocache::detail::strides_of(results, target, source.channels);
  bool const ascending = order == target_order::ascending || target.kind == timeline_kind::uniform;
  detail::reader_rules<Stamp> const rules{source.when, target, {device::rules_of(options)}, ascending};

  if (out.values != nullptr && source.when.batch > 0 && source.when.total() > 0) {
    auto const to = robocache::detail::strides_of(out, source.when, source.channels);
    detail::backward_job<Stamp> job{};
    job.rules = rules;
    job.channels = source.channels;
    job.results = reinterpret_cast<char const*>(results.values);
    job.results_batch_bytes = from.batch * result_bytes;
    job.results_row_bytes = from.row * result_bytes;
    job.result_bytes = result_bytes;
    job.widen = detail::best_blend_function(dtype_of<Result>::value, dtype::float32, source.channels);
    job.out = reinterpret_cast<char*>(out.values);
    job.out_batch_bytes = to.batch * value_bytes;
    job.out_row_bytes = to.row * value_bytes;
    job.value_bytes = value_bytes;
    job.narrow = detail::best_blend_function(dtype::float32, dtype_of<Value>::value, source.channels);
    detail::for_each_piece(source.when.total(), source.channels * (value_bytes + result_bytes),
                           [&](std::int64_t begin, std::int64_t end) { detail::backward_rows(job, begin, end); });
  }
  if (out.targets != nullptr && target.batch > 0 && target.total() > 0) {
    auto const values = robocache::detail::strides_of(source, source.when, source.channels);
    detail::line_job<Value, Result> const job{source.values, values,          results.values,
                                              from,          source.channels, out.targets};
    detail::for_each_piece(
        target.total(), source.channels * (2 * value_bytes + result_bytes),
        [&](std::int64_t begin, std::int64_t end) { detail::backward_times(rules, job, begin, end); });
  }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result, Stamp)                                                  \
  template status resample_backward(series<Value, Stamp> const&, timeline<Stamp> const&,             \
                                    result_gradients<Result> const&, source_gradients<Value> const&, \
                                    resample_options<Stamp> const&, target_order)
#define ROBOCACHE_INSTANTIATE_STAMPS(Value, Result) \
  ROBOCACHE_INSTANTIATE(Value, Result, float);      \
  ROBOCACHE_INSTANTIATE(Value, Result, double);     \
  ROBOCACHE_INSTANTIATE(Value, Result, std::int64_t)

ROBOCACHE_INSTANTIATE_STAMPS(float, float);
ROBOCACHE_INSTANTIATE_STAMPS(float, __half);
ROBOCACHE_INSTANTIATE_STAMPS(float, __nv_bfloat16);
ROBOCACHE_INSTANTIATE_STAMPS(__half, float);
ROBOCACHE_INSTANTIATE_STAMPS(__half, __half);
ROBOCACHE_INSTANTIATE_STAMPS(__half, __nv_bfloat16);
ROBOCACHE_INSTANTIATE_STAMPS(__nv_bfloat16, float);
ROBOCACHE_INSTANTIATE_STAMPS(__nv_bfloat16, __half);
ROBOCACHE_INSTANTIATE_STAMPS(__nv_bfloat16, __nv_bfloat16);

#undef ROBOCACHE_INSTANTIATE_STAMPS
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
