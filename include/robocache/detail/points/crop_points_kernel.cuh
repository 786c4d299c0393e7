// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/crop_points_params.hpp>
#include <robocache/detail/points/crop_points_policy.cuh>
#include <robocache/detail/points/packing.cuh>
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

template <int Threads>
__global__ void __launch_bounds__(Threads, crop_blocks)
    crop_points_kernel(__grid_constant__ crop_points_params const p) {
  constexpr int each = crop_rows_each;
  using tile_memory = packing_tile<Threads, each, 2>;
  __shared__ tile_memory shared;
  wait_for_launch_before();
  std::uint32_t const tile = begin_tile(shared, p.own);
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  std::int64_t const first = std::int64_t{tile} * tile_memory::rows + warp * tile_memory::warp_rows;
  lane_cloud mine;
  std::uint32_t count = 0;
#pragma unroll
  for (int r = 0; r < each; ++r) {
    std::int64_t const row = first + r * 32 + lane;
    bool kept = false;
    device::point3 at{};
    if (row < p.rows) {
      mine.move_to(p, row);
      if (mine.rows.b >= 0) {
        std::int64_t const from = mine.element(p, row, p.clouds.point_stride, p.clouds.batch_stride);
        at = {__ldg(p.clouds.x + from), __ldg(p.clouds.y + from), __ldg(p.clouds.z + from)};
        if (p.poses != nullptr) { at = device::transform(mine.to_world, at); }
        kept = device::is_kept(p.boxes != nullptr, mine.box, at);
      }
    }
    unsigned const all_kept = __ballot_sync(0xffffffffu, kept);
    if (kept) {
      std::uint32_t const place = count + lanes_before(all_kept);
      leave_vector(shared.vectors[0][warp], place, at);
      shared.sources[warp][place] = static_cast<typename tile_memory::source>(r * 32 + lane);
      if (p.normals != nullptr) {
        float const* const from = p.normals + mine.element(p, row, p.normal_stride, p.normal_batch_stride);
        device::point3 normal{__ldg(from), __ldg(from + 1), __ldg(from + 2)};
        if (p.poses != nullptr) { normal = device::rotate(mine.to_world, normal); }
        leave_vector(shared.vectors[1][warp], place, normal);
      }
    }
    if (lane == 0 && row < p.rows) { p.kept[row / 32] = all_kept; }
    count += static_cast<std::uint32_t>(__popc(all_kept));
  }
  __syncwarp();
  std::uint32_t const place = find_place(shared, p.own, tile, count);
  write_vectors(p.points, shared.vectors[0][warp], place, count);
  if (p.normals != nullptr) { write_vectors(p.out_normals, shared.vectors[1][warp], place, count); }
  if (p.features.to == nullptr) { return; }
  move_rows(p.features, shared.sources[warp], place, count, [&](std::uint32_t source) {
    std::int64_t const row = first + source;
    if (p.clouds.packed()) { return row * p.features.row_step; }
    std::int64_t const b = row / p.clouds.length;
    return b * p.features.batch_step + (row - b * p.clouds.length) * p.features.row_step;
  });
}

/// How many rows before `row` are kept. Called by a warp.
/// @tparam Rows  of a tile
template <int Rows>
__device__ std::int64_t kept_before(crop_points_params const& p, std::int64_t row) {
  std::int64_t const tile = row / Rows;
  std::uint32_t const before = tile == 0 ? 0 : static_cast<std::uint32_t>(p.own.tiles[tile - 1]);
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
