// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/packing.cuh>
#include <robocache/detail/points/unproject_image.cuh>
#include <robocache/detail/points/unproject_params.hpp>
#include <robocache/detail/points/unproject_policy.cuh>
#include <robocache/device/camera.cuh>

namespace robocache::detail {

/// A warp's pixels in its tile.
struct warp_pixels {
  std::uint32_t view;      ///< the image, counted over all clouds
  std::uint32_t of_image;  ///< the tile, counted in the image
  std::uint32_t first;     ///< in the image
  std::uint32_t count;
  std::int64_t first_of_all;  ///< counted over all images

  __device__ warp_pixels(unproject_params const& p, std::uint32_t tile) {
    constexpr std::uint32_t warps = unproject_threads / 32;
    constexpr std::uint32_t warp_rows = 32 * unproject_pixels_each;
    view = p.by_tiles.quotient(tile);
    of_image = tile - view * p.tiles_each;
    first = min((of_image * warps + threadIdx.x / 32) * warp_rows, p.pixels);
    count = min(p.pixels - first, warp_rows);
    first_of_all = std::int64_t{view} * p.pixels + first;
  }
};

/// What a warp counted.
struct pixel_counts {
  std::uint32_t kept;
  std::uint32_t deep;
};

/// Leaves the points of a warp's pixels in shared memory: those that are kept, or, dense, one for each pixel.
/// @param point  `point(walk, pixel, depth)`
template <bool Packs, class Tile, class Point>
__device__ pixel_counts leave_points(unproject_params const& p, warp_pixels const& mine,
                                     raw_depths<unproject_pixels_each> const& raw, Tile& shared, Point const& point) {
  constexpr int each = unproject_pixels_each;
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  float* const of_warp = shared.vectors[0][warp];
  float depth[each];
  raw.convert(p, depth);
  bool const has_features = Packs && p.features.to != nullptr;
  auto const width = static_cast<float>(p.width);
  pixel_walk walk(p, mine.first + lane);
  std::uint32_t count = 0;
  std::uint32_t deep = 0;
#pragma unroll
  for (int r = 0; r < each; ++r) {
    std::uint32_t const at = lane + r * 32;
    pixel_point const found = point(walk, mine.first + at, depth[r]);
    walk.step(width);
    deep += found.deep ? 1 : 0;
    unsigned const kept = __ballot_sync(0xffffffffu, found.kept);
    if constexpr (Packs) {
      std::uint32_t const place = count + lanes_before(kept);
      if (found.kept) {
        leave_vector(of_warp, place, found.at);
        if (has_features) { shared.sources[warp][place] = static_cast<typename Tile::source>(at); }
      }
    } else if (at < mine.count) {
      leave_vector(of_warp, at, found.kept ? found.at : device::point3{0.0f, 0.0f, 0.0f});
      if (p.valid != nullptr) {
        __stcs(p.valid + mine.first_of_all + at, static_cast<std::uint8_t>(found.kept ? 1 : 0));
      }
    }
    count += static_cast<std::uint32_t>(__popc(kept));
  }
  __syncwarp();
  return {count, static_cast<std::uint32_t>(sum_over_warp(static_cast<int>(deep)))};
}

/// Adds to what a cloud lost. Called by a warp's first lane.
inline __device__ void add_lost(unprojection_report& report, std::uint32_t pixels, pixel_counts const& counts) {
  auto const add = [](std::int64_t& to, std::uint32_t count) {
    if (count > 0) { atomicAdd(reinterpret_cast<unsigned long long*>(&to), static_cast<unsigned long long>(count)); }
  };
  add(report.no_depth, pixels - counts.deep);
  add(report.cropped, counts.deep - counts.kept);
}

/// @tparam Packs  or dense: a point for each pixel
template <int Threads, bool Packs>
__global__ void __launch_bounds__(Threads, unproject_blocks)
    unproject_kernel(__grid_constant__ unproject_params const p) {
  using tile_memory = packing_tile<Threads, unproject_pixels_each, 1>;
  __shared__ tile_memory shared;
  unsigned const warp = threadIdx.x / 32;
  wait_for_launch_before();
  std::uint32_t tile = blockIdx.x;
  if constexpr (Packs) { tile = begin_tile(shared, p.own); }
  warp_pixels const mine(p, tile);
  raw_depths<unproject_pixels_each> raw;
  raw.load(p, mine.first_of_all, mine.count);
  pixel_counts counts{};
  if (is_quick_image(p, mine.view)) {
    quick_image const image(p, mine.view);
    counts = leave_points<Packs>(p, mine, raw, shared, [&](pixel_walk const& walk, std::uint32_t, float depth) {
      return image.point(p, walk, depth);
    });
  } else {
    counts = leave_points<Packs>(p, mine, raw, shared, [&](pixel_walk const&, std::uint32_t pixel, float depth) {
      return usual_point(p, mine.view, pixel, depth);
    });
  }
  std::uint32_t const b = p.by_views.quotient(mine.view);
  if (p.reports != nullptr && threadIdx.x % 32 == 0) { add_lost(p.reports[b], mine.count, counts); }
  if constexpr (!Packs) {
    write_vectors(p.points, shared.vectors[0][warp], mine.first_of_all, mine.count);
    return;
  }
  std::uint32_t const place = find_place(shared, p.own, tile, counts.kept);
  if (threadIdx.x == 0) {
    if (mine.of_image == 0 && mine.view == b * p.views) { p.offsets[b] = shared.before_tile; }
    if (tile + 1 == p.tiles) { p.offsets[p.batch] = shared.before_tile + shared.total; }
  }
  write_vectors(p.points, shared.vectors[0][warp], place, counts.kept);
  if (p.features.to != nullptr) {
    std::int64_t const from = mine.view * p.features.batch_step + mine.first * p.features.row_step;
    move_rows(p.features, shared.sources[warp], place, counts.kept,
              [&](std::uint32_t row) { return from + row * p.features.row_step; });
  }
}

}  // namespace robocache::detail
