// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/device/convert.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/stream.hpp>
#include <robocache/timeline.hpp>

#include "host/common/blend.hpp"
#include "host/common/convert.hpp"
#include "host/common/timed/methods.hpp"
#include "host/common/timed/walk.hpp"

/// What a series or a stream writes into rows of results.
namespace robocache::host::detail {

/// One stream without its types: addresses, strides in bytes, and functions that know the types.
struct stream_job {
  std::int64_t channels;
  char const* values;
  std::int64_t value_bytes;  ///< of one number
  std::int64_t batch_bytes;
  std::int64_t row_bytes;

  blend_function blend;       ///< for methods up to linear
  method_function by_method;  ///< for the others
  blend_function narrow;  ///< null: those two give results; else floats, which are scaled, shifted, then rounded by it
  float const* scale;
  float const* shift;
  float wide_fill;  ///< the fill value as float

  char* results;  ///< the stream's first channel in the first row
  std::int64_t result_bytes;
  std::int64_t out_batch_bytes;
  std::int64_t out_row_bytes;
  void const* fill;  ///< one value of the result type

  std::uint8_t* valid;        ///< the stream's byte in the mask's first row; may be null
  std::int64_t valid_stride;  ///< to that of the next row
  std::uint8_t* all_valid;    ///< a byte per row, cleared where this stream is not valid; may be null
};

/// A job with what is read and how it is computed filled in; the caller fills in where results go.
template <class Stamp>
stream_job job_of(stream<Stamp> const& source, dtype result);

template <class Stamp>
stream_rules<Stamp> rules_of(stream<Stamp> const& source) {
  return {device::rules_of(source.options), source.latency, source.options.causal};
}

/// A fill value as a result.
template <class Result>
Result fill_value(double fill) {
  if constexpr (std::is_integral_v<Result>) {
    return static_cast<Result>(fill);
  } else {
    return device::from_float<Result>(static_cast<float>(fill));
  }
}

/// Writes target rows `[begin, end)`: results and masks.
template <class Stamp>
void write_rows(timeline<Stamp> const& source, timeline<Stamp> const& target, stream_rules<Stamp> const& rules,
                stream_job const& job, std::int64_t begin, std::int64_t end);

/// The first sample that a located target reads; null where it reads none.
template <class Stamp>
char const* sample_of(stream_job const& job, device::trajectory<Stamp> const& from, device::location const& at) {
  return at.row < 0 ? nullptr : job.values + from.element(at.row, job.batch_bytes, job.row_bytes);
}

/// What a located target reads.
template <class Stamp>
blend_record record_of(stream_job const& job, device::trajectory<Stamp> const& from, device::location const& at) {
  char const* const first = sample_of(job, from, at);
  if (!at.blends) { return {first, nullptr, 0.0f}; }
  char const* const second = first + from.step_from(at.row) * job.row_bytes;
  if (at.weight < 0.5f) { return {first, second, at.weight}; }
  return {second, first, 1.0f - at.weight};
}

/// The same for the methods beyond linear.
template <class Stamp>
method_record record_of(stream_job const& job, device::trajectory<Stamp> const& from, device::location const& at,
                        interpolation method) {
  device::sample_steps const steps = device::steps_from(from, at.row, 0);
  method_record record{sample_of(job, from, at), at.blends, {}, steps.turn, steps.capacity};
  if (at.blends) { record.curve = device::curve_at(from, at, method); }
  return record;
}

/// The same, some channels further on.
inline blend_record from_byte(blend_record const& record, std::int64_t bytes) {
  auto const move = [bytes](void const* p) { return p == nullptr ? nullptr : static_cast<char const*>(p) + bytes; };
  return {move(record.near), move(record.far), record.share};
}

/// `v * scale + shift` in each channel, product and sum each rounded. Without a scale there is no product, without a
/// shift no sum.
void scale_row(float* row, float const* scale, float const* shift, std::int64_t channels);

}  // namespace robocache::host::detail
