// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/series.hpp>

namespace robocache {

/// A batch of point clouds: a view, nothing is owned.
///
/// Make one with the named functions below; they fill in the fields that belong together. Coordinates are FP32. Point i
/// of cloud b has its x at `x[b * batch_stride + i * point_stride]`, of packed clouds at
/// `x[(offsets[b] + i) * point_stride]`; y and z likewise. All pointers are to memory of the side that reads them:
/// device memory for `voxelize`, host memory for `host::voxelize`. A cloud has less than 2^31 points.
struct point_clouds {
  float const* x = nullptr;
  float const* y = nullptr;
  float const* z = nullptr;
  std::int64_t batch = 0;   ///< B, clouds
  std::int64_t length = 0;  ///< N, points per cloud; the padded length where `lengths` is given; 0 if packed
  std::int64_t rows = 0;    ///< packed: points of all clouds together
  std::int64_t const* lengths = nullptr;   ///< not packed, optional: `[B]`, clamped into `[0, N]`
  std::int64_t const* offsets = nullptr;   ///< packed: `[B + 1]`, ascending; each is clamped into `[0, rows]`
  std::int64_t point_stride = 3;           ///< floats from one point to the next
  std::int64_t batch_stride = contiguous;  ///< floats from one cloud to the next; default `N * point_stride`

  /// True where the points of all clouds lie one after the other, found through `offsets`.
  ROBOCACHE_HOST_DEVICE constexpr bool packed() const noexcept { return offsets != nullptr; }

  /// Points of all clouds together, padding included.
  ROBOCACHE_HOST_DEVICE constexpr std::int64_t total() const noexcept { return packed() ? rows : batch * length; }

  /// Clouds of one length, `[batch, length, stride]`, x y z first in each point.
  /// @param stride   floats per point: 3, or more where other data follows x y z
  /// @param lengths  optional `[batch]`: how many points of each cloud are real; clamped into `[0, length]`
  ROBOCACHE_HOST_DEVICE static constexpr point_clouds dense(float const* xyz, std::int64_t batch, std::int64_t length,
                                                            std::int64_t stride = 3,
                                                            std::int64_t const* lengths = nullptr) noexcept {
    point_clouds c = separate(xyz, xyz + 1, xyz + 2, batch, length, lengths);
    c.point_stride = stride;
    return c;
  }

  /// Packed clouds `[rows, stride]`; cloud b owns points `offsets[b]` to `offsets[b + 1]`. Rows that no cloud owns,
  /// such as all rows of a batch of 0, are no points: -1 in maps, 0 in gradients.
  /// @param offsets  `[batch + 1]`, ascending; each is clamped into `[0, rows]`
  ROBOCACHE_HOST_DEVICE static constexpr point_clouds ragged(float const* xyz, std::int64_t const* offsets,
                                                             std::int64_t batch, std::int64_t rows,
                                                             std::int64_t stride = 3) noexcept {
    point_clouds c = separate_ragged(xyz, xyz + 1, xyz + 2, offsets, batch, rows);
    c.point_stride = stride;
    return c;
  }

  /// Clouds whose coordinates are three arrays, `[batch, length]` each.
  ROBOCACHE_HOST_DEVICE static constexpr point_clouds separate(float const* x, float const* y, float const* z,
                                                               std::int64_t batch, std::int64_t length,
                                                               std::int64_t const* lengths = nullptr) noexcept {
    point_clouds c;
    c.x = x;
    c.y = y;
    c.z = z;
    c.batch = batch;
    c.length = length;
    c.lengths = lengths;
    c.point_stride = 1;
    return c;
  }

  /// Packed clouds whose coordinates are three arrays, `[rows]` each.
  ROBOCACHE_HOST_DEVICE static constexpr point_clouds separate_ragged(float const* x, float const* y, float const* z,
                                                                      std::int64_t const* offsets, std::int64_t batch,
                                                                      std::int64_t rows) noexcept {
    point_clouds c = separate(x, y, z, batch, 0);
    c.offsets = offsets;
    c.rows = rows;
    return c;
  }
};

/// What points carry besides their place: a view, nothing is owned.
///
/// The channels of point i of cloud b begin at `values + b * batch_stride + i * point_stride`, of packed clouds at
/// `values + (offsets[b] + i) * point_stride`. Channels of a point are adjacent. Features that are stored between
/// the coordinates are a view as well: the intensity of `x y z intensity` is `{xyzi + 3, 1, contiguous, 4}`.
///
/// @tparam Value  `float`, `__half`, `__nv_bfloat16`; where they are only moved also `std::uint8_t`, `std::int32_t`,
///                `std::int64_t`
template <class Value>
struct point_features {
  static_assert(sizeof(detail::value_type<Value>) > 0);

  Value const* values = nullptr;           ///< `[B, N, C]`, or packed `[rows, C]`
  std::int64_t channels = 0;               ///< C; 0: no features
  std::int64_t batch_stride = contiguous;  ///< elements; default `N * point_stride`
  std::int64_t point_stride = contiguous;  ///< elements; default C
};

template <class Value, class... Rest>
point_features(Value const*, Rest...) -> point_features<Value>;

/// What `find_bounds` says of one cloud. Of a cloud without a finite point, `low` is +infinity and `high` -infinity.
struct cloud_bounds {
  float low[3];         ///< the smallest x, y and z of finite points
  float high[3];        ///< the largest
  std::int32_t points;  ///< how many points are finite: all three coordinates
};

/// Where `voxelize_backward` puts gradients with respect to features: a view in their shape.
template <class Value>
struct feature_gradients {
  static_assert(sizeof(detail::float_result_type<Value>) > 0);

  Value* values = nullptr;                 ///< `[B, N, C]`, or packed `[rows, C]`
  std::int64_t batch_stride = contiguous;  ///< elements; default `N * point_stride`
  std::int64_t point_stride = contiguous;  ///< elements; default C
};

template <class Value, class... Strides>
feature_gradients(Value*, Strides...) -> feature_gradients<Value>;

}  // namespace robocache
