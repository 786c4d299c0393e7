// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/requirement.hpp"

namespace robocache::bench {

/// What a tick does.
enum class tick : std::uint8_t {
  append,         ///< rows of all streams
  append_pinned,  ///< the same out of pinned host memory
  fuse,           ///< the rings; beside it the same samples laid out one after the other
  both,  ///< a clock moves on, rows are appended, and the rings are fused; beside it the same without appending
};

/// One line of the table: eight streams of a robot, or of `batch` simulated ones, FP32, stamps int64.
struct online_case {
  std::int64_t batch = 1;
  tick does = tick::append;
  requirement required{};
};

/// "online/B:4096/fuse/cold".
std::string name_of(online_case const& one);

std::vector<online_case> all_online_cases();

}  // namespace robocache::bench
