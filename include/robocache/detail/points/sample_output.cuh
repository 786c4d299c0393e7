// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/points.hpp>
#include <robocache/sampling.hpp>

namespace robocache::detail {

/// Where the samples of one cloud go.
struct sample_rows {
  std::int64_t* indices;
  float* points;  ///< may be null

  __device__ sample_rows(sample_output const& out, std::int64_t b, std::int64_t samples)
      : indices(out.indices + b * samples), points(out.points == nullptr ? nullptr : out.points + 3 * b * samples) {}

  __device__ void write(std::int64_t k, std::int64_t index, float x, float y, float z) const {
    indices[k] = index;
    if (points == nullptr) { return; }
    points[3 * k] = x;
    points[3 * k + 1] = y;
    points[3 * k + 2] = z;
  }

  /// Place k behind the `found` samples of a cloud. What they are is seen by this thread.
  __device__ void write_missing(std::int64_t k, std::int64_t found, shortage_rule shortage) const {
    if (shortage == shortage_rule::missing || found == 0) {
      write(k, -1, 0.0f, 0.0f, 0.0f);
      return;
    }
    std::int64_t const again = k % found;
    indices[k] = indices[again];
    for (int axis = 0; points != nullptr && axis < 3; ++axis) { points[3 * k + axis] = points[3 * again + axis]; }
  }
};

}  // namespace robocache::detail
