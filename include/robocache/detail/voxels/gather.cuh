// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/results.cuh>
#include <robocache/detail/common/clouds/sort.cuh>
#include <robocache/detail/common/float_stores.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>

// Copies the first points of each voxel to the voxel's slots.
namespace robocache::detail {

/// Sorts the lists of voxels with few points, in place. The first point is in front already.
inline __device__ void order_few(gather_params const& p, unsigned worker, unsigned workers) {
  std::int64_t const all = *p.kept;
  for (std::int64_t i = std::int64_t(worker) * gather_threads + threadIdx.x; i < all;
       i += std::int64_t(workers) * gather_threads) {
    unsigned const count = p.lists.counts[i] + 1;
    if (count < 3 || count > most_few_points) { continue; }
    std::uint32_t* const list = p.lists.rows + p.lists.starts[i];
    std::uint32_t rows[most_few_points];
#pragma unroll
    for (unsigned j = 0; j < most_few_points; ++j) { rows[j] = j < count ? list[j] : UINT32_MAX; }
    sort_registers(rows);
#pragma unroll
    for (unsigned j = 1; j < most_few_points; ++j) {
      if (j < count) { list[j] = rows[j]; }
    }
  }
}

/// The same for voxels with more than a few points, but not crowded: one warp per voxel.
/// @param rows  shared memory of the warp
/// @param worker, workers  this warp, and how many there are
inline __device__ void order_some(gather_params const& p, std::uint32_t* rows, unsigned worker, unsigned workers) {
  unsigned const all = p.lists.counters->some;
  unsigned const lane = threadIdx.x % 32;
  for (unsigned i = worker; i < all; i += workers) {
    cell_list const one = p.lists.some[i];
    for (unsigned j = lane; j < one.count; j += 32) { rows[j] = p.lists.rows[one.start + j]; }
    __syncwarp();
    sort_by_warp(rows, one.count);
    for (unsigned j = lane; j < one.count; j += 32) { p.lists.rows[one.start + j] = rows[j]; }
    __syncwarp();
  }
}

/// Puts the points of each voxel in their order; those of huge ones go to `ranks`. Blocks do different work side by
/// side.
template <int Threads>
__global__ void __launch_bounds__(Threads) voxel_order_kernel(__grid_constant__ gather_params const p) {
  static_assert(Threads == gather_threads);
  __shared__ std::uint32_t words[2 * most_block_points];  // as many as both ways of sorting need
  wait_for_launch_before();
  constexpr unsigned warps = Threads / 32;
  auto worker = static_cast<int>(blockIdx.x);
  if (worker < p.huge) { return sort_huge(p.lists, p.rows, words, worker, p.huge); }
  worker -= p.huge;
  if (worker < p.crowds) { return sort_crowds(p.lists, words, worker, p.crowds); }
  worker -= p.crowds;
  unsigned const warp = threadIdx.x / 32;
  if (worker < p.some) { return order_some(p, words + warp * most_tile_points, worker * warps + warp, p.some * warps); }
  order_few(p, worker - p.some, gridDim.x - p.huge - p.crowds - p.some);
}

/// The points of a voxel in their order.
struct ordered_voxel {
  std::uint32_t start;
  unsigned count;

  __device__ ordered_voxel(point_lists const& lists, std::int64_t voxel)
      : start(lists.starts[voxel]), count(lists.counts[voxel] + 1) {}

  /// The row of point i. A voxel with one point has no list.
  __device__ std::uint32_t row(point_lists const& lists, std::int64_t i) const {
    if (count == 1) { return start; }
    return (count > most_block_points ? lists.ranks : lists.rows)[start + i];
  }
};

/// How many points of a voxel are kept.
inline __device__ std::int32_t kept_points(gather_params const& p, unsigned count) {
  return static_cast<std::int32_t>(min(count, p.max_points.value));
}

/// Writes the voxels: a thread takes some vectors of slots, next to those of its neighbours.
template <class Value, int N>
__global__ void __launch_bounds__(gather_threads) voxel_gather_kernel(__grid_constant__ gather_params const p) {
  constexpr int at_once = gather_at_once;
  wait_for_launch_before();
  auto const* const features = static_cast<Value const*>(p.features.values);
  divisor const& vectors = p.features.vectors;
  std::int64_t const items = *p.kept * p.max_points.value * vectors.value;
  bool const narrow = items <= INT32_MAX;
  auto const divide = [&](std::int64_t n, divisor const& by) {
    return narrow ? std::int64_t{by.quotient(static_cast<std::uint32_t>(n))} : n / by.value;
  };
  for (std::int64_t base = std::int64_t(blockIdx.x) * gather_threads * at_once; base < items;
       base += std::int64_t(gridDim.x) * gather_threads * at_once) {
    std::int64_t line[at_once];  // of all slots
    std::int64_t row[at_once];   // negative: an empty slot
    packed_floats<Value, N> packed[at_once] = {};
#pragma unroll
    for (int i = 0; i < at_once; ++i) {
      std::int64_t const item = min(base + i * gather_threads + threadIdx.x, items - 1);
      line[i] = divide(item, vectors);
      std::int64_t const voxel = divide(line[i], p.max_points);
      std::int64_t const slot = line[i] - voxel * p.max_points.value;
      ordered_voxel const points(p.lists, voxel);
      row[i] = slot < points.count ? std::int64_t{points.row(p.lists, slot)} : -1;
      if (p.count != nullptr && item == voxel * p.max_points.value * vectors.value) {
        p.count[voxel] = kept_points(p, points.count);
      }
    }
#pragma unroll
    for (int i = 0; i < at_once; ++i) {
      std::int64_t const item = base + i * gather_threads + threadIdx.x;
      if (row[i] < 0 || item >= items) { continue; }
      std::int64_t const channel = (item - line[i] * vectors.value) * N;
      packed[i] = load_packed<N>(features + p.features.skip(row[i]) + row[i] * p.features.point_stride + channel);
    }
#pragma unroll
    for (int i = 0; i < at_once; ++i) {
      std::int64_t const item = base + i * gather_threads + threadIdx.x;
      if (item >= items) { continue; }
      float x[N];
      unpack(packed[i], x);
      store_floats(p.type, p.values + item * N * p.type_bytes, 0, x, p.aligned);
      if (p.slots != nullptr && row[i] >= 0 && item == line[i] * vectors.value) { p.slots[row[i]] = line[i]; }
    }
  }
}

/// The same without values: one warp per voxel, whatever the number of its slots.
template <int Threads>
__global__ void __launch_bounds__(Threads) voxel_slots_kernel(__grid_constant__ gather_params const p) {
  wait_for_launch_before();
  std::int64_t const warps = std::int64_t(gridDim.x) * (Threads / 32);
  unsigned const lane = threadIdx.x % 32;
  for (std::int64_t voxel = std::int64_t(blockIdx.x) * (Threads / 32) + threadIdx.x / 32; voxel < *p.kept;
       voxel += warps) {
    std::int32_t const kept = kept_points(p, p.lists.counts[voxel] + 1);
    if (p.count != nullptr && lane == 0) { p.count[voxel] = kept; }
    if (p.slots == nullptr) { continue; }
    ordered_voxel const points(p.lists, voxel);
    for (std::int32_t i = static_cast<std::int32_t>(lane); i < kept; i += 32) {
      p.slots[points.row(p.lists, i)] = voxel * p.max_points.value + i;
    }
  }
}

}  // namespace robocache::detail
