// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "fuse/cases.hpp"
#include "support/requirement.hpp"

namespace robocache::bench {

/// What is done to the values of a policy input.
enum class treatment : std::uint8_t {
  none,      ///< what `fuse` does
  finished,  ///< scale, shift and clamp
  poses,     ///< positions and rotations relative to the pose at the anchor, rotations as 6 numbers; then finished
};

/// One line of the table: windows out of a store, and with `history` two rows at the same anchors before them.
struct policy_input_case {
  fuse_case windows;  ///< joints, positions, quaternions, forces: FP32, stamps int64
  treatment done = treatment::none;
  bool history = false;
  bool as_of = false;  ///< nothing is known that was stamped after the anchor
  requirement required{};
};

/// "policy_input/B:4096/T:32/poses/cold".
std::string name_of(policy_input_case const& one);

std::vector<policy_input_case> all_policy_input_cases();

/// One robot's history and chunk: on it the host time of one call is measured.
policy_input_case one_robots_input();

}  // namespace robocache::bench
