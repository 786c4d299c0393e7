// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/packed.cuh>
#include <robocache/device/timeline.cuh>
#include <robocache/points.hpp>

// Which points belong to a cloud of a batch, and to which cloud a row belongs.
namespace robocache::device {

/// The most points that a cloud has. Packed rows of one cloud beyond that are not points.
inline constexpr std::int64_t most_cloud_points = INT32_MAX;

/// How many points of padded cloud b are real.
template <class Clouds>
ROBOCACHE_HOST_DEVICE inline std::int64_t length_of_cloud(Clouds const& clouds, std::int64_t b) {
  return clouds.lengths == nullptr ? clouds.length : detail::clamp(clouds.lengths[b], 0, clouds.length);
}

/// The points of one cloud, resolved from a batch.
struct cloud {
  std::int64_t length = 0;       ///< points
  std::int64_t batch_index = 0;  ///< times a batch stride; 0 if packed
  std::int64_t first_row = 0;    ///< of packed points; 0 unless packed

  /// Where point `i` begins, in elements.
  ROBOCACHE_HOST_DEVICE std::int64_t element(std::int64_t i, std::int64_t batch_stride,
                                             std::int64_t point_stride) const {
    return batch_index * batch_stride + (first_row + i) * point_stride;
  }
};

/// Cloud `b` of a batch. Lengths and offsets are clamped, so that whatever they hold no access leaves the points; no
/// row is in two clouds.
ROBOCACHE_HOST_DEVICE inline cloud cloud_of(point_clouds const& clouds, std::int64_t b) {
  cloud one;
  one.length = clouds.length;
  if (clouds.packed()) {
    packed_rows const owned = rows_of_owner(clouds.offsets, clouds.batch, clouds.rows, b);
    one.first_row = owned.begin;
    one.length = owned.end - owned.begin;
  } else {
    one.batch_index = b;
    one.length = length_of_cloud(clouds, b);
  }
  one.length = one.length < most_cloud_points ? one.length : most_cloud_points;
  return one;
}

/// Neighbouring rows that are points of one cloud, or are not points. Rows are counted over all clouds, padding
/// included.
struct cloud_rows {
  std::int64_t b;      ///< the cloud; negative: padding, or rows that no cloud owns
  std::int64_t end;    ///< one past the last row
  std::int64_t begin;  ///< the cloud's first row
};

/// The rows from `row` on, which is one of padded cloud b.
/// @tparam Clouds  `point_clouds`, or any type with its fields
template <class Clouds>
ROBOCACHE_HOST_DEVICE inline cloud_rows padded_rows_from(Clouds const& clouds, std::int64_t row, std::int64_t b) {
  std::int64_t const begin = b * clouds.length;
  std::int64_t const length = length_of_cloud(clouds, b);
  return row < begin + length ? cloud_rows{b, begin + length, begin} : cloud_rows{-1, begin + clouds.length, begin};
}

/// The same for packed clouds.
/// @param owner  of the row
template <class Clouds>
ROBOCACHE_HOST_DEVICE inline cloud_rows packed_rows_from(Clouds const& clouds, std::int64_t row,
                                                         packed_rows const& owner) {
  bool const owned = owner.b >= 0 && owner.b < clouds.batch && row - owner.begin < most_cloud_points;
  std::int64_t const most = owned ? owner.begin + most_cloud_points : owner.end;
  return {owned ? owner.b : -1, owner.end < most ? owner.end : most, owner.begin};
}

}  // namespace robocache::device
