// SPDX-License-Identifier: Apache-2.0
#include "host/common/timed/stream_rows.hpp"

#include <algorithm>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/device/curve.cuh>

#include "host/common/isa.hpp"
#include "host/instantiate.hpp"

namespace robocache::host::detail {
namespace {

/// Floats that are scaled at a time: they stay in the first-level cache.
constexpr std::int64_t most_floats = 4096;
constexpr std::int64_t most_channels = 1024;

/// Blending for integers, which are moved or filled and never weighted.
template <class Value>
void move_rows(blend_record const* records, std::int64_t count, void* out, blend_rule const& rule) {
  for (std::int64_t r = 0; r < count; ++r) {
    auto* const row = reinterpret_cast<Value*>(static_cast<char*>(out) + r * rule.out_row_bytes);
    if (records[r].near != nullptr) {
      std::copy_n(static_cast<Value const*>(records[r].near), rule.channels, row);
    } else {
      std::fill_n(row, rule.channels, *static_cast<Value const*>(rule.fill));
    }
  }
}

blend_function blend_for(dtype value, dtype result, std::int64_t channels) {
  switch (value) {
    case dtype::uint8: return move_rows<std::uint8_t>;
    case dtype::int32: return move_rows<std::int32_t>;
    case dtype::int64: return move_rows<std::int64_t>;
    default: return best_blend_function(value, result, channels);
  }
}

method_record from_byte(method_record record, std::int64_t bytes) {
  if (record.first != nullptr) { record.first = static_cast<char const*>(record.first) + bytes; }
  return record;
}

bool is_filled(blend_record const& record) { return record.near == nullptr; }
bool is_filled(method_record const& record) { return record.first == nullptr; }

/// Computes rows as floats, scales and shifts them, and then rounds. Rows of the fill value are not scaled.
template <class Record, class Blend>
void blend_scaled(stream_job const& job, Record const* records, std::int64_t count, char* out, Blend const& blend) {
  alignas(64) float rows[most_floats];
  Record some[rows_at_once];
  constexpr auto float_bytes = static_cast<std::int64_t>(sizeof(float));
  for (std::int64_t first = 0; first < job.channels; first += most_channels) {
    std::int64_t const width = std::min(most_channels, job.channels - first);
    std::int64_t const most_rows = most_floats / width;
    for (std::int64_t done = 0; done < count; done += most_rows) {
      std::int64_t const n = std::min(most_rows, count - done);
      std::transform(records + done, records + done + n, some,
                     [&](Record const& record) { return from_byte(record, first * job.value_bytes); });
      blend(some, n, rows, blend_rule{width, width * float_bytes, &job.wide_fill});
      for (std::int64_t i = 0; i < n; ++i) {
        if (is_filled(some[i])) { continue; }
        scale_row(rows + i * width, job.scale == nullptr ? nullptr : job.scale + first,
                  job.shift == nullptr ? nullptr : job.shift + first, width);
      }
      convert_rows(job.narrow, rows, width * float_bytes, n, out + done * job.out_row_bytes + first * job.result_bytes,
                   job.out_row_bytes, width);
    }
  }
}

template <class Record, class Blend>
void blend_located(stream_job const& job, Record const* records, std::int64_t count, char* out, Blend const& blend) {
  if (job.narrow != nullptr) { return blend_scaled(job, records, count, out, blend); }
  blend(records, count, out, blend_rule{job.channels, job.out_row_bytes, job.fill});
}

void write_masks(stream_job const& job, target_run const& run, device::location const* locations) {
  if (job.valid != nullptr) {
    for (std::int64_t i = 0; i < run.count; ++i) {
      job.valid[(run.row + i) * job.valid_stride] = locations[i].valid ? 1 : 0;
    }
  }
  if (job.all_valid != nullptr) {
    for (std::int64_t i = 0; i < run.count; ++i) {
      if (!locations[i].valid) { job.all_valid[run.row + i] = 0; }
    }
  }
}

}  // namespace

void scale_row(float* row, float const* scale, float const* shift, std::int64_t channels) {
  if (scale != nullptr) {
#pragma omp simd
    for (std::int64_t c = 0; c < channels; ++c) { row[c] = row[c] * scale[c]; }
  }
  if (shift != nullptr) {
#pragma omp simd
    for (std::int64_t c = 0; c < channels; ++c) { row[c] = row[c] + shift[c]; }
  }
}

template <class Stamp>
stream_job job_of(stream<Stamp> const& source, dtype result) {
  auto const step = robocache::detail::strides_of(source, source.when, source.channels);
  bool const scaled = source.scale != nullptr || source.shift != nullptr;
  dtype const computed = scaled ? dtype::float32 : result;
  stream_job job{};
  job.channels = source.channels;
  job.values = static_cast<char const*>(source.values);
  job.value_bytes = static_cast<std::int64_t>(size_of(source.type));
  job.batch_bytes = step.batch * job.value_bytes;
  job.row_bytes = step.row * job.value_bytes;
  job.blend = blend_for(source.type, computed, source.channels);
  job.by_method = method_function_of(source.type, computed);
  job.narrow = scaled ? best_blend_function(dtype::float32, result, source.channels) : nullptr;
  job.scale = source.scale;
  job.shift = source.shift;
  job.wide_fill = static_cast<float>(source.options.fill);
  job.result_bytes = static_cast<std::int64_t>(size_of(result));
  return job;
}

template <class Stamp>
void write_rows(timeline<Stamp> const& source, timeline<Stamp> const& target, stream_rules<Stamp> const& rules,
                stream_job const& job, std::int64_t begin, std::int64_t end) {
  interpolation const method = rules.locate.method;
  auto const write = [&](target_run const& run, device::trajectory<Stamp> const& from,
                         device::location const* locations) {
    blend_record records[rows_at_once];
    for (std::int64_t i = 0; i < run.count; ++i) { records[i] = record_of(job, from, locations[i]); }
    char* const out = job.results + place_of(target, run, job.out_batch_bytes, job.out_row_bytes);
    blend_located(job, records, run.count, out, job.blend);
    write_masks(job, run, locations);
  };
  auto const write_by_method = [&](target_run const& run, device::trajectory<Stamp> const& from,
                                   device::location const* locations) {
    method_record records[rows_at_once];
    for (std::int64_t i = 0; i < run.count; ++i) { records[i] = record_of(job, from, locations[i], method); }
    char* const out = job.results + place_of(target, run, job.out_batch_bytes, job.out_row_bytes);
    blend_located(job, records, run.count, out,
                  [&](method_record const* some, std::int64_t count, void* to, blend_rule const& rule) {
                    job.by_method(some, count, to, {method, job.row_bytes, rule});
                  });
    write_masks(job, run, locations);
  };
  if (device::is_straight(method)) {
    locate_rows(source, target, rules, begin, end, write);
  } else {
    locate_rows(source, target, rules, begin, end, write_by_method);
  }
}

#define ROBOCACHE_INSTANTIATE(Stamp)                                                                   \
  template stream_job job_of(stream<Stamp> const&, dtype);                                             \
  template void write_rows(timeline<Stamp> const&, timeline<Stamp> const&, stream_rules<Stamp> const&, \
                           stream_job const&, std::int64_t, std::int64_t)
ROBOCACHE_FOR_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host::detail
