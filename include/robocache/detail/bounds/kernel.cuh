// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/bounds/params.hpp>
#include <robocache/detail/bounds/policy.cuh>
#include <robocache/detail/bounds/warp_search.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/points.hpp>

namespace robocache::detail {

/// A box around points, in whole numbers: `device::order_of` their coordinates.
struct point_box {
  std::uint32_t low[3];
  std::uint32_t high[3];
  std::uint32_t points;
};

inline __device__ point_box empty_box() { return {{UINT32_MAX, UINT32_MAX, UINT32_MAX}, {0, 0, 0}, 0}; }

/// Makes the box hold a point, if it is finite.
inline __device__ void add_point(point_box& box, float const (&at)[3]) {
  if (!device::is_finite(at[0]) || !device::is_finite(at[1]) || !device::is_finite(at[2])) { return; }
#pragma unroll
  for (int axis = 0; axis < 3; ++axis) {
    std::uint32_t const order = device::order_of(at[axis]);
    box.low[axis] = min(box.low[axis], order);
    box.high[axis] = max(box.high[axis], order);
  }
  ++box.points;
}

/// The box around those of all lanes.
inline __device__ point_box merge_boxes(point_box box) {
#pragma unroll
  for (int axis = 0; axis < 3; ++axis) {
    box.low[axis] = __reduce_min_sync(0xffffffffu, box.low[axis]);
    box.high[axis] = __reduce_max_sync(0xffffffffu, box.high[axis]);
  }
  box.points = __reduce_add_sync(0xffffffffu, box.points);
  return box;
}

/// The bits of non-negative floats ascend with their values, those of negative ones descend: so one atomic operation
/// is enough in either case, whatever is there.
inline __device__ void lower_to(float* to, float x) {
  if (device::order_of(x) >= device::order_of(0.0f)) {
    atomicMin(reinterpret_cast<int*>(to), __float_as_int(x));
  } else {
    atomicMax(reinterpret_cast<unsigned*>(to), __float_as_uint(x));
  }
}

inline __device__ void raise_to(float* to, float x) {
  if (device::order_of(x) >= device::order_of(0.0f)) {
    atomicMax(reinterpret_cast<int*>(to), __float_as_int(x));
  } else {
    atomicMin(reinterpret_cast<unsigned*>(to), __float_as_uint(x));
  }
}

/// Called by one thread per box. A box without points adds nothing.
inline __device__ void add_box(cloud_bounds& to, point_box const& box) {
  if (box.points == 0) { return; }
#pragma unroll
  for (int axis = 0; axis < 3; ++axis) {
    lower_to(&to.low[axis], device::from_order(box.low[axis]));
    raise_to(&to.high[axis], device::from_order(box.high[axis]));
  }
  atomicAdd(&to.points, static_cast<std::int32_t>(box.points));
}

/// This lane's part of `count` points of a cloud.
/// @param element  of the first one
inline __device__ point_box box_of(point_clouds const& clouds, std::int64_t element, unsigned count) {
  unsigned const lane = threadIdx.x % 32;
  std::int64_t const stride = clouds.point_stride;
  std::int64_t const hop = 32 * stride;
  element += lane * stride;
  point_box box = empty_box();
  for (unsigned i = lane; i < count; i += 32 * bounds_points) {
    float at[bounds_points][3];
#pragma unroll
    for (int k = 0; k < bounds_points; ++k) {
      bool const exists = i + 32 * k < count;
      // A point that does not exist is not finite, and drops out.
      at[k][0] = exists ? __ldg(clouds.x + element) : NAN;
      at[k][1] = exists ? __ldg(clouds.y + element) : NAN;
      at[k][2] = exists ? __ldg(clouds.z + element) : NAN;
      element += hop;
    }
#pragma unroll
    for (int k = 0; k < bounds_points; ++k) { add_point(box, at[k]); }
  }
  return box;
}

/// Clouds without points.
template <int Threads>
__global__ void __launch_bounds__(Threads) clear_bounds_kernel(__grid_constant__ bounds_params const p) {
  let_next_launch_begin();
  std::int64_t const threads = std::int64_t(gridDim.x) * Threads;
  for (std::int64_t b = std::int64_t(blockIdx.x) * Threads + threadIdx.x; b < p.clouds.batch; b += threads) {
    p.bounds[b] = {{INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}, 0};
  }
}

/// All rows are dealt out evenly to the warps, wherever clouds begin and end. A warp adds the box of each cloud that
/// ends within its rows to the cloud's bounds; boxes of the last cloud, which goes on, are merged within the block
/// first.
template <int Threads>
__global__ void __launch_bounds__(Threads, bounds_blocks) bounds_kernel(__grid_constant__ bounds_params const p) {
  constexpr int warps = Threads / 32;
  __shared__ point_box boxes[warps];
  __shared__ std::int64_t owners[warps];
  int const warp = static_cast<int>(threadIdx.x / 32);
  int const lane = static_cast<int>(threadIdx.x % 32);
  std::int64_t const begin = (std::int64_t(blockIdx.x) * warps + warp) * p.rows_each;
  std::int64_t const end = min(begin + p.rows_each, p.clouds.total());
  std::int64_t owner = -1;
  point_box box = empty_box();
  for (std::int64_t row = begin; row < end;) {
    device::cloud_rows const next = rows_from(p.clouds, row, owner);
    std::int64_t const stop = min(next.end, end);
    if (next.b >= 0) {
      if (owner >= 0) {
        wait_for_launch_before();  // it cleared the bounds
        if (lane == 0) { add_box(p.bounds[owner], box); }
      }
      owner = next.b;
      std::int64_t const element = p.clouds.packed()
                                       ? row * p.clouds.point_stride
                                       : next.b * p.clouds.batch_stride + (row - next.begin) * p.clouds.point_stride;
      box = merge_boxes(box_of(p.clouds, element, static_cast<unsigned>(stop - row)));
    }
    row = stop;
  }
  wait_for_launch_before();
  if (lane == 0) {
    boxes[warp] = box;
    owners[warp] = owner;
  }
  __syncthreads();
  if (warp > 0) { return; }
  bool const mine = lane < warps;
  owner = mine ? owners[lane] : -1;
  box = mine ? boxes[lane] : empty_box();
  std::int64_t const first = owners[0];
  if (__ballot_sync(0xffffffffu, mine && owner != first) == 0) {
    box = merge_boxes(box);
    if (lane > 0) { return; }
  }
  if (owner >= 0) { add_box(p.bounds[owner], box); }
}

}  // namespace robocache::detail
