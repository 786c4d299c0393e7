// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/device/cell.cuh>
#include <robocache/dtype.hpp>
#include <robocache/points.hpp>

#include "host/common/clouds/cell_rows.hpp"
#include "host/common/clouds/point_ranges.hpp"
#include "host/common/isa.hpp"

/// Features of points without their type: addresses, strides in bytes, and a function that knows the type.
namespace robocache::host::detail {

struct feature_rows {
  char const* values = nullptr;
  std::int64_t channels = 0;
  std::int64_t value_bytes = 1;
  std::int64_t batch_bytes = 0;
  std::int64_t point_bytes = 0;
  blend_function widen = nullptr;  ///< to float; null: they are floats

  feature_rows() = default;

  /// Bytes of one point's features.
  std::int64_t row_bytes() const { return channels * value_bytes; }

  template <class Value>
  feature_rows(point_features<Value> const& features, point_clouds const& clouds)
      : values(reinterpret_cast<char const*>(features.values)),
        channels(features.channels),
        value_bytes(sizeof(Value)) {
    if (!std::is_same_v<Value, float>) {
      widen = best_blend_function(dtype_of<Value>::value, dtype::float32, std::min(channels, most_channels));
    }
    auto const step = robocache::detail::strides_of(features, clouds, channels);
    batch_bytes = step.batch * value_bytes;
    point_bytes = step.row * value_bytes;
  }

  /// Those of one cloud only, whose points are contiguous.
  feature_rows of(device::cloud const& one) const {
    feature_rows alone = *this;
    if (values != nullptr) { alone.values = at(one, 0); }
    return alone;
  }

  /// Where the features of a point begin.
  char const* at(device::cloud const& one, std::int64_t point) const {
    return values + one.element(point, batch_bytes, point_bytes);
  }

  /// Channels `[first, first + width)` of `count <= rows_at_once` points of a cloud, as floats.
  /// @param room  memory for `count * width` floats, used where the features are of another type
  /// @param rows  one address per point
  void load(device::cloud const& one, cell_point const* points, std::int64_t count, std::int64_t first,
            std::int64_t width, float* room, float const** rows) const {
    blend_record records[rows_at_once];
    for (std::int64_t i = 0; i < count; ++i) {
      char const* const from = at(one, point_of(points[i])) + first * value_bytes;
      // Points of a cell are anywhere among those of the cloud. The processor itself prefetches the rest of long rows.
      __builtin_prefetch(from);
      __builtin_prefetch(from + width * value_bytes - 1);
      records[i] = {from, nullptr, 0.0f};
      rows[i] = widen == nullptr ? reinterpret_cast<float const*>(from) : room + i * width;
    }
    if (widen != nullptr) {
      widen(records, count, room, {width, width * static_cast<std::int64_t>(sizeof(float)), nullptr});
    }
  }
};

}  // namespace robocache::host::detail
