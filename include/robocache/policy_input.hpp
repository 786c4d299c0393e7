// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/derivative.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/dtype.hpp>
#include <robocache/rotation.hpp>
#include <robocache/series.hpp>
#include <robocache/stream.hpp>
#include <robocache/timeline.hpp>

namespace robocache {

/// A stream as rotations: read from one format, interpolated along the shorter arc, written in another. Its method is
/// `interpolation::slerp` or one that holds; its channels are those of `source`, the result's those of `result`. Where
/// both layouts agree, the sign is `any` and the stream is relative to nothing, samples pass as they are.
struct rotation_rules {
  bool wanted = false;  ///< false: the stream is not treated as a rotation
  rotation_layout source{};
  rotation_layout result{};
  quaternion_sign sign = quaternion_sign::any;  ///< of results that are quaternions
  bool world_frame = false;                     ///< an angular velocity is as seen from the world; else from the body

  rotation_rules() = default;
  rotation_rules(rotation_layout from, rotation_layout to, quaternion_sign of = quaternion_sign::any)
      : wanted(true), source(from), result(to), sign(of) {}
};

/// A stream of a policy input by its place.
struct stream_index {
  static constexpr std::int32_t same_fusion = -1;
  static constexpr std::int32_t none = -1;

  std::int32_t stream = none;         ///< counted inside its fusion
  std::int32_t fusion = same_fusion;  ///< counted from 0; by default the stream's own fusion
};

/// What the results of a stream are relative to: a reference, which is the value of a stream at a time of the window.
/// It is that stream's value by its own rules (method, edges, gap, latency, `as_of` of its fusion), before its own
/// `relative`, scale and shift. Where the reference is not valid the result is fill, and not valid.
template <class Stamp>
struct relative_rules {
  bool wanted = false;   ///< false: values stay as they are
  stream_index to{};     ///< whose value the reference is; `none`: this stream's own
  stream_index frame{};  ///< for a position, three channels: the rotation from which the difference is seen
  Stamp at{};            ///< when: this much after the window's anchor
};

/// A stream of a policy input: a stream of a fusion, and what is done to its values. In this order, each operation in
/// float and rounded by itself: value (a rotation as a unit quaternion) -> relative -> result's format -> scale, shift
/// -> clamp -> one rounding to the result's type. Fill values skip all of it.
///
/// @code
/// rc::policy_stream<std::int64_t> rotation{rc::series{quaternions, when, 4}};
/// rotation.options.method = rc::interpolation::slerp;
/// rotation.rotation = {{rc::rotation_format::xyzw}, {rc::rotation_format::columns}};  // 6 channels
/// rotation.relative.wanted = true;                                                    // to its value at the anchor
/// @endcode
template <class Stamp>
struct policy_stream : stream<Stamp> {
  rotation_rules rotation{};
  relative_rules<Stamp> relative{};

  /// A velocity or acceleration instead of the value, at a sample that of the bracket to its right; its unit of time is
  /// a second. Not with `relative` or `sin_cos`. For both the value and its velocity, name the series in two streams.
  derivative_order derivative = derivative_order::value;
  double ticks_per_second = 1.0;  ///< how many units of the stamps a second has: 1e9 for nanoseconds; for derivatives

  /// Optional, `[B]`: what is added to `latency` for trajectory b of the targets, such as a delay of each simulated
  /// robot's own; -d for values that are d late. Where the sum is not finite nothing is found.
  Stamp const* latencies = nullptr;

  /// Of angles in radians: results are the sines of all channels, then their cosines.
  bool sin_cos = false;

  /// `scale` and `shift` have as many channels as the result. The stride from one target to the next, in elements:
  /// 0, they are `[D]`; D or more, they are `[T, D]`, one row for each target of a trajectory.
  std::int64_t affine_stride = 0;

  /// `[D]` each, optional: what a value that is scaled and shifted is clamped to, `v < low ? low : v > high ? high :
  /// v`.
  float const* low = nullptr;
  float const* high = nullptr;

  policy_stream() = default;
  policy_stream(stream<Stamp> const& one) : stream<Stamp>(one) {}  // NOLINT: a stream without these rules
  template <class Value, class SeriesStamp, class RulesStamp = SeriesStamp>
  policy_stream(series<Value, SeriesStamp> const& source, resample_options<RulesStamp> const& rules = {})  // NOLINT
      : stream<Stamp>(source, rules) {}
};

/// `long long` instead of `std::int64_t`: the same stream, in arrays too.
template <>
struct policy_stream<detail::other_int64> : policy_stream<std::int64_t> {
  using policy_stream<std::int64_t>::policy_stream;
  policy_stream(policy_stream<std::int64_t> const& same)
      : policy_stream<std::int64_t>(same) {}  // NOLINT: it is the same
};

/// Channels that a stream has in a row of results.
template <class Stamp>
std::int64_t result_channels(policy_stream<Stamp> const& one) noexcept {
  if (one.rotation.wanted) {
    return one.derivative == derivative_order::value ? channels_of(one.rotation.result.format) : 3;
  }
  return one.sin_cos ? 2 * one.channels : one.channels;
}

/// `fused_output` whose type of results is a value.
struct policy_output : fused_output<void> {
  dtype type = dtype::float32;  ///< float32, float16 or bfloat16

  policy_output() = default;
  template <class Result, class = std::enable_if_t<!std::is_void_v<Result>>>
  policy_output(fused_output<Result> const& typed) noexcept  // NOLINT: the same view
      : fused_output<void>(detail::untyped(typed)), type(dtype_of<Result>::value) {}
};

/// One tensor of a policy input: a fusion with targets and results of its own.
template <class Stamp>
struct policy_fusion {
  policy_stream<Stamp> const* streams = nullptr;  ///< `[count]`, host memory
  std::int64_t count = 0;
  timeline<Stamp> target{};  ///< of any kind; windows where a stream is relative
  policy_output out{};

  /// Optional, `[B, T, count]` or `[sum T, count]`, contiguous: how old each stream's result is, the target less the
  /// stamp of the newest sample that was read for it (the reference it is relative to not counted). Negative before the
  /// first sample. Of results that are not valid the largest number there is: INT64_MAX or infinity.
  Stamp* ages = nullptr;
};

/// The same for `long long`.
template <>
struct policy_fusion<detail::other_int64> : policy_fusion<std::int64_t> {};

/// What one fusion of a policy input would give, as rows of FP32 that `summarize_policy_input` takes: nothing of it is
/// ever written. Where a stream is not valid its channels are absent from the row.
///
/// Rows are targets, and channels those of the streams, `[C]`: all steps of a window share statistics. With `each_step`
/// rows are windows, or trajectories of other targets, and channels `[T, C]`: each step has statistics of its own.
template <class Stamp>
struct policy_rows {
  policy_fusion<Stamp> const* fusions = nullptr;  ///< `[count]`, host memory; `out` of each is not looked at
  std::int64_t count = 0;
  std::int64_t fusion = 0;                ///< whose values these are; its streams may be relative to those of others
  bool each_step = false;                 ///< not for packed targets
  std::int64_t const* offsets = nullptr;  ///< optional `[G + 1]`, ascending: groups of rows, as in `value_rows`
  std::int64_t groups = 1;                ///< G; 1 without offsets
};

/// The same for `long long`.
template <>
struct policy_rows<detail::other_int64> : policy_rows<std::int64_t> {};

}  // namespace robocache
