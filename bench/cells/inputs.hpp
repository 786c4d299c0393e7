// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <robocache/grid.hpp>
#include <robocache/points.hpp>

#include "cells/cases.hpp"

/// The points of voxelizing, on the host. Peers repeat these few lines.
namespace robocache::bench {

/// Clouds one after the other.
struct stored_clouds {
  std::vector<float> coordinates;     ///< x y z first in each point
  std::vector<std::int64_t> offsets;  ///< of each cloud's first point, and of the end
  std::int64_t stride = 3;            ///< floats per point

  std::int64_t batch() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::int64_t points() const { return offsets.back(); }

  /// All clouds, where copies of `coordinates` and `offsets` are. A single one is not packed.
  point_clouds together(float const* xyz, std::int64_t const* where) const {
    return batch() == 1 ? cloud(xyz, 0) : point_clouds::ragged(xyz, where, batch(), points(), stride);
  }
  /// Cloud b by itself.
  point_clouds cloud(float const* xyz, std::int64_t b) const {
    return point_clouds::dense(xyz + offsets[b] * stride, 1, offsets[b + 1] - offsets[b], stride);
  }

  /// The fewest bytes that a call must read of them: three coordinates per point, and the offsets.
  std::int64_t bytes() const {
    return 3 * points() * static_cast<std::int64_t>(sizeof(float)) +
           (batch() == 1 ? 0 : static_cast<std::int64_t>(offsets.size() * sizeof(std::int64_t)));
  }
};

/// True where the environment's ROBOCACHE_DATA names the folder of recordings.
bool has_recordings();

/// The points of a recording, as they are stored.
stored_clouds read_recording(scene from);

stored_clouds make_clouds(voxelize_case const& one);

/// Over the unit cube; of a recording over the bounds of its finite points, in whole cells from 0.
grid make_grid(voxelize_case const& one, stored_clouds const& clouds);

}  // namespace robocache::bench
