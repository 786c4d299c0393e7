// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>

namespace robocache {

/// How a value between two samples is made.
enum class interpolation : std::uint8_t {
  previous,  ///< the sample at or before the target (zero-order hold)
  next,      ///< the sample at or after the target
  nearest,   ///< the closer sample; the earlier one at equal distance
  linear,    ///< the straight line between the two samples

  // The methods below locate as linear does.
  angle,        ///< radians: linear along the shorter arc, wrapped into [-pi, pi)
  catmull_rom,  ///< cubic through four samples, stamps as knots; may overshoot
  pchip,        ///< cubic through four samples that keeps monotone stretches monotone: no overshoot
  akima,        ///< cubic through six samples, little affected by outliers
  slerp,  ///< four channels: unit quaternions, along the shorter arc; samples stay as they are (`inspect_rotations`)
};

/// "linear" for `interpolation::linear`, and so on.
ROBOCACHE_HOST_DEVICE constexpr char const* name_of(interpolation method) noexcept {
  switch (method) {
    case interpolation::previous: return "previous";
    case interpolation::next: return "next";
    case interpolation::nearest: return "nearest";
    case interpolation::linear: return "linear";
    case interpolation::angle: return "angle";
    case interpolation::catmull_rom: return "catmull_rom";
    case interpolation::pchip: return "pchip";
    case interpolation::akima: return "akima";
    case interpolation::slerp: return "slerp";
  }
  return "no interpolation";
}

/// What results are before the first sample and after the last. The valid mask is 0 there whatever the rule, except for
/// `hold`, and for `previous` after the last and `next` before the first sample: these hold, without an edge there.
enum class edge : std::uint8_t {
  clamp,        ///< the edge sample, as `numpy.interp`
  fill,         ///< the fill value
  extrapolate,  ///< the straight line, or arc, of the two outermost samples; for hold methods clamp
  hold,         ///< after the last sample alone: as clamp, but valid, up to `max_gap`: the newest reading of a sensor
};

namespace detail {

/// A constant, because device code calls no function of the host's standard library.
template <class Stamp>
inline constexpr Stamp largest = std::numeric_limits<Stamp>::has_infinity ? std::numeric_limits<Stamp>::infinity()
                                                                          : std::numeric_limits<Stamp>::max();

}  // namespace detail

/// The `max_gap` that nothing exceeds: infinity, or the largest integer.
template <class Stamp>
ROBOCACHE_HOST_DEVICE constexpr Stamp unlimited_gap() noexcept {
  return detail::largest<Stamp>;
}

/// The rules of one resampling. Times have the stamps' type and unit.
template <class Stamp>
struct resample_options {
  interpolation method = interpolation::linear;
  edge before = edge::clamp;  ///< before the first sample
  edge after = edge::clamp;   ///< after the last sample

  /// Beyond this gap the result is the fill value and not valid. The gap is, for hold methods, clamp and hold, the
  /// distance to the sample used; for all others the time between the two samples around the target. Not negative, not
  /// NaN. A target exactly at a sample is always valid.
  Stamp max_gap = unlimited_gap<Stamp>();

  /// Written where there is no value, rounded to the result's type. For integer results a whole number in range.
  double fill = 0.0;

  /// A promise for robots: no sample stamped after its target is used. Asks for `interpolation::previous` and for
  /// `before = edge::fill`.
  bool causal = false;

  /// For previous, next and nearest: samples stamped up to this much after a target count as at the target, so that
  /// the frame of a target is found although both were rounded. Finite, 0 or more; 0 with all other methods and with
  /// `causal`.
  Stamp tolerance = detail::stamp_of<Stamp>(0);
};

}  // namespace robocache
