// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <vector>

#include <robocache/device/locate.cuh>

#include "host/backward/stream.hpp"
#include "host/common/isa.hpp"
#include "host/common/parallel.hpp"
#include "host/common/timed/stream_rows.hpp"
#include "host/common/timed/walk.hpp"
#include "host/instantiate.hpp"

// Gradients of scale and shift are tree sums over target rows. The shape of the trees depends on the number of rows
// only, so that it does not matter which thread adds up which group.
namespace robocache::host::detail {
namespace {

/// Terms of a sum, and sums that are added up in the next level.
constexpr std::int64_t group = 64;

/// Channels that are added up together: what stays in the nearest cache.
constexpr std::int64_t most_channels = 1024;

/// The sums of groups of target rows: first those for scale, then those for shift, each `channels` wide.
struct group_sums {
  float* scale;  ///< of the first group; null: not wanted
  float* shift;
  std::int64_t stride;  ///< to the next group
};

/// Adds the terms of one target row.
/// @param record  the samples that the stream reads for it
/// @param result  its row of the results' gradients
void add_terms(stream_job const& values, blend_record const& record, blend_function widen, char const* result,
               std::int64_t result_bytes, float* scale, float* shift) {
  alignas(64) float gradient[most_channels];
  alignas(64) float value[most_channels];
  for (std::int64_t first = 0; first < values.channels; first += most_channels) {
    std::int64_t const width = std::min(most_channels, values.channels - first);
    convert_rows(widen, result + first * result_bytes, 0, 1, gradient, 0, width);
    if (shift != nullptr) {
#pragma omp simd
      for (std::int64_t c = 0; c < width; ++c) { shift[first + c] += gradient[c]; }
    }
    if (scale != nullptr) {
      blend_record const part = from_byte(record, first * values.value_bytes);
      values.blend(&part, 1, value, {width, 0, nullptr});
#pragma omp simd
      for (std::int64_t c = 0; c < width; ++c) { scale[first + c] += gradient[c] * value[c]; }
    }
  }
}

/// Adds up groups `[begin, end)` of target rows. The sums are +0 before; rows of the fill value add nothing.
template <class Stamp>
void add_groups(stream_backward<Stamp> const& job, stream_job const& values, group_sums const& sums, std::int64_t begin,
                std::int64_t end) {
  blend_function const widen = best_blend_function(job.results_type, dtype::float32, values.channels);
  auto const result_bytes = static_cast<std::int64_t>(size_of(job.results_type));
  std::int64_t const row_bytes = job.results_step.row * result_bytes;
  auto const add = [&](target_run const& run, device::trajectory<Stamp> const& from,
                       device::location const* locations) {
    char const* result = static_cast<char const*>(job.results) +
                         place_of(job.target, run, job.results_step.batch * result_bytes, row_bytes);
    for (std::int64_t i = 0; i < run.count; ++i, result += row_bytes) {
      blend_record const record = record_of(values, from, locations[i]);
      if (record.near == nullptr) { continue; }
      std::int64_t const place = (run.row + i) / group * sums.stride;
      add_terms(values, record, widen, result, result_bytes, sums.scale == nullptr ? nullptr : sums.scale + place,
                sums.shift == nullptr ? nullptr : sums.shift + place);
    }
  };
  locate_rows(job.source.when, job.target, rules_of(job.source), begin * group,
              std::min(end * group, job.target.total()), add);
}

/// Adds up groups of sums until one is left, in columns `[begin, end)` of `count` rows; it is in the first row.
void add_sums(float* sums, std::int64_t count, std::int64_t stride, std::int64_t begin, std::int64_t end) {
  while (count > 1) {
    std::int64_t const groups = (count + group - 1) / group;
    for (std::int64_t g = 0; g < groups; ++g) {
      float* const to = sums + g * stride;
      // A sum that began at +0 is never -0: adding it to +0 does not change it.
      float const* from = sums + g * group * stride;
      std::copy(from + begin, from + end, to + begin);
      for (std::int64_t i = g * group + 1; i < std::min(count, (g + 1) * group); ++i) {
        from += stride;
        for (std::int64_t c = begin; c < end; ++c) { to[c] += from[c]; }
      }
    }
    count = groups;
  }
}

}  // namespace

template <class Stamp>
void backward_scale(stream_backward<Stamp> const& job, float* scale, float* shift) {
  if (scale == nullptr && shift == nullptr) { return; }
  std::int64_t const channels = job.source.channels;
  std::int64_t const rows = job.target.batch == 0 ? 0 : job.target.total();
  std::int64_t const groups = rows / group + (rows % group != 0 ? 1 : 0);
  std::int64_t const width = channels * (scale != nullptr && shift != nullptr ? 2 : 1);
  // The values before scale and shift.
  stream<Stamp> plain = job.source;
  plain.scale = nullptr;
  plain.shift = nullptr;
  stream_job const values = job_of(plain, dtype::float32);

  // There is one row of sums even if there are no targets.
  std::vector<float> sums(static_cast<std::size_t>(std::max<std::int64_t>(groups, 1) * width), 0.0f);
  group_sums const parts{scale == nullptr ? nullptr : sums.data(),
                         shift == nullptr ? nullptr : sums.data() + (width - channels), width};
  auto const bytes = static_cast<std::int64_t>(2 * size_of(job.source.type) + size_of(job.results_type));
  for_each_piece(groups, group * channels * bytes,
                 [&](std::int64_t begin, std::int64_t end) { add_groups(job, values, parts, begin, end); });
  for_each_piece(width, groups * static_cast<std::int64_t>(sizeof(float)),
                 [&](std::int64_t begin, std::int64_t end) { add_sums(sums.data(), groups, width, begin, end); });
  if (scale != nullptr) { std::copy_n(parts.scale, channels, scale); }
  if (shift != nullptr) { std::copy_n(parts.shift, channels, shift); }
}

#define ROBOCACHE_INSTANTIATE(Stamp) template void backward_scale(stream_backward<Stamp> const&, float*, float*)
ROBOCACHE_FOR_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host::detail
