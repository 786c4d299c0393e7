// SPDX-License-Identifier: Apache-2.0
#include "host/backward/stream.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>

#include <robocache/detail/common/timed/streams.hpp>
#include <robocache/device/convert.cuh>
#include <robocache/device/gradient.cuh>

#include "host/backward/readers.hpp"
#include "host/common/isa.hpp"
#include "host/common/parallel.hpp"
#include "host/common/timed/stream_rows.hpp"
#include "host/common/timed/walk.hpp"
#include "host/instantiate.hpp"

namespace robocache::host::detail {
namespace {

/// Gradients of values without their types: addresses, strides in bytes, and functions that know the types.
template <class Stamp>
struct values_job {
  reader_rules<Stamp> rules;
  std::int64_t channels;
  float const* scale;

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

/// Channels that are added up together, and sums of as many rows as fit: they stay in the first-level cache.
constexpr std::int64_t most_channels = 1024;
constexpr std::int64_t most_sums = 8192;

/// Adds `weight * gradient` to a row of sums, product and sum each rounded.
void add_row(float weight, float const* gradient, float* sums, std::int64_t channels) {
#pragma omp simd
  for (std::int64_t c = 0; c < channels; ++c) { sums[c] = sums[c] + weight * gradient[c]; }
}

/// The gradients of rows `[rows.k, rows.k + rows.count)` of one source trajectory in channels `[first, first + width)`.
template <class Stamp>
void backward_tile(values_job<Stamp> const& job, target_run const& rows, std::int64_t first, std::int64_t width) {
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
  std::int64_t const begin = place_of(job.rules.source, rows, job.out_batch_bytes, job.out_row_bytes);
  constexpr auto float_bytes = static_cast<std::int64_t>(sizeof(float));
  for (std::int64_t row = 0; row < rows.count; row += rows_at_once) {
    std::int64_t const n = std::min(rows_at_once, rows.count - row);
    float* const some = sums + row * width;
    if (job.scale != nullptr) {
      for (std::int64_t i = 0; i < n; ++i) { scale_row(some + i * width, job.scale + first, nullptr, width); }
    }
    convert_rows(job.narrow, some, width * float_bytes, n,
                 job.out + begin + row * job.out_row_bytes + first * job.value_bytes, job.out_row_bytes, width);
  }
}

template <class Stamp>
void backward_rows(values_job<Stamp> const& job, std::int64_t begin, std::int64_t end) {
  std::int64_t const most_rows = std::max<std::int64_t>(1, most_sums / std::min(job.channels, most_channels));
  target_runs<Stamp> runs(job.rules.source, begin, end);
  for (std::int64_t row = begin; row < end;) {
    target_run const run = runs.next();
    row += run.count;
    for (std::int64_t done = 0; done < run.count; done += most_rows) {
      target_run const rows{run.row + done, run.b, run.k + done, std::min(most_rows, run.count - done), run.owned};
      for (std::int64_t first = 0; first < job.channels; first += most_channels) {
        backward_tile(job, rows, first, std::min(most_channels, job.channels - first));
      }
    }
  }
}

/// The sum for one target's gradient: 32 partial sums, channel `c` in sum `c mod 32`, which are then added in halves.
/// @param a, b   the samples of the line
/// @param scale  of each channel; may be null
using line_sum = float (*)(void const* gradient, void const* a, void const* b, float const* scale,
                           std::int64_t channels);

template <class Value, class Result>
float sum_along_line(void const* gradient, void const* a, void const* b, float const* scale, std::int64_t channels) {
  constexpr std::int64_t lanes = 32;
  float sums[lanes] = {};
  for (std::int64_t c = 0; c < channels; ++c) {
    float const term = device::line_term(device::to_float(static_cast<Result const*>(gradient)[c]),
                                         device::to_float(static_cast<Value const*>(a)[c]),
                                         device::to_float(static_cast<Value const*>(b)[c]));
    sums[c % lanes] += scale == nullptr ? term : term * scale[c];
  }
  for (std::int64_t half = lanes / 2; half > 0; half /= 2) {
    for (std::int64_t i = 0; i < half; ++i) { sums[i] += sums[i + half]; }
  }
  return sums[0];
}

template <class Value>
line_sum line_sum_to(dtype result) noexcept {
  switch (result) {
    case dtype::float16: return sum_along_line<Value, __half>;
    case dtype::bfloat16: return sum_along_line<Value, __nv_bfloat16>;
    default: return sum_along_line<Value, float>;
  }
}

line_sum line_sum_of(dtype value, dtype result) noexcept {
  switch (value) {
    case dtype::float16: return line_sum_to<__half>(result);
    case dtype::bfloat16: return line_sum_to<__nv_bfloat16>(result);
    default: return line_sum_to<float>(result);
  }
}

/// The gradients of target times `[begin, end)`.
/// @param put  called with the row and its gradient, rows ascending
template <class Stamp, class Put>
void backward_times_of(stream_backward<Stamp> const& job, std::int64_t begin, std::int64_t end, Put const& put) {
  auto const rules = rules_of(job.source);
  auto const step = robocache::detail::strides_of(job.source, job.source.when, job.source.channels);
  auto const value_bytes = static_cast<std::int64_t>(size_of(job.source.type));
  auto const result_bytes = static_cast<std::int64_t>(size_of(job.results_type));
  line_sum const sum = line_sum_of(job.source.type, job.results_type);
  target_runs<Stamp> runs(job.target, begin, end);
  for (std::int64_t row = begin; row < end;) {
    target_run const run = runs.next();
    if (!run.owned) {
      for (std::int64_t const last = row + run.count; row < last; ++row) { put(row, 0.0f); }
      continue;
    }
    auto const source = device::short_trajectory_of(job.source.when, device::source_of(job.target, run.b));
    auto const targets = device::trajectory_of(job.target, run.b);
    for (std::int64_t k = run.k; k < run.k + run.count; ++k, ++row) {
      auto const sought = rules.seek(device::target_stamp(job.target, run.b, k));
      auto const line = device::line_of(source, sought.at, rules.locate);
      float gradient = 0.0f;
      if (line.row >= 0) {
        char const* const a =
            static_cast<char const*>(job.source.values) + source.element(line.row, step.batch, step.row) * value_bytes;
        char const* const g = static_cast<char const*>(job.results) +
                              targets.element(k, job.results_step.batch, job.results_step.row) * result_bytes;
        gradient = sum(g, a, a + step.row * value_bytes, job.source.scale, job.source.channels) / line.width;
      }
      put(row, gradient);
    }
  }
}

}  // namespace

template <class Stamp>
void backward_values(stream_backward<Stamp> const& job, stream_gradients const& out) {
  stream<Stamp> const& source = job.source;
  if (source.when.total() == 0) { return; }
  auto const to = robocache::detail::strides_of(out, source.when, source.channels);
  values_job<Stamp> rows{};
  rows.rules.source = source.when;
  rows.rules.target = job.target;
  rows.rules.stream = rules_of(source);
  rows.rules.ascending = job.order == target_order::ascending || robocache::detail::asks_in_order(source, job.target);
  rows.channels = source.channels;
  rows.scale = source.scale;
  rows.results = static_cast<char const*>(job.results);
  rows.result_bytes = static_cast<std::int64_t>(size_of(job.results_type));
  rows.results_batch_bytes = job.results_step.batch * rows.result_bytes;
  rows.results_row_bytes = job.results_step.row * rows.result_bytes;
  rows.widen = best_blend_function(job.results_type, dtype::float32, source.channels);
  rows.out = static_cast<char*>(out.values);
  rows.value_bytes = static_cast<std::int64_t>(size_of(source.type));
  rows.out_batch_bytes = to.batch * rows.value_bytes;
  rows.out_row_bytes = to.row * rows.value_bytes;
  rows.narrow = best_blend_function(dtype::float32, source.type, source.channels);
  for_each_piece(source.when.total(), source.channels * (rows.value_bytes + rows.result_bytes),
                 [&](std::int64_t begin, std::int64_t end) { backward_rows(rows, begin, end); });
}

template <class Stamp>
void backward_times(stream_backward<Stamp> const& job, float* out, bool adds) {
  if (job.target.total() == 0) { return; }
  auto const bytes = static_cast<std::int64_t>(2 * size_of(job.source.type) + size_of(job.results_type));
  for_each_piece(job.target.total(), job.source.channels * bytes, [&](std::int64_t begin, std::int64_t end) {
    backward_times_of(job, begin, end,
                      [&](std::int64_t row, float gradient) { out[row] = adds ? out[row] + gradient : gradient; });
  });
}

#define ROBOCACHE_INSTANTIATE(Stamp)                                                     \
  template void backward_values(stream_backward<Stamp> const&, stream_gradients const&); \
  template void backward_times(stream_backward<Stamp> const&, float*, bool)
ROBOCACHE_FOR_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host::detail
