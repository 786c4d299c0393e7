// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <robocache/detail/bounds/check.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/cell.cuh>
#include <robocache/host.hpp>

#include "host/common/clouds/cloud_loop.hpp"
#include "host/common/parallel.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// A box around points, as `device::order_of` their coordinates: integers, with which -0 is below +0.
struct box {
  std::uint32_t low[3];
  std::uint32_t high[3];
  std::int64_t points = 0;

  box() {
    std::fill_n(low, 3, device::order_of(std::numeric_limits<float>::infinity()));
    std::fill_n(high, 3, device::order_of(-std::numeric_limits<float>::infinity()));
  }

  void add(float x, float y, float z) {
    if (!device::is_finite(x) || !device::is_finite(y) || !device::is_finite(z)) { return; }
    std::uint32_t const at[3] = {device::order_of(x), device::order_of(y), device::order_of(z)};
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], at[axis]);
      high[axis] = std::max(high[axis], at[axis]);
    }
    ++points;
  }

  void add(box const& other) {
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], other.low[axis]);
      high[axis] = std::max(high[axis], other.high[axis]);
    }
    points += other.points;
  }

  cloud_bounds bounds() const {
    cloud_bounds found{};
    for (int axis = 0; axis < 3; ++axis) {
      found.low[axis] = device::from_order(low[axis]);
      found.high[axis] = device::from_order(high[axis]);
    }
    found.points = static_cast<std::int32_t>(points);
    return found;
  }
};

/// The box around points `[begin, end)` of a cloud.
box box_of(point_clouds const& clouds, robocache::detail::strides const& step, device::cloud const& one,
           std::int64_t begin, std::int64_t end) {
  box around;
  for (std::int64_t i = begin; i < end; ++i) {
    std::int64_t const e = one.element(i, step.batch, step.row);
    around.add(clouds.x[e], clouds.y[e], clouds.z[e]);
  }
  return around;
}

}  // namespace
}  // namespace detail

status find_bounds(point_clouds const& clouds, cloud_bounds* bounds) {
  status const checked = robocache::detail::check_bounds(clouds, bounds);
  if (!checked.ok()) { return checked; }
  constexpr std::int64_t point_bytes = 3 * sizeof(float);
  auto const step = robocache::detail::strides_of(clouds);
  detail::for_each_cloud(clouds, {sizeof(cloud_bounds), point_bytes}, [&](std::int64_t b) {
    constexpr std::int64_t part_points = std::int64_t{1} << 16;
    auto const one = device::cloud_of(clouds, b);
    std::vector<detail::box> parts(static_cast<std::size_t>((one.length + part_points - 1) / part_points));
    auto const count = static_cast<std::int64_t>(parts.size());
    detail::for_each_piece(count, part_points * point_bytes, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        parts[static_cast<std::size_t>(i)] =
            detail::box_of(clouds, step, one, i * part_points, std::min(one.length, (i + 1) * part_points));
      }
    });
    detail::box all;
    for (auto const& part : parts) { all.add(part); }
    bounds[b] = all.bounds();
  });
  return checked;
}

}  // namespace robocache::host
