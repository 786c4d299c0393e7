// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/crop_points_params.hpp>
#include <robocache/detail/points/crop_points_policy.cuh>
#include <robocache/detail/points/packing.cuh>
#include <robocache/detail/points/packing_sums.cuh>
#include <robocache/device/camera.cuh>
#include <robocache/device/cloud.cuh>
#include <robocache/device/packed.cuh>

namespace robocache::detail {

/// The rows around `row` that have its cloud. Clouds that begin in the middle of a warp are found lane by lane.
ROBOCACHE_NOINLINE inline __device__ device::cloud_rows rows_around(point_clouds const& clouds, std::int64_t rows,
                                                                    std::int64_t row) {
  if (!clouds.packed()) { return device::padded_rows_from(clouds, row, row / clouds.length); }
  return device::packed_rows_from(clouds, row, device::owner_of_row(clouds.offsets, clouds.batch, rows, row));
}

/// What a lane knows of the cloud that its row is in.
struct lane_cloud {
  device::cloud_rows rows{-1, 0, 0};
  device::pose to_world{};
  crop_box box{};

  /// Rows ascend.
  __device__ void move_to(crop_points_params const& p, std::int64_t row) {
    if (row < rows.end) { return; }
    rows = rows_around(p.clouds, p.rows, row);
    if (rows.b < 0) { return; }
    if (p.poses != nullptr) { to_world = device::pose_at(p.poses, rows.b); }
    if (p.boxes != nullptr) { box = p.boxes[rows.b]; }
  }

  /// The element of a row, from its stride and the one between padded clouds.
  __device__ std::int64_t element(crop_points_params const& p, std::int64_t row, std::int64_t stride,
                                  std::int64_t batch_stride) const {
    return p.clouds.packed() ? row * stride : rows.b * batch_stride + (row - rows.begin) * stride;
  }
};

/// A block's part of shared memory.
template <int Threads>
struct crop_memory {
  static constexpr int warps = Threads / 32;
  static constexpr int warp_rows = 32 * crop_rows_each;
  alignas(16) float vectors[warps][3 * warp_rows];
  std::uint8_t sources[warps][warp_rows];  ///< which of its warp's rows each one was
  std::uint32_t kept[warps];
  std::uint32_t before_tile;
  std::uint32_t tile;
};

/// The points of a lane, 32 rows apart.
struct lane_points {
  device::point3 at[crop_rows_each];
  bool kept[crop_rows_each];

  __device__ void find(crop_points_params const& p, lane_cloud const& of, int r, device::point3 const& from) {
    at[r] = p.poses == nullptr ? from : device::transform(of.to_world, from);
    kept[r] = device::is_kept(p.boxes != nullptr, of.box, at[r]);
  }
};

inline __device__ device::point3 load_point(point_clouds const& clouds, std::int64_t element) {
  return {__ldg(clouds.x + element), __ldg(clouds.y + element), __ldg(clouds.z + element)};
}

/// All rows of a warp that are of one cloud: they are loaded at once.
inline __device__ void find_of_one_cloud(crop_points_params const& p, lane_cloud const& of, std::int64_t first,
                                         lane_points& mine) {
  std::int64_t const step = 32 * p.clouds.point_stride;
  std::int64_t const from = of.element(p, first + threadIdx.x % 32, p.clouds.point_stride, p.clouds.batch_stride);
  device::point3 raw[crop_rows_each];
#pragma unroll
  for (int r = 0; r < crop_rows_each; ++r) { raw[r] = load_point(p.clouds, from + r * step); }
#pragma unroll
  for (int r = 0; r < crop_rows_each; ++r) { mine.find(p, of, r, raw[r]); }
}

/// Rows of any clouds, or of none.
inline __device__ void find_of_some_clouds(crop_points_params const& p, std::int64_t first, lane_points& mine) {
  lane_cloud of;
#pragma unroll
  for (int r = 0; r < crop_rows_each; ++r) {
    std::int64_t const row = first + r * 32 + threadIdx.x % 32;
    mine.at[r] = {};
    mine.kept[r] = false;
    if (row >= p.rows) { continue; }
    of.move_to(p, row);
    if (of.rows.b < 0) { continue; }
    mine.find(p, of, r, load_point(p.clouds, of.element(p, row, p.clouds.point_stride, p.clouds.batch_stride)));
  }
}

/// The normals of the rows that a warp keeps, turned, in the place of their points.
inline __device__ void leave_normals(crop_points_params const& p, std::int64_t first, std::uint8_t const* sources,
                                     std::uint32_t count, float* of_warp) {
  lane_cloud of;
  for (std::uint32_t i = threadIdx.x % 32; i < count; i += 32) {
    std::int64_t const row = first + sources[i];
    of.move_to(p, row);
    float const* const from = p.normals + of.element(p, row, p.normal_stride, p.normal_batch_stride);
    device::point3 const normal{__ldg(from), __ldg(from + 1), __ldg(from + 2)};
    leave_vector(of_warp, i, p.poses == nullptr ? normal : device::rotate(of.to_world, normal));
  }
}

/// Says how many rows a block's tile keeps as soon as that is known, and writes them once all tiles before have said
/// so. Tiles are begun in their order, whatever the order of blocks, so that those before are done or under way.
template <int Threads>
__global__ void __launch_bounds__(Threads, crop_blocks)
    crop_points_kernel(__grid_constant__ crop_points_params const p) {
  constexpr int each = crop_rows_each;
  using memory = crop_memory<Threads>;
  __shared__ memory shared;
  let_next_launch_begin();
  wait_for_launch_before();
  if (threadIdx.x == 0) { shared.tile = atomicAdd(p.own.next_tile, 1u); }
  __syncthreads();
  std::uint32_t const tile = shared.tile;
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  std::int64_t const first = std::int64_t{tile} * (memory::warps * memory::warp_rows) + warp * memory::warp_rows;
  lane_points mine;
  lane_cloud of;
  if (first < p.rows) { of.move_to(p, first); }
  if (of.rows.b >= 0 && first + memory::warp_rows <= min(of.rows.end, p.rows)) {
    find_of_one_cloud(p, of, first, mine);
  } else {
    find_of_some_clouds(p, first, mine);
  }
  unsigned kept[each];
  std::uint32_t count = 0;
#pragma unroll
  for (int r = 0; r < each; ++r) {
    kept[r] = __ballot_sync(0xffffffffu, mine.kept[r]);
    count += static_cast<std::uint32_t>(__popc(kept[r]));
  }
  if (lane == 0) { shared.kept[warp] = count; }
  __syncthreads();
  std::uint32_t const of_lane = lane < memory::warps ? shared.kept[lane] : 0;
  if (warp == 0) {
    auto const total = static_cast<std::uint32_t>(sum_over_warp(static_cast<int>(of_lane)));
    if (lane == 0) { say_kept(p.own, tile, total); }
  }
  std::uint32_t place = 0;
#pragma unroll
  for (int r = 0; r < each; ++r) {
    if (mine.kept[r]) {
      std::uint32_t const to = place + lanes_before(kept[r]);
      leave_vector(shared.vectors[warp], to, mine.at[r]);
      shared.sources[warp][to] = static_cast<std::uint8_t>(r * 32 + lane);
    }
    std::int64_t const row = first + r * 32;
    if (lane == 0 && row < p.rows) { p.kept[row / 32] = kept[r]; }
    place += static_cast<std::uint32_t>(__popc(kept[r]));
  }
  if (warp == 0) {
    std::uint32_t const before = kept_before_tile(p.own, tile);
    if (lane == 0) { shared.before_tile = before; }
  }
  __syncthreads();
  place = shared.before_tile + static_cast<std::uint32_t>(sum_over_warp(static_cast<int>(lane < warp ? of_lane : 0)));
  write_vectors(p.points, shared.vectors[warp], place, count);
  if (p.normals != nullptr) {
    __syncwarp();
    leave_normals(p, first, shared.sources[warp], count, shared.vectors[warp]);
    __syncwarp();
    write_vectors(p.out_normals, shared.vectors[warp], place, count);
  }
  if (p.features.to == nullptr) { return; }
  auto const from = [&](std::uint32_t i) {
    std::int64_t const row = first + shared.sources[warp][i];
    if (p.clouds.packed()) { return row * p.features.row_step; }
    std::int64_t const b = row / p.clouds.length;
    return b * p.features.batch_step + (row - b * p.clouds.length) * p.features.row_step;
  };
  move_rows(p.features, from, place, count);
}

/// How many rows before `row` are kept. Called by a warp.
/// @tparam Rows  of a tile
template <int Rows>
__device__ std::int64_t kept_before(crop_points_params const& p, std::int64_t row) {
  std::int64_t const tile = row / Rows;
  std::uint32_t const before = kept_before_tile(p.own, static_cast<std::uint32_t>(tile));
  auto const rest = static_cast<int>(row - tile * Rows);
  int count = 0;
  for (int word = static_cast<int>(threadIdx.x % 32); word * 32 < rest; word += 32) {
    std::uint32_t const bits = p.kept[tile * (Rows / 32) + word];
    int const rows = rest - word * 32;
    count += __popc(rows >= 32 ? bits : bits & ((1u << rows) - 1));
  }
  return before + sum_over_warp(count);
}

/// Where each cloud begins, and how many of its points were not kept. A warp has a cloud.
template <int Threads>
__global__ void __launch_bounds__(Threads) crop_offset_kernel(__grid_constant__ crop_points_params const p) {
  constexpr int tile_rows = crop_threads * crop_rows_each;
  wait_for_launch_before();
  point_clouds const& clouds = p.clouds;
  std::int64_t const b = std::int64_t(blockIdx.x) * (Threads / 32) + threadIdx.x / 32;
  if (b > clouds.batch) { return; }
  auto const begin_of = [&](std::int64_t one) {
    return clouds.packed() ? device::rows_before_owner(clouds.offsets, clouds.batch, p.rows, one) : one * clouds.length;
  };
  std::int64_t const begin = begin_of(b);
  std::int64_t const before = kept_before<tile_rows>(p, begin);
  if (threadIdx.x % 32 == 0) { p.offsets[b] = before; }
  if (b == clouds.batch || p.cropped == nullptr) { return; }
  std::int64_t const end = clouds.packed() ? begin_of(b + 1) : begin + device::length_of_cloud(clouds, b);
  std::int64_t const kept = kept_before<tile_rows>(p, end) - before;
  if (threadIdx.x % 32 == 0) { p.cropped[b] = end - begin - kept; }
}

}  // namespace robocache::detail
