// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/common/block_scan.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/sample_farthest_params.hpp>
#include <robocache/detail/points/sample_farthest_policy.cuh>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>

// Puts the finite points of each cloud in an order in which neighbours are neighbours in space: by cells of the box
// around them, along a Z-order curve. Within a cell they are as they come, so the order differs from run to run;
// samples do not, since points keep their indices.
namespace robocache::detail {

/// Calls `body(b, cloud, index, finite, x, y, z)` for the points of the block's slices of clouds, and `after(b)` behind
/// each slice, by all threads: what is beyond the cloud is not finite.
template <class Body, class After>
__device__ void for_points_of_slices(farthest_params const& p, Body body, After after) {
  std::int64_t const all = p.clouds.batch * p.slices;
  for (std::int64_t unit = blockIdx.x; unit < all; unit += gridDim.x) {
    std::int64_t const b = unit / p.slices;
    std::int64_t const slice = unit % p.slices;
    device::cloud const one = device::cloud_of(p.clouds, b);
    for (std::int64_t base = slice * order_threads; base < one.length; base += p.slices * order_threads) {
      std::int64_t const i = base + threadIdx.x;
      float x = NAN, y = NAN, z = NAN;
      if (i < one.length) {
        std::int64_t const e = one.element(i, p.clouds.batch_stride, p.clouds.point_stride);
        x = p.clouds.x[e];
        y = p.clouds.y[e];
        z = p.clouds.z[e];
      }
      body(b, one, static_cast<std::uint32_t>(i), device::is_finite_point(x, y, z), x, y, z);
    }
    after(b);
  }
}

/// Adds what the lanes found.
inline __device__ void merge_extent(cloud_extent& to, cloud_extent mine) {
#pragma unroll
  for (int axis = 0; axis < 3; ++axis) {
    mine.low[axis] = __reduce_min_sync(0xffffffffu, mine.low[axis]);
    mine.high[axis] = __reduce_min_sync(0xffffffffu, mine.high[axis]);
  }
  mine.first = __reduce_min_sync(0xffffffffu, mine.first);
  mine.missing = __reduce_add_sync(0xffffffffu, mine.missing);
  if (threadIdx.x % 32 != 0 || mine.missing == 0) { return; }
#pragma unroll
  for (int axis = 0; axis < 3; ++axis) {
    atomicMin(&to.low[axis], mine.low[axis]);
    atomicMin(&to.high[axis], mine.high[axis]);
  }
  atomicMin(&to.first, mine.first);
  atomicAdd(&to.missing, 0u - mine.missing);
}

inline __device__ cloud_extent no_extent() {
  constexpr std::uint32_t most = UINT32_MAX;
  return {{most, most, most}, {most, most, most}, most, 0};
}

/// The box around the finite points of each cloud, how many there are, and the first of them.
template <int Threads>
__global__ void __launch_bounds__(Threads) sample_farthest_extent_kernel(__grid_constant__ farthest_params const p) {
  let_next_launch_begin();
  wait_for_launch_before();
  cloud_extent mine = no_extent();
  for_points_of_slices(
      p,
      [&](std::int64_t, device::cloud const&, std::uint32_t index, bool finite, float x, float y, float z) {
        if (!finite) { return; }
        float const at[3] = {x, y, z};
#pragma unroll
        for (int axis = 0; axis < 3; ++axis) {
          mine.low[axis] = min(mine.low[axis], device::order_of(at[axis]));
          mine.high[axis] = min(mine.high[axis], ~device::order_of(at[axis]));
        }
        mine.first = min(mine.first, index);
        ++mine.missing;
      },
      [&](std::int64_t b) {
        merge_extent(p.extents[b], mine);
        mine = no_extent();
      });
}

/// Bits i of a number of ten bits at 3 i.
inline __device__ std::uint32_t spread_bits(std::uint32_t x) {
  x = (x | x << 16) & 0x030000ffu;
  x = (x | x << 8) & 0x0300f00fu;
  x = (x | x << 4) & 0x030c30c3u;
  return (x | x << 2) & 0x09249249u;
}

/// Which of `2^bits` parts of an extent along an axis `x` is in. Rounding changes the order of points alone.
inline __device__ std::uint32_t part_of(float x, std::uint32_t low, std::uint32_t high, int bits) {
  float const begin = device::from_order(low);
  float const extent = device::from_order(~high) - begin;
  int const parts = 1 << bits;
  // Without an extent, and where it is beyond FP32, the quotient is no number or 0.
  float const part = (x - begin) / extent * static_cast<float>(parts);
  return part >= 0.0f ? static_cast<std::uint32_t>(fminf(part, static_cast<float>(parts - 1))) : 0u;
}

inline __device__ std::uint32_t order_cell(farthest_params const& p, std::int64_t b, float x, float y, float z) {
  cloud_extent const& box = p.extents[b];
  return spread_bits(part_of(x, box.low[0], box.high[0], p.cell_bits)) |
         spread_bits(part_of(y, box.low[1], box.high[1], p.cell_bits)) << 1 |
         spread_bits(part_of(z, box.low[2], box.high[2], p.cell_bits)) << 2;
}

inline __device__ std::uint32_t* order_cells(farthest_params const& p, std::int64_t b) {
  return p.cells + (b << 3 * p.cell_bits);
}

/// Counts the points of each cell.
template <int Threads>
__global__ void __launch_bounds__(Threads) sample_farthest_count_kernel(__grid_constant__ farthest_params const p) {
  let_next_launch_begin();
  wait_for_launch_before();
  for_points_of_slices(
      p,
      [&](std::int64_t b, device::cloud const&, std::uint32_t, bool finite, float x, float y, float z) {
        if (finite) { atomicAdd(order_cells(p, b) + order_cell(p, b, x, y, z), 1u); }
      },
      [](std::int64_t) {});
}

/// How many points are in the cells before each: a block for each cloud.
template <int Threads>
__global__ void __launch_bounds__(Threads) sample_farthest_scan_kernel(__grid_constant__ farthest_params const p) {
  let_next_launch_begin();
  wait_for_launch_before();
  constexpr int each = 4;
  int const cells = 1 << 3 * p.cell_bits;
  for (std::int64_t b = blockIdx.x; b < p.clouds.batch; b += gridDim.x) {
    auto* const vectors = reinterpret_cast<uint4*>(order_cells(p, b));
    std::uint32_t before = 0;
    for (int base = 0; base < cells; base += each * Threads) {
      bool const there = base + each * static_cast<int>(threadIdx.x) < cells;
      uint4* const vector = vectors + base / each + threadIdx.x;
      uint4 const four = there ? *vector : uint4{0, 0, 0, 0};
      std::uint32_t total = 0;
      std::uint32_t const start = before + sum_before<Threads>(four.x + four.y + four.z + four.w, total);
      if (there) { *vector = uint4{start, start + four.x, start + four.x + four.y, start + four.x + four.y + four.z}; }
      before += total;
    }
  }
}

/// Where the points of a cloud are in order.
inline __device__ std::int64_t ordered_begin(farthest_params const& p, device::cloud const& one) {
  return p.clouds.packed() ? one.first_row : one.batch_index * p.clouds.length;
}

/// Moves the points there, and gives them their first distance.
template <int Threads>
__global__ void __launch_bounds__(Threads) sample_farthest_place_kernel(__grid_constant__ farthest_params const p) {
  let_next_launch_begin();
  wait_for_launch_before();
  for_points_of_slices(
      p,
      [&](std::int64_t b, device::cloud const& one, std::uint32_t index, bool finite, float x, float y, float z) {
        if (!finite) { return; }
        std::int64_t const to = ordered_begin(p, one) + atomicAdd(order_cells(p, b) + order_cell(p, b, x, y, z), 1u);
        p.ordered[to] = {x, y, z, index};
        p.distances[to] = INFINITY;
      },
      [](std::int64_t) {});
}

}  // namespace robocache::detail
