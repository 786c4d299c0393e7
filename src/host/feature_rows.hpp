// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/detail/voxel_check.hpp>
#include <robocache/device/cell.cuh>
#include <robocache/dtype.hpp>
#include <robocache/points.hpp>

#include "cell_rows.hpp"
#include "isa.hpp"
#include "point_ranges.hpp"

/// Features of points without their type: addresses, strides in bytes, and a function that knows the type.
namespace robocache::host::detail {

struct feature_rows {
  char const* values = nullptr;
  std::int64_t channels = 0;
  std::int64_t value_bytes = 1;
  std::int64_t batch_bytes = 0;
  std::int64_t point_bytes = 0;
  blend_function widen = nullptr;  ///< to float

  feature_rows() = default;

  /// Bytes of one point's features.
  std::int64_t row_bytes() const { return channels * value_bytes; }

  template <class Value>
  feature_rows(point_features<Value> const& features, point_clouds const& clouds)
      : values(reinterpret_cast<char const*>(features.values)),
        channels(features.channels),
        value_bytes(sizeof(Value)),
        widen(best_blend_function(dtype_of<Value>::value, dtype::float32, std::min(channels, most_channels))) {
    auto const step = robocache::detail::strides_of(features, clouds, channels);
    batch_bytes = step.batch * value_bytes;
    point_bytes = step.row * value_bytes;
  }

  /// Reads channels `[first, first + width)` of `count <= rows_at_once` points of a cloud as floats, point after point.
  void load(device::cloud const& one, cell_point const* points, std::int64_t count, std::int64_t first,
            std::int64_t width, float* to) const {
    blend_record records[rows_at_once];
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t const place = one.element(point_of(points[i]), batch_bytes, point_bytes);
      records[i] = {values + place + first * value_bytes, nullptr, 0.0f};
    }
    widen(records, count, to, {width, width * static_cast<std::int64_t>(sizeof(float)), nullptr});
  }
};

}  // namespace robocache::host::detail
