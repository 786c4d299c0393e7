// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "support/fuse/oracle.hpp"
#include "support/policy_input/problem.hpp"
#include "support/policy_input/rotations.hpp"

/// A policy input by the semantics, in double where they state an error, from the oracles of `fuse` and `resample`.
namespace test::oracle {

/// A number that is known up to an error; where it is known to the bit, both are the same.
struct bounds {
  float low;
  float high;
};

/// One row of a stream's results, before scale, shift, clamp and rounding.
struct policy_row {
  bool written = false;  ///< false: the fill value
  bool valid = false;
  std::int64_t newest = -1;      ///< where written: the newest sample read, counted over all trajectories of its source
  std::vector<bounds> values{};  ///< of all channels, unless it is a rotation
  matrix3 rotation{};
  double turn = 0;  ///< how far the rotation may turn away, in FP32
};

/// All rows of stream `i` of fusion `f`.
template <class Stamp>
std::vector<policy_row> rows_of(policy_problem<Stamp> const& p, std::size_t f, std::size_t i);

/// Channel `c` for target `k` of a trajectory after scale, shift and clamp.
template <class Stamp>
float finished(policy_stream_data<Stamp> const& s, float v, std::int64_t c, std::int64_t k);

}  // namespace test::oracle
