// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/device/cell.cuh>
#include <robocache/device/extreme.cuh>

#include "host/common/clouds/cell_rows.hpp"

/// Reductions of the features in one cell, some channels at a time.
namespace robocache::host::detail {

/// Sums of rows in the order in which they are added, as a tree: groups of 64 rows, then groups of 64 of their sums,
/// and so on until one is left.
class tree_sums {
 public:
  explicit tree_sums(std::int64_t width) : width_(width) {}

  void begin() {
    count_ = 0;
    top_ = 0;
    std::fill_n(levels_[0], width_, 0.0f);
  }

  void add(float const* row) {
    if (count_ % group == 0 && count_ > 0) { carry(); }
    add_to(levels_[0], row);
    ++count_;
  }

  /// The sum of all rows. It is valid until the next `begin`.
  float const* end() {
    // A group that is not full yet is added up with the full ones before it. A level of one sum gives that sum: adding
    // it to +0 does not change it, because no sum that began at +0 is -0.
    for (int level = 0; level < top_; ++level) { add_to(levels_[level + 1], levels_[level]); }
    return levels_[top_];
  }

  std::int64_t count() const { return count_; }

 private:
  static constexpr std::int64_t group = device::sum_group;
  static constexpr int most_levels = 6;  // 64^6 is more than the points of a cloud.

  void add_to(float* sums, float const* row) const {
#pragma omp simd
    for (std::int64_t c = 0; c < width_; ++c) { sums[c] += row[c]; }
  }

  /// Moves the sums of groups that are full one level up.
  void carry() {
    int level = 0;
    for (std::int64_t groups = count_; groups % group == 0; ++level) {
      groups /= group;
      if (level == top_) { std::fill_n(levels_[++top_], width_, 0.0f); }
      add_to(levels_[level + 1], levels_[level]);
      std::fill_n(levels_[level], width_, 0.0f);
    }
  }

  std::int64_t width_;
  std::int64_t count_ = 0;
  int top_ = 0;
  alignas(64) float levels_[most_levels][most_channels];
};

/// The largest or smallest number in each channel, -0 below +0; NaN if there is any.
template <bool Largest>
class extremes {
 public:
  explicit extremes(std::int64_t width) : width_(width) {}

  void begin() { std::fill_n(keys_, width_, device::no_extreme<Largest>); }

  void add(float const* row) {
#pragma omp simd
    for (std::int64_t c = 0; c < width_; ++c) {
      std::uint32_t const key = device::extreme_of<Largest>(row[c]);
      keys_[c] = Largest ? std::max(keys_[c], key) : std::min(keys_[c], key);
    }
  }

  void end(float* numbers) const {
    for (std::int64_t c = 0; c < width_; ++c) { numbers[c] = device::from_order(keys_[c]); }
  }

 private:
  std::int64_t width_;
  alignas(64) std::uint32_t keys_[most_channels];
};

/// Which point holds the maximum or minimum of each channel: the first, if there are several.
template <bool Largest>
class holders {
 public:
  explicit holders(std::int64_t width) : width_(width) {
    std::fill_n(keys_, width, device::no_extreme<Largest>);
    std::fill_n(points_, width, 0u);
  }

  void add(float const* row, std::int64_t point) {
    auto const index = static_cast<std::uint32_t>(point);
#pragma omp simd
    for (std::int64_t c = 0; c < width_; ++c) {
      std::uint32_t const key = device::extreme_of<Largest>(row[c]);
      bool const beats = Largest ? key > keys_[c] : key < keys_[c];
      keys_[c] = beats ? key : keys_[c];
      points_[c] = beats ? index : points_[c];
    }
  }

  std::int64_t operator[](std::int64_t c) const { return points_[c]; }

 private:
  std::int64_t width_;
  alignas(64) std::uint32_t keys_[most_channels];
  alignas(64) std::uint32_t points_[most_channels];
};

}  // namespace robocache::host::detail
