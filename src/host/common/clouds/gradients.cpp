// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstring>

#include <robocache/detail/common/clouds/reductions.hpp>
#include <robocache/device/cloud.cuh>

#include "host/common/clouds/backward_job.hpp"
#include "host/common/clouds/cell_sums.hpp"

namespace robocache::host::detail {
namespace {

/// The points of one cell, in the order of the cloud, and the channels that are worked on.
struct cell_part {
  device::cloud one;
  std::int64_t b;
  std::int64_t cell;
  cell_point const* points;
  std::int64_t count;
  std::int64_t channel;
  std::int64_t width;
};

/// Numbers as they are written: rounded to the type of the features.
class narrow_row {
 public:
  narrow_row(cell_backward_job const& job, float const* numbers, std::int64_t width)
      : value_bytes_(job.features.value_bytes) {
    convert_rows(job.out.narrow, numbers, 0, 1, bytes_, 0, width);
  }

  void copy_to(char* to, std::int64_t width) const {
    std::memcpy(to, bytes_, static_cast<std::size_t>(width * value_bytes_));
  }

  /// Writes the number of each channel c to `place(c)`.
  template <class Place>
  void deal_out(std::int64_t width, Place const& place) const {
    visit_word(static_cast<std::size_t>(value_bytes_), 0, [&](auto word) {
      for (std::int64_t c = 0; c < width; ++c) {
        std::memcpy(&word, bytes_ + c * value_bytes_, sizeof word);
        std::memcpy(place(c), &word, sizeof word);
      }
    });
  }

 private:
  std::int64_t value_bytes_;
  alignas(64) char bytes_[most_channels * sizeof(float)];
};

/// Where the gradients of a point of the cell begin.
char* place_of(cell_backward_job const& job, cell_part const& part, std::int64_t point) {
  return job.out.values + part.one.element(point, job.out.batch_bytes, job.out.point_bytes) +
         part.channel * job.features.value_bytes;
}

/// The gradients that sum and mean give to each point of the cell.
/// @return false: neither is wanted
bool shared_terms(cell_backward_job const& job, cell_part const& part, float* row) {
  if (job.given.sum != nullptr) { job.results.load(job.given.sum, part.b, part.cell, part.channel, row, part.width); }
  if (job.given.mean != nullptr) {
    alignas(64) float mean[most_channels];
    job.results.load(job.given.mean, part.b, part.cell, part.channel, mean, part.width);
    auto const count = static_cast<float>(job.counts != nullptr ? job.counts[part.cell] : part.count);
    for (std::int64_t c = 0; c < part.width; ++c) {
      float const term = mean[c] / count;
      row[c] = job.given.sum != nullptr ? row[c] + term : term;
    }
  }
  return robocache::detail::needs_of(job.given).sums;
}

/// Passes on the features of each point of the cell.
template <class Take>
void for_each_row(cell_backward_job const& job, cell_part const& part, Take const& take) {
  constexpr std::int64_t most_values = 4096;
  alignas(64) float room[most_values];
  float const* rows[rows_at_once];
  std::int64_t const most_rows = std::min(rows_at_once, most_values / part.width);
  for (std::int64_t first = 0; first < part.count; first += most_rows) {
    std::int64_t const count = std::min(most_rows, part.count - first);
    job.features.load(part.one, part.points + first, count, part.channel, part.width, room, rows);
    for (std::int64_t i = 0; i < count; ++i) { take(rows[i], point_of(part.points[first + i])); }
  }
}

/// Adds the gradients of maximum and minimum to the points that hold them, in the order of the formula.
/// @param row  the gradients that these points have already; null: none
void add_extremes(cell_backward_job const& job, cell_part const& part, float const* row) {
  bool const has_max = job.given.max != nullptr;
  bool const has_min = job.given.min != nullptr;
  holders<true> largest(part.width);
  holders<false> smallest(part.width);
  for_each_row(job, part, [&](float const* features, std::int64_t point) {
    if (has_max) { largest.add(features, point); }
    if (has_min) { smallest.add(features, point); }
  });
  alignas(64) float max[most_channels];
  alignas(64) float min[most_channels];
  if (has_max) { job.results.load(job.given.max, part.b, part.cell, part.channel, max, part.width); }
  if (has_min) { job.results.load(job.given.min, part.b, part.cell, part.channel, min, part.width); }
  for (std::int64_t c = 0; c < part.width; ++c) {
    if (has_max && row != nullptr) { max[c] = row[c] + max[c]; }
    if (has_max && has_min && largest[c] == smallest[c]) {
      max[c] = max[c] + min[c];
    } else if (has_min && row != nullptr) {
      min[c] = row[c] + min[c];
    }
  }
  // A point that holds both has its sum in `max`, which is written last.
  auto const channel_of = [&](std::int64_t point, std::int64_t c) {
    return place_of(job, part, point) + c * job.features.value_bytes;
  };
  if (has_min) {
    narrow_row(job, min, part.width).deal_out(part.width, [&](auto c) { return channel_of(smallest[c], c); });
  }
  if (has_max) {
    narrow_row(job, max, part.width).deal_out(part.width, [&](auto c) { return channel_of(largest[c], c); });
  }
}

void backward_part(cell_backward_job const& job, cell_part const& part) {
  alignas(64) float row[most_channels];
  bool const shared = shared_terms(job, part, row);
  if (shared) {
    narrow_row const numbers(job, row, part.width);
    for (std::int64_t i = 0; i < part.count; ++i) {
      numbers.copy_to(place_of(job, part, point_of(part.points[i])), part.width);
    }
  }
  if (robocache::detail::needs_of(job.given).extremes()) { add_extremes(job, part, shared ? row : nullptr); }
}

}  // namespace

std::int64_t cell_backward_job::cell_bytes() const {
  return robocache::detail::needs_of(given).results * results.channels * results.bytes();
}

void backward_range(cell_backward_job const& job, std::int64_t b, cell_range<cell_point> const& range) {
  cell_point const* const points = sort_by_cell(range);
  auto const one = device::cloud_of(job.from.clouds, b);
  bool const reads = robocache::detail::needs_of(job.given).extremes();
  // Points of a cell are anywhere among those of the cloud: their memory is prefetched. (Here in the loop, because
  // GCC drops calls of functions that do nothing else.)
  std::int64_t const last_byte = job.features.row_bytes() - 1;
  std::int64_t asked_for = 0;
  for (std::int64_t begin = 0, end = 0; begin < range.count; begin = end) {
    std::int64_t const place = place_in_range(points[begin]);
    while (end < range.count && place_in_range(points[end]) == place) { ++end; }
    for (; asked_for < std::min(range.count, end + rows_at_once); ++asked_for) {
      std::int64_t const point = point_of(points[asked_for]);
      char const* const to = job.out.values + one.element(point, job.out.batch_bytes, job.out.point_bytes);
      __builtin_prefetch(to, 1);
      __builtin_prefetch(to + last_byte, 1);
      if (reads) {
        __builtin_prefetch(job.features.at(one, point));
        __builtin_prefetch(job.features.at(one, point) + last_byte);
      }
    }
    std::int64_t const cell = job.from.places.cell_of(range.begin + place);
    for (std::int64_t channel = 0; channel < job.features.channels; channel += most_channels) {
      std::int64_t const width = std::min(most_channels, job.features.channels - channel);
      backward_part(job, {one, b, cell, points + begin, end - begin, channel, width});
    }
  }
}

}  // namespace robocache::host::detail
