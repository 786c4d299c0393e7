// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/warp_bisect.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/packed.cuh>
#include <robocache/points.hpp>

// The cloud to which rows belong, for a warp whose lanes all ask for the same row.
namespace robocache::detail {

/// How many lanes say yes, from lane 0 to the first that does not.
inline __device__ int count_leading_lanes(bool mine) {
  unsigned const lanes = __ballot_sync(0xffffffffu, mine);
  return __popc(lanes & ~(lanes + 1));
}

/// The owner of packed row `row`.
/// @param last  the owner of a row before it; -1: none is known
inline __device__ device::packed_rows owner_by_warp(point_clouds const& clouds, std::int64_t row, std::int64_t last) {
  // Usually it is the next one, or one of the next 32. The search is for the first time, for many empty clouds, and
  // for offsets that descend.
  std::int64_t const next = last + 1 + threadIdx.x % 32;
  int const near = count_leading_lanes(next <= clouds.batch && clouds.offsets[next] <= row);
  if (near < 32) {
    auto const found = device::rows_of_owner(clouds.offsets, clouds.batch, clouds.rows, last + near);
    if (found.begin <= row && row < found.end) { return found; }
  }
  std::int64_t const b = warp_count_not_after(clouds.offsets, clouds.batch + 1, row) - 1;
  return device::rows_of_owner(clouds.offsets, clouds.batch, clouds.rows, b);
}

/// The rows from `row` on, for `0 <= row < clouds.total()`. There is a cloud.
/// @param last  as `owner_by_warp` takes it
inline __device__ device::cloud_rows rows_from(point_clouds const& clouds, std::int64_t row, std::int64_t last) {
  if (clouds.packed()) {
    device::packed_rows const owner = owner_by_warp(clouds, row, last);
    return device::packed_rows_from(clouds, row, owner);
  }
  return device::padded_rows_from(clouds, row, row / clouds.length);
}

}  // namespace robocache::detail
