// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/detail/common/timed/streams.hpp>
#include <robocache/device/method.cuh>
#include <robocache/policy_input.hpp>

namespace robocache::detail {

/// Channels of a stream at most: rows of a tile times these are counted in 32 bits.
inline constexpr std::int64_t widest_input = std::int64_t(1) << 24;

/// A list of fusions as it was given.
template <class Stamp>
struct fusion_list {
  policy_fusion<Stamp> const* fusions;
  std::int64_t count;

  /// True if the stream exists.
  /// @param own  the fusion in which it is named
  bool has(stream_index const& of, std::int64_t own) const {
    std::int64_t const fusion = fusion_of(of, own);
    return fusion >= 0 && fusion < count && of.stream >= 0 && of.stream < fusions[fusion].count;
  }

  static std::int64_t fusion_of(stream_index const& of, std::int64_t own) {
    return of.fusion == stream_index::same_fusion ? own : of.fusion;
  }

  policy_stream<Stamp> const& at(stream_index const& of, std::int64_t own) const {
    return fusions[fusion_of(of, own)].streams[of.stream];
  }
};

/// That a format exists, and of Euler angles the order.
/// @param field  "rotation.source" or "rotation.result"
inline status check_layout(char const* name, char const* field, rotation_layout const& layout) {
  if (channels_of(layout.format) == 0) {
    return refuse(invalid, name, field, "found %d, want a rotation_format", static_cast<int>(layout.format));
  }
  if (layout.format == rotation_format::euler && !is_euler_order(layout.order)) {
    return refuse(invalid, name, field,
                  R"(found axes %d, %d and %d, want an order of Euler angles by SciPy's name, such as "xyz" or "ZYX")",
                  layout.order.axes[0], layout.order.axes[1], layout.order.axes[2]);
  }
  return {};
}

/// The rules of a stream of rotations.
template <class Stamp>
status check_rotation(char const* name, policy_stream<Stamp> const& one) {
  rotation_rules const& rules = one.rotation;
  status s = check_layout(name, "rotation.source", rules.source);
  if (!s.ok()) { return s; }
  s = check_layout(name, "rotation.result", rules.result);
  if (!s.ok()) { return s; }
  if (rules.sign != quaternion_sign::any && rules.sign != quaternion_sign::positive) {
    return refuse(invalid, name, "rotation.sign", "found %d, want a quaternion_sign", static_cast<int>(rules.sign));
  }
  interpolation const method = one.options.method;
  if (!device::is_rotation(method) && !device::traits_of(method).holds) {
    return refuse(invalid, name, "options.method", "found %s, want slerp, previous, next or nearest for a rotation",
                  name_of(method));
  }
  if (one.channels != channels_of(rules.source.format)) {
    return refuse(invalid, name, "channels", "found %lld, want the %d of rotation_format::%s",
                  static_cast<long long>(one.channels), channels_of(rules.source.format), name_of(rules.source.format));
  }
  return {};
}

/// What a stream is relative to.
template <class Stamp>
status check_relative(char const* name, fusion_list<Stamp> const& list, std::int64_t own,
                      policy_stream<Stamp> const& one) {
  relative_rules<Stamp> const& rules = one.relative;
  auto const check_index = [&](char const* field, stream_index const& of) -> status {
    if (!list.has(of, own)) {
      return refuse(invalid, name, field, "found stream %d of fusion %lld, want one of the call", of.stream,
                    static_cast<long long>(list.fusion_of(of, own)));
    }
    timeline<Stamp> const& its = list.fusions[list.fusion_of(of, own)].target;
    timeline<Stamp> const& mine = list.fusions[own].target;
    if (its.kind != timeline_kind::windows || its.batch != mine.batch) {
      return refuse(invalid, name, field, "found a fusion without the same %lld windows, want it with them",
                    static_cast<long long>(mine.batch));
    }
    return {};
  };
  if (list.fusions[own].target.kind != timeline_kind::windows) {
    return refuse(invalid, name, "relative", "found targets that are no windows, want windows: they have an anchor");
  }
  if constexpr (std::is_floating_point_v<Stamp>) {
    if (!std::isfinite(rules.at)) {
      return refuse(invalid, name, "relative.at", "found %g, want a finite time", static_cast<double>(rules.at));
    }
  }
  if (!one.rotation.wanted && device::is_rotation(one.options.method)) {
    return refuse(invalid, name, "relative", "found slerp without a format, want rotation.wanted with its formats");
  }
  bool const is_angle = one.options.method == interpolation::angle;
  if (rules.to.stream != stream_index::none) {
    status const s = check_index("relative.to", rules.to);
    if (!s.ok()) { return s; }
    policy_stream<Stamp> const& other = list.at(rules.to, own);
    if (other.rotation.wanted != one.rotation.wanted) {
      return refuse(invalid, name, "relative.to", "found a stream that is %s rotation, want %s",
                    other.rotation.wanted ? "a" : "no", one.rotation.wanted ? "one" : "none");
    }
    if (!one.rotation.wanted && (other.channels != one.channels || device::is_rotation(other.options.method) ||
                                 (other.options.method == interpolation::angle) != is_angle)) {
      return refuse(
          invalid, name, "relative.to", "found %lld channels by %s, want %lld, angles if this stream has them",
          static_cast<long long>(other.channels), name_of(other.options.method), static_cast<long long>(one.channels));
    }
  }
  if (rules.frame.stream == stream_index::none) { return {}; }
  status const s = check_index("relative.frame", rules.frame);
  if (!s.ok()) { return s; }
  if (!list.at(rules.frame, own).rotation.wanted) {
    return refuse(invalid, name, "relative.frame", "found a stream that is no rotation, want one that is");
  }
  if (one.rotation.wanted || is_angle || one.sin_cos || one.channels != 3) {
    return refuse(invalid, name, "relative.frame", "found %s of %lld channels, want it for a position of 3 channels",
                  one.rotation.wanted ? "a rotation"
                  : one.sin_cos       ? "sin_cos"
                                      : name_of(one.options.method),
                  static_cast<long long>(one.channels));
  }
  return {};
}

/// That the stream has the derivative that is asked for.
template <class Stamp>
status check_derivative(char const* name, policy_stream<Stamp> const& one) {
  if (one.derivative == derivative_order::value) { return {}; }
  bool const accelerates = one.derivative == derivative_order::acceleration;
  if (one.derivative != derivative_order::velocity && !accelerates) {
    return refuse(invalid, name, "derivative", "found %d, want a derivative_order", static_cast<int>(one.derivative));
  }
  interpolation const method = one.options.method;
  if (one.rotation.wanted ? accelerates || !device::is_rotation(method)
                          : device::traits_of(method).holds || device::is_rotation(method)) {
    return refuse(status_code::unsupported, name, "derivative", "found %s of %s by %s, want %s",
                  accelerates ? "an acceleration" : "a velocity", one.rotation.wanted ? "a rotation" : "values",
                  name_of(method),
                  one.rotation.wanted ? "a velocity by slerp"
                                      : "linear, angle, a cubic, or slerp with rotation.wanted for a velocity");
  }
  if (one.relative.wanted || one.sin_cos) {
    return refuse(invalid, name, "derivative", "found %s with %s, want one of the two",
                  accelerates ? "an acceleration" : "a velocity", one.relative.wanted ? "relative" : "sin_cos");
  }
  if (!(one.ticks_per_second > 0.0) || !std::isfinite(static_cast<float>(one.ticks_per_second))) {
    return refuse(invalid, name, "ticks_per_second", "found %g, want it above 0 and finite", one.ticks_per_second);
  }
  return {};
}

/// What a stream of a policy input has besides the fields of a stream.
template <class Stamp>
status check_policy_stream(char const* name, fusion_list<Stamp> const& list, std::int64_t own,
                           policy_stream<Stamp> const& one) {
  timeline<Stamp> const& target = list.fusions[own].target;
  status s;
  if (one.rotation.wanted) { s = check_rotation(name, one); }
  if (!s.ok()) { return s; }
  s = check_derivative(name, one);
  if (!s.ok()) { return s; }
  if (one.sin_cos && (one.rotation.wanted ||
                      (one.options.method != interpolation::angle && !device::traits_of(one.options.method).holds))) {
    return refuse(invalid, name, "sin_cos", "found it with %s, want interpolation::angle, previous, next or nearest",
                  one.rotation.wanted ? "a rotation" : name_of(one.options.method));
  }
  if (one.channels > widest_input) {
    return refuse(status_code::unsupported, name, "channels", "found %lld, want at most %lld",
                  static_cast<long long>(one.channels), static_cast<long long>(widest_input));
  }
  std::int64_t const channels = result_channels(one);
  if (one.affine_stride != 0 && (one.affine_stride < channels || target.packed())) {
    return refuse(invalid, name, "affine_stride", "found %lld, want 0, or of targets that are not packed %lld or more",
                  static_cast<long long>(one.affine_stride), static_cast<long long>(channels));
  }
  std::int64_t reach = target.length;
  if (!multiply(reach, one.affine_stride)) {
    return refuse(invalid, name, "affine_stride", "found %lld for %lld targets, want a product of at most 2^58",
                  static_cast<long long>(one.affine_stride), static_cast<long long>(target.length));
  }
  s = check_pointer(name, "low", one.low, 0, alignof(float));
  if (!s.ok()) { return s; }
  s = check_pointer(name, "high", one.high, 0, alignof(float));
  if (!s.ok()) { return s; }
  s = check_pointer(name, "latencies", one.latencies, 0, alignof(Stamp));
  if (!s.ok()) { return s; }
  return one.relative.wanted ? check_relative(name, list, own, one) : status{};
}

/// A stream's own part, as `check_stream`. Its format, not slerp, says how many channels a rotation has.
template <class Stamp>
status check_policy_source(char const* name, char const* when, char const* options, policy_stream<Stamp> const& one,
                           timeline<Stamp> const& target) {
  if (!one.rotation.wanted) { return check_stream<Stamp>(name, when, options, one, target, false); }
  status const s = check_options(options, one.options);
  if (!s.ok()) { return s; }
  stream<Stamp> held = one;
  held.options.method = interpolation::previous;
  return check_stream(name, when, options, held, target, false);
}

/// One fusion, its arguments named as those of a call of its own.
/// @param written  false: its results are not asked for
template <class Stamp>
status check_policy_fusion(fusion_list<Stamp> const& list, std::int64_t own, bool written) {
  policy_fusion<Stamp> const& fusion = list.fusions[own];
  policy_stream<Stamp> const* const streams = fusion.streams;
  if (fusion.count < 1) {
    return refuse(invalid, "count", "", "found %lld, want 1 stream or more", static_cast<long long>(fusion.count));
  }
  if (streams == nullptr) {
    return refuse(invalid, "streams", "", "found a null pointer, want %lld streams",
                  static_cast<long long>(fusion.count));
  }
  status s = check_target(fusion.target);
  if (!s.ok()) { return s; }
  place_walk places;
  std::int64_t end = 0;  // of the streams before: what begins behind it overlaps none
  for (std::int64_t i = 0; i < fusion.count; ++i) {
    // Names are made only for messages: printing costs more than checking.
    if (!check_policy_source("streams", "streams", "streams", streams[i], fusion.target).ok()) {
      return check_policy_source(stream_name(i).text, stream_name(i, ".when").text, stream_name(i, ".options").text,
                                 streams[i], fusion.target);
    }
    if (!check_policy_stream("streams", list, own, streams[i]).ok()) {
      return check_policy_stream(stream_name(i).text, list, own, streams[i]);
    }
    std::int64_t const first = places.next(streams[i]);
    std::int64_t const channels = result_channels(streams[i]);
    if (!check_place("streams", first, channels).ok()) { return check_place(stream_name(i).text, first, channels); }
    if (first < end && !check_apart(streams, i, first).ok()) { return check_apart(streams, i, first); }
    end = first + channels > end ? first + channels : end;
  }
  if (!written) { return s; }
  dtype const type = fusion.out.type;
  if (type != dtype::float32 && type != dtype::float16 && type != dtype::bfloat16) {
    return refuse(status_code::unsupported, "out", "type", "found %s, want fp32, fp16 or bf16", name_of(type));
  }
  if (fusion.out.channels != 0 && fusion.out.channels < end) {
    return refuse(invalid, "out", "channels", "found %lld, want 0, or %lld and more, which the streams write",
                  static_cast<long long>(fusion.out.channels), static_cast<long long>(end));
  }
  std::int64_t const channels = fusion.out.channels == 0 ? end : fusion.out.channels;
  s = check_pointer("out", "values", static_cast<char const*>(fusion.out.values),
                    elements_of(fusion.target.total(), channels), size_of(type));
  if (s.ok()) { s = check_pointer("ages", "", fusion.ages, 0, alignof(Stamp)); }
  return s.ok() ? check_written_view("out", fusion.out, fusion.target, channels) : s;
}

/// Everything that `policy_input` checks, on the host and on the device alike.
/// @param written  false: results are not asked for
template <class Stamp>
status check_policy_input(policy_fusion<Stamp> const* fusions, std::int64_t count, bool written = true) {
  if (count < 1) {
    return refuse(invalid, "count", "", "found %lld, want 1 fusion or more", static_cast<long long>(count));
  }
  if (fusions == nullptr) {
    return refuse(invalid, "fusions", "", "found a null pointer, want %lld fusions", static_cast<long long>(count));
  }
  fusion_list<Stamp> const list{fusions, count};
  for (std::int64_t i = 0; i < count; ++i) {
    // Streams may be named from any fusion: that there are some is known of all before one is looked at.
    if (fusions[i].count > 0 && fusions[i].streams == nullptr) {
      return refuse(invalid, stream_name(i, "", "fusions").text, "streams", "found a null pointer, want %lld streams",
                    static_cast<long long>(fusions[i].count));
    }
  }
  for (std::int64_t i = 0; i < count; ++i) {
    status const s = check_policy_fusion(list, i, written);
    if (s.ok()) { continue; }
    char const* const sentence = s.message() + std::strlen(s.argument()) + 2;
    return refuse(s.code(), stream_name(i, "", "fusions").text, s.argument(), "%s", sentence);
  }
  return {};
}

}  // namespace robocache::detail
