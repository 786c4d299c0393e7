// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/options.hpp>

// What each method of interpolation is. Checks, the host side and Python read the table; kernels ask the predicates
// below it, which cost an instruction and are compared with the table here.
namespace robocache::device {

/// What a method is.
struct method_traits {
  bool exists;          ///< false: no `interpolation` has this value
  bool holds;           ///< the result is one sample, not weighted: also for integers, and with a tolerance
  bool differentiable;  ///< with respect to values
  bool moves;           ///< differentiable with respect to target times as well
  int neighbours;       ///< samples that it may read outside of the bracket, on each side
  int channels;         ///< that rows must have; 0: any number
};

/// The table. A new method is a new line here; a warning names each switch over methods that lacks it.
ROBOCACHE_HOST_DEVICE constexpr method_traits traits_of(interpolation method) noexcept {
  switch (method) {
    // clang-format off
    //                                   exists holds  diff.  moves  neighbours  channels
    case interpolation::previous:    return {true, true,  true,  false, 0,          0};
    case interpolation::next:        return {true, true,  true,  false, 0,          0};
    case interpolation::nearest:     return {true, true,  true,  false, 0,          0};
    case interpolation::linear:      return {true, false, true,  true,  0,          0};
    case interpolation::angle:       return {true, false, false, false, 0,          0};
    case interpolation::catmull_rom: return {true, false, false, false, 1,          0};
    case interpolation::pchip:       return {true, false, false, false, 1,          0};
    case interpolation::akima:       return {true, false, false, false, 2,          0};
    case interpolation::slerp:       return {true, false, false, false, 0,          4};
      // clang-format on
  }
  return {};
}

/// How many methods there are: their values are 0, 1, 2 and so on.
ROBOCACHE_HOST_DEVICE constexpr int method_count() noexcept {
  int count = 0;
  while (traits_of(static_cast<interpolation>(count)).exists) { ++count; }
  return count;
}

/// True for the methods whose result is one sample.
ROBOCACHE_HOST_DEVICE constexpr bool is_hold(interpolation method) noexcept { return method < interpolation::linear; }

/// True for the methods whose result is one sample, or lies on the straight line between two: what the plain kernels
/// do.
ROBOCACHE_HOST_DEVICE constexpr bool is_straight(interpolation method) noexcept {
  return method <= interpolation::linear;
}

/// True for the methods that read neighbours of the bracket.
ROBOCACHE_HOST_DEVICE constexpr bool is_curved(interpolation method) noexcept {
  return method == interpolation::catmull_rom || method == interpolation::pchip || method == interpolation::akima;
}

/// How many samples outside of the bracket a method may read on each side.
ROBOCACHE_HOST_DEVICE constexpr int neighbours_of(interpolation method) noexcept {
  return !is_curved(method) ? 0 : method == interpolation::akima ? 2 : 1;
}

/// True for the methods that turn whole rows, of four channels.
ROBOCACHE_HOST_DEVICE constexpr bool is_rotation(interpolation method) noexcept {
  return method == interpolation::slerp;
}

namespace detail {

ROBOCACHE_HOST_DEVICE constexpr bool predicates_are_those_of_the_table() noexcept {
  for (int i = 0; i < method_count(); ++i) {
    auto const method = static_cast<interpolation>(i);
    method_traits const traits = traits_of(method);
    bool const straight = traits.holds || method == interpolation::linear;
    if (is_hold(method) != traits.holds || is_straight(method) != straight ||
        is_curved(method) != (traits.neighbours > 0) || neighbours_of(method) != traits.neighbours ||
        is_rotation(method) != (traits.channels == 4)) {
      return false;
    }
  }
  return true;
}
static_assert(predicates_are_those_of_the_table());

}  // namespace detail

}  // namespace robocache::device
