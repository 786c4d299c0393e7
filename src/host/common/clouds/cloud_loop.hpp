// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/device/cell.cuh>
#include <robocache/points.hpp>

#include "host/common/parallel.hpp"

namespace robocache::host::detail {

/// What a cloud costs, roughly, in bytes that are read and written.
struct cloud_cost {
  std::int64_t grid_bytes;   ///< of all results by cell
  std::int64_t point_bytes;  ///< coordinates, features, and intermediate results

  std::int64_t of(std::int64_t points) const {
    // The products of sizes that no check refuses may exceed 64 bits.
    constexpr double most = 1e18;
    double const bytes =
        static_cast<double>(grid_bytes) + static_cast<double>(point_bytes) * static_cast<double>(points);
    return static_cast<std::int64_t>(std::min(bytes, most));
  }
};

/// Calls `body(b)` for each cloud of a batch: small ones shared out to the threads, large ones one after the other, so
/// that all threads can work on each.
template <class Body>
void for_each_cloud(point_clouds const& clouds, cloud_cost const& cost, Body const& body) {
  constexpr std::int64_t large_bytes = std::int64_t{4} << 20;
  auto const is_large = [&](std::int64_t b) { return cost.of(device::cloud_of(clouds, b).length) > large_bytes; };
  std::int64_t small = 0;
  std::int64_t small_bytes = 0;
  for (std::int64_t b = 0; b < clouds.batch; ++b) {
    if (is_large(b)) {
      body(b);
    } else {
      ++small;
      small_bytes += cost.of(device::cloud_of(clouds, b).length);
    }
  }
  if (small == 0) { return; }
  for_each_piece(clouds.batch, small_bytes / clouds.batch, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      if (!is_large(b)) { body(b); }
    }
  });
}

}  // namespace robocache::host::detail
