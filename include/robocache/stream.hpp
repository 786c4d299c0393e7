// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/types.hpp>
#include <robocache/dtype.hpp>
#include <robocache/options.hpp>
#include <robocache/series.hpp>
#include <robocache/timeline.hpp>

namespace robocache {

/// A place left to the library: after the channels of the previous stream, or 0 for the first one.
inline constexpr std::int64_t next_channel = -1;

/// A series with its own rules inside a fusion: a view, nothing is owned. (A CUDA stream is always a `cudaStream_t`.)
///
/// The type of the values is a value here, so that one array can hold streams of different types. Streams may be slices
/// of one buffer: a pose whose rows are `x y z w x y z` is a stream of three channels with linear and one of four
/// with slerp, both with `row_stride` 7.
///
/// @code
/// rc::stream joints{rc::series{joint_values, rc::timeline<std::int64_t>::dense(joint_stamps, batch, 400), 14}};
/// joints.scale = inverse_deviation;  // [14], on the side that computes
/// joints.latency = 5'000'000;        // stamped 5 ms after it was true
/// @endcode
///
/// @tparam Stamp  `float`, `double` or `std::int64_t`: one type and one unit for all streams, the targets, and times
template <class Stamp>
struct stream {
  void const* values = nullptr;             ///< as `series::values`
  dtype type = dtype::float32;              ///< of the values: float32, float16 or bfloat16
  timeline<Stamp> when{};                   ///< any kind but windows
  std::int64_t channels = 0;                ///< D
  std::int64_t batch_stride = contiguous;   ///< as `series::batch_stride`, elements of `type`
  std::int64_t row_stride = contiguous;     ///< as `series::row_stride`, elements of `type`
  value_place place = value_place::device;  ///< as `series::place`; one array may hold streams of both places

  resample_options<Stamp> options{};  ///< method, edges, gap limit, fill value, causality

  /// A sample stamped s describes the time s - latency: what delays add up to between the world and its stamp.
  /// Brackets, edges and gaps are those of target + latency. Finite; below 0 for stamps that are early.
  Stamp latency{};

  /// `[channels]` each, optional: a value v becomes `v * scale + shift`, after interpolation, before the one rounding
  /// to the results' type. The fill value is in units of the result, and neither scaled nor shifted.
  float const* scale = nullptr;
  float const* shift = nullptr;

  std::int64_t first_channel = next_channel;  ///< of a result's row: where this stream's channels begin

  stream() = default;

  /// A series by `rules`.
  template <class Value, class SeriesStamp, class RulesStamp = SeriesStamp>
  stream(series<Value, SeriesStamp> const& source, resample_options<RulesStamp> const& rules = {})  // NOLINT: a series
      : values(source.values),
        type(dtype_of<Value>::value),
        channels(source.channels),
        batch_stride(source.batch_stride),
        row_stride(source.row_stride),
        place(source.place) {
    if constexpr (detail::stamps_are_sound<Stamp, SeriesStamp, RulesStamp>) {
      when = detail::plain(source.when);
      options = detail::plain(rules);
    } else {
      static_assert(sizeof(detail::stamp_rule<Stamp, SeriesStamp, RulesStamp>) > 0);
    }
  }
};

/// `long long` instead of `std::int64_t`: the same stream, in arrays too.
template <>
struct stream<detail::other_int64> : stream<std::int64_t> {
  using stream<std::int64_t>::stream;
  stream(stream<std::int64_t> const& same) : stream<std::int64_t>(same) {}  // NOLINT: it is the same
};

template <class Value, class Stamp, class... Rules>
stream(series<Value, Stamp>, Rules...) -> stream<detail::plain_type<Stamp>>;

/// Where a fusion's results go: a view of `[B, T, C]`, or packed `[sum T, C]` where the targets are packed.
///
/// Target k of trajectory b is written to `values + b * batch_stride + k * row_stride`; packed target r to
/// `values + r * row_stride`. All C channels are written. Results never overlap the streams' values or any stamps (not
/// checked), nor each other (checked).
template <class Result>
struct fused_output {
  static_assert(sizeof(detail::float_result_type<Result>) > 0);

  Result* values = nullptr;
  valid_mask valid{};                      ///< `[B, T, N]` or `[sum T, N]`: the valid mask of each stream; may be null
  valid_mask all_valid{};                  ///< `[B, T]` or `[sum T]`: 1 where every stream is valid; may be null
  std::int64_t channels = 0;               ///< C; 0: up to the last channel that a stream writes
  double fill = 0.0;                       ///< of channels that no stream writes, rounded as `resample_options::fill`
  std::int64_t batch_stride = contiguous;  ///< elements; default `T * row_stride`
  std::int64_t row_stride = contiguous;    ///< elements; default C
};

template <class Result, class... Rest>
fused_output(Result*, Rest...) -> fused_output<Result>;

/// Where `fuse_backward` puts the gradients with respect to one stream; each pointer may be null.
struct stream_gradients {
  void* values = nullptr;  ///< of the stream's type, in the shape of its values: `[B, N, D]` or packed `[rows, D]`
  float* scale = nullptr;  ///< `[D]`
  float* shift = nullptr;  ///< `[D]`
  std::int64_t batch_stride = contiguous;  ///< of `values`, elements; default `N * row_stride`
  std::int64_t row_stride = contiguous;    ///< of `values`, elements; default D
};

}  // namespace robocache
