// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/clouds/reductions.hpp>
#include <robocache/device/cell.cuh>

#include "host/common/clouds/cell_sums.hpp"
#include "host/common/clouds/job.hpp"

namespace robocache::host::detail {
namespace {

/// Some channels of cells, one cell after the other.
class cell_reduction {
 public:
  cell_reduction(cell_job const& job, std::int64_t b, std::int64_t channel, std::int64_t width)
      : job_(job),
        needs_(robocache::detail::needs_of(job.out)),
        b_(b),
        channel_(channel),
        width_(width),
        sums_(width),
        largest_(width),
        smallest_(width) {}

  void begin() {
    if (needs_.sums) { sums_.begin(); }
    if (needs_.largest) { largest_.begin(); }
    if (needs_.smallest) { smallest_.begin(); }
    count_ = 0;
  }

  /// One point's features.
  void add(float const* row) {
    if (needs_.sums) { sums_.add(row); }
    if (needs_.largest) { largest_.add(row); }
    if (needs_.smallest) { smallest_.add(row); }
    ++count_;
  }

  /// Writes the wanted results.
  void end(std::int64_t cell) {
    alignas(64) float row[most_channels];
    if (needs_.sums) { end_sums(cell, row); }
    end_extremes(job_.out.max, largest_, cell, row);
    end_extremes(job_.out.min, smallest_, cell, row);
  }

 private:
  void end_sums(std::int64_t cell, float* row) {
    float const* const sums = sums_.end();
    if (job_.out.mean != nullptr) {
      auto const count = static_cast<float>(count_);
      for (std::int64_t c = 0; c < width_; ++c) { row[c] = sums[c] / count; }
      job_.results.store(job_.out.mean, b_, cell, channel_, row, width_);
    }
    if (job_.out.sum == nullptr) { return; }
    if (job_.options.accumulate) {
      job_.results.load(job_.out.sum, b_, cell, channel_, row, width_);
      for (std::int64_t c = 0; c < width_; ++c) { row[c] += sums[c]; }
    }
    job_.results.store(job_.out.sum, b_, cell, channel_, job_.options.accumulate ? row : sums, width_);
  }

  template <bool Largest>
  void end_extremes(void* out, extremes<Largest>& found, std::int64_t cell, float* row) {
    if (out == nullptr) { return; }
    if (job_.options.accumulate) {
      job_.results.load(out, b_, cell, channel_, row, width_);
      found.add(row);
    }
    found.end(row);
    job_.results.store(out, b_, cell, channel_, row, width_);
  }

  cell_job const& job_;
  robocache::detail::reduction_needs needs_;
  std::int64_t b_;
  std::int64_t channel_;
  std::int64_t width_;
  std::int64_t count_ = 0;
  tree_sums sums_;
  extremes<true> largest_;
  extremes<false> smallest_;
};

/// The filter's points: x, y and z of voxels, one voxel after the other.
class centroids {
 public:
  centroids(cell_job const& job, std::int64_t b, std::int64_t /*channel*/, std::int64_t width)
      : job_(job), b_(b), sums_(width) {}

  void begin() { sums_.begin(); }

  /// One point.
  void add(float const* xyz) {
    if (sums_.count() == 0) { begin_at(xyz); }
    float from_corner[3];
    for (int axis = 0; axis < 3; ++axis) {
      from_corner[axis] = xyz[axis] - corner_[axis];
      lowest_[axis] = std::min(lowest_[axis], xyz[axis]);
      highest_[axis] = std::max(highest_[axis], xyz[axis]);
    }
    sums_.add(from_corner);
  }

  void end(std::int64_t voxel) {
    auto const count = static_cast<float>(sums_.count());
    float const* const sums = sums_.end();
    float xyz[3];
    for (int axis = 0; axis < 3; ++axis) {
      xyz[axis] = device::centroid_along(corner_[axis], sums[axis], count, lowest_[axis], highest_[axis]);
    }
    job_.results.store(job_.out.mean, b_, voxel, 0, xyz, 3);
  }

 private:
  /// @param xyz  any point of the voxel
  void begin_at(float const* xyz) {
    for (int axis = 0; axis < 3; ++axis) {
      corner_[axis] = device::corner_along(xyz[axis], job_.filter->origin[axis], job_.filter->size[axis]);
      lowest_[axis] = highest_[axis] = xyz[axis];
    }
  }

  cell_job const& job_;
  std::int64_t b_;
  float corner_[3] = {};
  float lowest_[3] = {};
  float highest_[3] = {};
  tree_sums sums_;
};

/// Channels `[channel, channel + width)` of all cells of a range that have points.
/// @tparam Reduction  of a cell: `cell_reduction` or `centroids`
/// @param points      sorted by cell
template <class Reduction>
void reduce_channels(cell_job const& job, std::int64_t b, cell_range<cell_point> const& range, cell_point const* points,
                     std::int64_t channel, std::int64_t width) {
  constexpr std::int64_t most_values = 4096;
  alignas(64) float room[most_values];
  float const* rows[rows_at_once];
  std::int64_t const most_rows = std::min(rows_at_once, most_values / width);
  auto const one = device::cloud_of(job.from.clouds, b);
  Reduction cell(job, b, channel, width);
  auto const end_cell = [&](cell_point last) { cell.end(job.from.places.cell_of(range.begin + place_in_range(last))); };
  for (std::int64_t first = 0; first < range.count; first += most_rows) {
    std::int64_t const count = std::min(most_rows, range.count - first);
    job.features.load(one, points + first, count, channel, width, room, rows);
    for (std::int64_t i = first; i < first + count; ++i) {
      bool const begins = i == 0 || place_in_range(points[i]) != place_in_range(points[i - 1]);
      if (begins && i > 0) { end_cell(points[i - 1]); }
      if (begins) { cell.begin(); }
      cell.add(rows[i - first]);
    }
  }
  if (range.count > 0) { end_cell(points[range.count - 1]); }
}

}  // namespace

void reduce_features(cell_job const& job, std::int64_t b, cell_range<cell_point> const& range) {
  if (!job.options.accumulate) {
    std::int64_t const begin = job.from.places.cell_of(range.begin);
    std::int64_t const end = job.from.places.cell_of(range.end);
    if (job.out.sum != nullptr) { job.results.fill(job.out.sum, b, begin, end, 0.0); }
    if (job.out.mean != nullptr) { job.results.fill(job.out.mean, b, begin, end, 0.0); }
    if (job.out.max != nullptr) { job.results.fill(job.out.max, b, begin, end, job.options.max_fill); }
    if (job.out.min != nullptr) { job.results.fill(job.out.min, b, begin, end, job.options.min_fill); }
  }
  cell_point const* const points = sort_by_cell(range);
  if (job.filter != nullptr) { return reduce_channels<centroids>(job, b, range, points, 0, 3); }
  for (std::int64_t channel = 0; channel < job.features.channels; channel += most_channels) {
    reduce_channels<cell_reduction>(job, b, range, points, channel,
                                    std::min(most_channels, job.features.channels - channel));
  }
}

}  // namespace robocache::host::detail
