// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/device/timeline.cuh>
#include <robocache/series.hpp>

namespace robocache::device {

/// Adds sample `i` of a trajectory to its report, for `0 <= i < length`: itself, and how it follows sample `i - 1`.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline void inspect_sample(trajectory<Stamp> const& of, std::int64_t i,
                                                 trajectory_report& report) {
  Stamp const stamp = of.stamp(i);
  Stamp const before = of.stamp(i > 0 ? i - 1 : 0);
  report.non_finite += is_finite(stamp) ? 0 : 1;
  report.unsorted += i > 0 && stamp < before ? 1 : 0;
  report.duplicated += i > 0 && stamp == before ? 1 : 0;
}

/// How many of the numbers that say where trajectory `b` lies, or what window `b` reads, are out of range.
/// @param source_batch  trajectories that windows may name
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::int64_t indices_out_of_range(timeline<Stamp> const& when, std::int64_t b,
                                                               std::int64_t source_batch) {
  auto const outside = [](std::int64_t x, std::int64_t limit) { return x < 0 || x > limit ? 1 : 0; };
  std::int64_t count = 0;
  if (when.lengths != nullptr) {
    count += outside(when.lengths[b], when.kind == timeline_kind::ring ? INT64_MAX : when.length);
  }
  if (when.offsets != nullptr) {
    std::int64_t const begin = when.offsets[b];
    std::int64_t const end = when.offsets[b + 1];
    count += outside(begin, when.rows) + outside(end, when.rows) + (end < begin ? 1 : 0);
  }
  if (when.trajectory != nullptr) { count += outside(when.trajectory[b], source_batch - 1); }
  return count;
}

/// Adds to the report of trajectory `b` its samples `first`, `first + step`, ..., and with sample 0 what is counted
/// once. The parts of several threads, whose `first` runs from 0 to `step - 1`, make the whole.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline void inspect_part(timeline<Stamp> const& when, std::int64_t b, std::int64_t source_batch,
                                               std::int64_t first, std::int64_t step, trajectory_report& report) {
  if (first == 0) { report.out_of_range += indices_out_of_range(when, b, source_batch); }
  switch (when.kind) {
    case timeline_kind::windows:
      // Deltas may come in any order, so windows have no neighbours to compare.
      if (first == 0 && when.starts != nullptr) { report.non_finite += is_finite(when.starts[b]) ? 0 : 1; }
      for (std::int64_t k = first; k < when.length; k += step) {
        report.non_finite += is_finite(when.deltas[k]) ? 0 : 1;
      }
      return;
    case timeline_kind::dense:
    case timeline_kind::shared:
    case timeline_kind::ragged:
    case timeline_kind::uniform:
    case timeline_kind::ring: break;
  }
  trajectory<Stamp> const samples = trajectory_of(when, b);
#if defined(__CUDA_ARCH__)
#pragma unroll 4
#endif
  for (std::int64_t i = first; i < samples.length; i += step) { inspect_sample(samples, i, report); }
}

/// How far `|q|^2` may be from 1 in a quaternion of unit length. Rounding each channel once moves it by 2^-23 (FP32),
/// 2^-10 (FP16) or 2^-8 (BF16), and what is computed and normalised in the type by a few times that. In FP32 there is
/// room for text as well: six decimals move it by 2e-6.
template <class Value>
inline constexpr float unit_tolerance = std::is_same_v<Value, float>    ? 0x1p-16f
                                        : std::is_same_v<Value, __half> ? 0x1p-8f
                                                                        : 0x1p-6f;

/// Adds one row to a report: itself, and how it follows the row before.
ROBOCACHE_HOST_DEVICE inline void inspect_rotation(quaternion const& before, quaternion const& row, float tolerance,
                                                   rotation_report& report) {
  float const square = detail::dot(row, row);
  bool const rotates = square > 0.0f && is_finite(square);
  report.not_a_rotation += rotates ? 0 : 1;
  report.not_unit += rotates && detail::absolute(sub_rn(square, 1.0f)) > tolerance ? 1 : 0;
  report.turned += detail::dot(before, row) < 0.0f ? 1 : 0;
}

/// Adds to the report of a trajectory its rows `first`, `first + step`, ..., as `inspect_part` does.
/// @param batch_stride, row_stride  of `values`, in elements
template <class Value, class Stamp>
ROBOCACHE_HOST_DEVICE inline void inspect_rotations_part(Value const* values, trajectory<Stamp> const& of,
                                                         std::int64_t batch_stride, std::int64_t row_stride,
                                                         std::int64_t first, std::int64_t step,
                                                         rotation_report& report) {
  auto const row = [&](std::int64_t i) {
    Value const* const from = values + of.element(i, batch_stride, row_stride);
    return quaternion{{to_float(from[0]), to_float(from[1]), to_float(from[2]), to_float(from[3])}};
  };
  // The first row is compared with itself, and a quaternion never has the opposite sign of itself.
  for (std::int64_t i = first; i < of.length; i += step) {
    inspect_rotation(row(i > 0 ? i - 1 : 0), row(i), unit_tolerance<Value>, report);
  }
}

}  // namespace robocache::device
