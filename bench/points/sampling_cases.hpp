// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/requirement.hpp"

namespace robocache::bench {

enum class sampling_call : std::uint8_t { farthest, uniform, nearest, radius };

/// One line of the table: clouds of one size, all in one batch. Hot: they fit the L2 cache, and a policy has just made
/// them.
struct sampling_case {
  sampling_call call = sampling_call::farthest;
  std::int64_t batch = 1;
  std::int64_t points = 0;   ///< of a cloud
  std::int64_t samples = 0;  ///< of a cloud; of neighbours k
  requirement required{};

  std::int64_t queries = 0;  ///< of neighbours: the cloud's first points
  bool packed = false;
  bool surface = false;  ///< on a sphere instead of in a cube
};

/// "sample_farthest/B:32/N:20k/K:1024/uniform/hot"
std::string name_of(sampling_case const& one);

/// x, y and z of all points.
std::vector<float> draw_points(sampling_case const& one);

std::vector<sampling_case> all_sampling_cases();

/// A small one, on which the host time of one call is measured.
sampling_case small_sampling();

}  // namespace robocache::bench
