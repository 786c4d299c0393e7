// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/standard.hpp>

namespace robocache {

/// What of an interpolated value the result is: derivatives of the interpolant's own formula, per second.
enum class derivative_order : std::uint8_t {
  value,
  velocity,      ///< for linear, angle, the cubics, and rotations by slerp, whose angular velocity has three channels
  acceleration,  ///< for linear and angle, where it is 0 inside of each bracket, and the cubics
};

}  // namespace robocache
