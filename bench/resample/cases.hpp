// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <robocache/dtype.hpp>
#include <robocache/options.hpp>
#include <robocache/timeline.hpp>

#include "support/requirement.hpp"

namespace robocache::bench {

/// `resample`, or the gradients of its source's values by `resample_backward`.
enum class direction : std::uint8_t { forward, backward };

/// One line of the table: a resampling of `batch` trajectories from `source_length` to `target_length` rows.
struct resample_case {
  std::int64_t batch = 0;
  std::int64_t source_length = 0;
  std::int64_t target_length = 0;
  std::int64_t channels = 0;
  requirement required{};

  dtype value = dtype::bfloat16;  ///< of source and result
  stamp_dtype stamp = stamp_dtype::float32;
  timeline_kind source = timeline_kind::dense;
  timeline_kind target = timeline_kind::dense;
  interpolation method = interpolation::linear;
  bool mask = false;
  direction way = direction::forward;
  bool promises_order = true;  ///< backward: the call promises that targets ascend, which they do
  bool hot = false;            ///< one set of buffers, so that what fits stays in L2; else they rotate
};

/// "resample/bf16/B:32/S:500/T:250/D:256/cold"; what differs from the plain case is named before the last part.
std::string name_of(resample_case const& one);

/// The same shape and value type with dense float stamps, linear (integers: previous), without a mask, cold.
resample_case plain(resample_case const& one);

/// All cases, each after the plain one that it is compared with.
std::vector<resample_case> all_cases();

}  // namespace robocache::bench
