// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/series.hpp>
#include <robocache/timeline.hpp>

namespace robocache::detail {

template <class Stamp>
struct inspect_params {
  timeline<Stamp> when;
  std::int64_t source_batch;
  trajectory_report* reports;
  unsigned parts;  ///< blocks that share a trajectory
};

struct inspect_rotations_params {
  timeline<std::int64_t> when;  ///< without times: which rows each trajectory has
  typed_rows values;
  rotation_report* reports;
  unsigned parts;  ///< blocks that share a trajectory
};

}  // namespace robocache::detail
