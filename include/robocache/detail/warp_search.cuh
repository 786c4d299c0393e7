// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/device/cell.cuh>
#include <robocache/points.hpp>

// Which cloud rows belong to, asked by a warp whose lanes all ask for the same row.
namespace robocache::detail {

/// How many lanes say yes, from lane 0 to the first that does not.
inline __device__ int count_leading_lanes(bool mine) {
  unsigned const lanes = __ballot_sync(0xffffffffu, mine);
  return __popc(lanes & ~(lanes + 1));
}

/// `device::count_not_after` by a warp: each step leaves one of 32 parts. Where numbers do not ascend it still ends
/// between one that is at or before `value`, or the beginning, and one after it, or the end.
inline __device__ std::int64_t warp_count_not_after(std::int64_t const* sorted, std::int64_t length,
                                                    std::int64_t value) {
  std::int64_t low = 0;
  while (length > 0) {
    std::int64_t const part = (length + 31) / 32;
    std::int64_t const probe = threadIdx.x % 32 * part;
    int const parts = count_leading_lanes(probe < length && sorted[low + probe] <= value);
    if (parts == 0) { break; }
    std::int64_t const skipped = (parts - 1) * part + 1;  // the last probe at or before, counted in
    low += skipped;
    length = part - 1 < length - skipped ? part - 1 : length - skipped;
  }
  return low;
}

/// Neighbouring rows of one cloud, or of none.
struct owned_rows {
  std::int64_t b = -1;     ///< -1: none
  std::int64_t end = 0;    ///< the row behind them; rows are counted over all clouds, padding included
  std::int64_t first = 0;  ///< the first point of the cloud
  device::cloud cloud{};
};

/// The rows from `row` on, for `0 <= row < clouds.total()`.
/// @param last  the last cloud that is known to begin at or before `row`; -1: none is
inline __device__ owned_rows rows_from(point_clouds const& clouds, std::int64_t row, std::int64_t last) {
  std::int64_t b = 0;
  std::int64_t beyond = clouds.rows;  // where the next cloud begins
  if (clouds.packed()) {
    // As a rule the next one, or one of the next 32: the search is for the first time, and for many empty ones.
    std::int64_t const next = last + 1 + threadIdx.x % 32;
    int const near = count_leading_lanes(next <= clouds.batch && clouds.offsets[next] <= row);
    b = last + near;
    if (near == 32) { b += warp_count_not_after(clouds.offsets + (b + 1), clouds.batch - b, row); }
    if (b < clouds.batch) { beyond = device::detail::clamp(clouds.offsets[b + 1], row + 1, clouds.rows); }
    if (b < 0 || b == clouds.batch) { return {-1, beyond, 0, {}}; }
  } else {
    b = row / clouds.length;
    beyond = (b + 1) * clouds.length;
  }
  device::cloud const cloud = device::cloud_of(clouds, b);
  std::int64_t const first = clouds.packed() ? cloud.first_row : b * clouds.length;
  bool const owned = row < first + cloud.length;
  return {owned ? b : -1, owned ? first + cloud.length : beyond, first, cloud};
}

}  // namespace robocache::detail
