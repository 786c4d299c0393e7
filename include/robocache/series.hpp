// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/timeline.hpp>

namespace robocache {

/// A stride left to the library: rows follow each other without a gap.
inline constexpr std::int64_t contiguous = INT64_MIN;

/// Where a call on the device finds values.
enum class value_place : std::uint8_t {
  device,  ///< in device memory
  pinned,  ///< in page-locked host memory that the device may address: the kernel reads it over the link
};

/// Values with their sample times: a view, nothing is owned.
///
/// Row i of trajectory b begins at `values + b * batch_stride + i * row_stride`; of a packed timeline at
/// `values + (offsets[b] + i) * row_stride`. Channels of a row are adjacent. A slice of channels is a view:
/// `values` moved to its first channel, `channels` its width, `row_stride` the whole row's width.
/// All rows that the timeline counts must be readable, `values` aligned to `Value`.
///
/// @tparam Value  `float`, `__half`, `__nv_bfloat16`; for hold methods also `std::uint8_t`, `std::int32_t`,
///                `std::int64_t`
template <class Value, class Stamp>
struct series {
  static_assert(sizeof(detail::value_type<Value>) > 0);

  Value const* values = nullptr;  ///< `[B, N, D]`, or packed `[rows, D]`
  timeline<Stamp> when{};         ///< any kind but windows
  std::int64_t channels = 0;      ///< D
  std::int64_t batch_stride =
      contiguous;                        ///< elements; default `N * row_stride`; 0: all trajectories read the same rows
  std::int64_t row_stride = contiguous;  ///< elements; default D

  /// `pinned`: the memory stays as it is until the call has run, not only until it returns; stamps, offsets and results
  /// are on the device all the same. Changes speed, never a result. Gradients want `device`; functions of
  /// `robocache::host` read host memory whatever this says.
  value_place place = value_place::device;
};

template <class Value, class Stamp, class... Strides>
series(Value const*, timeline<Stamp>, std::int64_t, Strides...) -> series<Value, Stamp>;

/// A pointer to a valid mask, one byte per target, 1 or 0: of `std::uint8_t` or `bool`, or null.
class valid_mask {
 public:
  ROBOCACHE_HOST_DEVICE constexpr valid_mask(std::uint8_t* bytes = nullptr) noexcept
      : bytes_(bytes) {}  // NOLINT: a pointer is a mask
  /// A template, so that a literal 0 is taken for one pointer alone.
  template <class Flag, class = std::enable_if_t<std::is_same_v<Flag, bool>>>
  ROBOCACHE_HOST_DEVICE valid_mask(Flag* flags) noexcept : bytes_(reinterpret_cast<std::uint8_t*>(flags)) {  // NOLINT
    static_assert(sizeof(bool) == 1);
  }
  ROBOCACHE_HOST_DEVICE constexpr operator std::uint8_t*() const noexcept { return bytes_; }  // NOLINT

 private:
  std::uint8_t* bytes_ = nullptr;
};

/// Where results go: a view of `[B, T, D]`, or packed `[sum T, D]` where the targets are packed.
///
/// Target k of trajectory b is written to `values + b * batch_stride + k * row_stride`; packed target r to
/// `values + r * row_stride`. Results never overlap the source's values or any stamps (not checked), nor each
/// other (checked).
template <class Result>
struct output {
  static_assert(sizeof(detail::result_type<Result>) > 0);

  Result* values = nullptr;
  valid_mask valid{};  ///< valid mask `[B, T]` or `[sum T]`, one byte per target, contiguous; may be null
  std::int64_t batch_stride = contiguous;  ///< elements; default `T * row_stride`
  std::int64_t row_stride = contiguous;    ///< elements; default D
};

template <class Result, class... Rest>
output(Result*, Rest...) -> output<Result>;

/// Where `locate` puts its records, one per target, contiguous; each pointer may be null.
struct located {
  /// `[B, T, 2]`: the source rows that the target reads, counted over the source's values as `[B * N, D]` (packed:
  /// `[rows, D]`). Both are the same row where only one contributes; both -1 where the result is the fill value.
  std::int64_t* rows = nullptr;
  /// `[B, T]`: the weight of the second row; the first has 1 minus it. 0 where only one row contributes. In [0, 1]
  /// unless extrapolated.
  float* weights = nullptr;
  /// `[B, T]`: 1 where the result is backed by data.
  valid_mask valid{};
};

/// The gradient of a loss with respect to the results of a `resample`: a view in their shape.
template <class Result>
struct result_gradients {
  static_assert(sizeof(detail::float_type<Result>) > 0);

  Result const* values = nullptr;          ///< `[B, T, D]`, or packed `[sum T, D]`
  std::int64_t batch_stride = contiguous;  ///< elements; default `T * row_stride`
  std::int64_t row_stride = contiguous;    ///< elements; default D
};

template <class Result, class... Strides>
result_gradients(Result const*, Strides...) -> result_gradients<Result>;

/// Where `resample_backward` puts gradients with respect to what was resampled; each pointer may be null.
template <class Value>
struct source_gradients {
  static_assert(sizeof(detail::float_result_type<Value>) > 0);

  Value* values = nullptr;  ///< in the shape of the source's values: `[B, N, D]`, or packed `[rows, D]`, the timeline's
  float* targets = nullptr;                ///< `[B, T]` or `[sum T]`, contiguous, in value units per unit of time
  std::int64_t batch_stride = contiguous;  ///< of `values`, elements; default `N * row_stride`
  std::int64_t row_stride = contiguous;    ///< of `values`, elements; default D
};

template <class Value, class... Rest>
source_gradients(Value*, Rest...) -> source_gradients<Value>;

/// What a caller promises about the targets of each trajectory: changes speed, never a result.
enum class target_order : std::uint8_t {
  any,        ///< nothing
  ascending,  ///< each is at or after the one before it
};

/// What `inspect` counts in one trajectory.
struct trajectory_report {
  std::int64_t unsorted;      ///< samples stamped before their predecessor
  std::int64_t duplicated;    ///< samples stamped as their predecessor
  std::int64_t non_finite;    ///< stamps that are NaN or infinite
  std::int64_t out_of_range;  ///< lengths, offsets and trajectory indices that had to be clamped or ignored
};

/// What `inspect_rotations` counts in one trajectory of quaternions. A row counts as one of the first two at most.
struct rotation_report {
  std::int64_t not_unit;        ///< rows whose length differs from 1 by more than rounding does
  std::int64_t not_a_rotation;  ///< rows that are zero or not finite
  std::int64_t turned;          ///< rows whose dot product with the row before is below 0
};

}  // namespace robocache
