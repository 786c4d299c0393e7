// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/sampling.hpp>

namespace robocache::host::detail {

/// Where the samples of one cloud go.
class sample_rows {
 public:
  sample_rows(sample_output const& out, std::int64_t b, std::int64_t samples)
      : samples_(samples),
        counts_(out.counts),
        indices_(out.indices + b * samples),
        points_(out.points == nullptr ? nullptr : out.points + 3 * b * samples) {}

  void write(std::int64_t k, std::int64_t index, float x, float y, float z) const {
    indices_[k] = index;
    if (points_ == nullptr) { return; }
    points_[3 * k] = x;
    points_[3 * k + 1] = y;
    points_[3 * k + 2] = z;
  }

  /// Writes how many samples cloud b gave, and what stands behind them.
  void finish(std::int64_t b, std::int64_t found, shortage_rule shortage) const {
    if (counts_ != nullptr) { counts_[b] = found; }
    for (std::int64_t k = found; k < samples_; ++k) {
      if (shortage == shortage_rule::missing || found == 0) {
        write(k, -1, 0.0f, 0.0f, 0.0f);
        continue;
      }
      std::int64_t const again = k % found;
      indices_[k] = indices_[again];
      for (int axis = 0; points_ != nullptr && axis < 3; ++axis) { points_[3 * k + axis] = points_[3 * again + axis]; }
    }
  }

 private:
  std::int64_t samples_;
  std::int64_t* counts_;
  std::int64_t* indices_;
  float* points_;
};

}  // namespace robocache::host::detail
