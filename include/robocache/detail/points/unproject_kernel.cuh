// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_fp16.h>

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/packing.cuh>
#include <robocache/detail/points/unproject_params.hpp>
#include <robocache/detail/points/unproject_policy.cuh>
#include <robocache/device/camera.cuh>

namespace robocache::detail {

/// Calls `use(Depth{})` with the C++ type of `type`.
template <class Use>
__device__ void with_depth_type(depth_dtype type, Use&& use) {
  switch (type) {
    case depth_dtype::uint16: return use(std::uint16_t{});
    case depth_dtype::float16: return use(__half{});
    default: return use(float{});
  }
}

/// One image of a batch, and what becomes of its pixels.
struct image_view {
  device::pinhole camera;
  device::pose to_world;
  crop_box box;
  bool posed;
  bool boxed;
  bool quick;  ///< whether `quick_quotient` is good for its rays
};

/// Whether rays through a column or row have quotients that `quick_quotient` finds: those of whole numbers below 2^31,
/// less the centre, by the focal length. The differences are 0 or 2^-25 and more.
inline __device__ bool is_usual_axis(float focal, float centre) {
  float const away = device::detail::absolute(centre);
  return focal >= 0x1p-60f && focal <= 0x1p60f && (away == 0.0f || away >= 0x1p-24f) && away <= 0x1p60f;
}

/// @param view  counted over all clouds
inline __device__ image_view image_at(unproject_params const& p, std::uint32_t view, std::uint32_t b) {
  image_view image{};
  image.camera = device::pinhole_at(p.intrinsics, view);
  image.posed = p.poses != nullptr;
  if (image.posed) { image.to_world = device::pose_at(p.poses, view); }
  image.boxed = p.options.boxes != nullptr;
  if (image.boxed) { image.box = p.options.boxes[b]; }
  image.quick = p.options.kind == depth_kind::axis && is_usual_axis(image.camera.fx, image.camera.cx) &&
                is_usual_axis(image.camera.fy, image.camera.cy);
  return image;
}

/// What a pixel became.
struct pixel_point {
  device::point3 at;
  bool deep;  ///< it has depth
  bool kept;
};

/// @tparam Quick  the same without divisions where the image allows it
/// @param depth   scaled
template <bool Quick>
__device__ pixel_point point_of(unproject_params const& p, image_view const& image, std::uint32_t pixel, float depth) {
  std::uint32_t const row = p.by_width.quotient(pixel);
  auto const u = static_cast<float>(pixel - row * p.width);
  auto const v = static_cast<float>(row);
  pixel_point found{};
  device::image_ray ray{};
  float z = depth;
  if constexpr (Quick) {
    ray = {quick_quotient(device::sub_rn(u, image.camera.cx), image.camera.fx),
           quick_quotient(device::sub_rn(v, image.camera.cy), image.camera.fy)};
  } else {
    ray = device::ray_through(image.camera, u, v);
    z = device::z_on_ray(ray, depth, p.options.kind);
  }
  found.at = device::point_on_ray(ray, z);
  if (image.posed) { found.at = device::transform(image.to_world, found.at); }
  found.deep = device::is_depth(z, p.options.near, p.options.far);
  found.kept = found.deep && device::is_kept(image.boxed, image.box, found.at);
  return found;
}

/// A warp's pixels.
struct warp_pixels {
  std::uint32_t first;  ///< in the image
  std::uint32_t count;
};

/// What a warp counted.
struct pixel_counts {
  std::uint32_t kept;
  std::uint32_t deep;
};

/// Leaves the points of a warp's pixels in shared memory: those that are kept, or, dense, one for each pixel.
template <bool Packs, bool Quick, class Tile>
__device__ pixel_counts leave_points(unproject_params const& p, image_view const& image, std::uint32_t view,
                                     warp_pixels const& mine, Tile& shared) {
  constexpr int each = unproject_pixels_each;
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  float* const of_warp = shared.vectors[0][warp];
  std::int64_t const first = std::int64_t{view} * p.pixels + mine.first + lane;
  float depth[each];
  with_depth_type(p.type, [&](auto zero) {
    auto const* const from = static_cast<decltype(zero) const*>(p.depth) + first;
    decltype(zero) raw[each];
#pragma unroll
    for (int r = 0; r < each; ++r) {
      raw[r] = zero;
      if (lane + r * 32 < mine.count) { raw[r] = __ldcs(from + r * 32); }
    }
#pragma unroll
    for (int r = 0; r < each; ++r) { depth[r] = device::mul_rn(device::depth_to_float(raw[r]), p.options.scale); }
  });
  pixel_counts counts{};
#pragma unroll
  for (int r = 0; r < each; ++r) {
    std::uint32_t const at = lane + r * 32;
    bool const exists = at < mine.count;
    pixel_point found = point_of<Quick>(p, image, mine.first + at, depth[r]);
    found.deep = found.deep && exists;
    found.kept = found.kept && exists;
    unsigned const kept = __ballot_sync(0xffffffffu, found.kept);
    counts.deep += static_cast<std::uint32_t>(__popc(__ballot_sync(0xffffffffu, found.deep)));
    if constexpr (Packs) {
      std::uint32_t const place = counts.kept + lanes_before(kept);
      if (found.kept) {
        leave_vector(of_warp, place, found.at);
        shared.sources[warp][place] = static_cast<std::uint16_t>(at);
      }
    } else if (exists) {
      leave_vector(of_warp, at, found.kept ? found.at : device::point3{0.0f, 0.0f, 0.0f});
      if (p.valid != nullptr) { __stcs(p.valid + first + r * 32, static_cast<std::uint8_t>(found.kept ? 1 : 0)); }
    }
    counts.kept += static_cast<std::uint32_t>(__popc(kept));
  }
  __syncwarp();
  return counts;
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
  wait_for_launch_before();
  std::uint32_t tile = blockIdx.x;
  if constexpr (Packs) { tile = begin_tile(shared, p.own); }
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  std::uint32_t const view = p.by_tiles.quotient(tile);
  std::uint32_t const of_image = tile - view * p.tiles_each;
  std::uint32_t const b = p.by_views.quotient(view);
  image_view const image = image_at(p, view, b);
  // Tiles of the last image may end beyond 2^31.
  std::uint32_t const first = min(of_image * tile_memory::rows + warp * tile_memory::warp_rows, p.pixels);
  warp_pixels const mine{first, min(p.pixels - first, std::uint32_t{tile_memory::warp_rows})};
  pixel_counts const counts = image.quick ? leave_points<Packs, true>(p, image, view, mine, shared)
                                          : leave_points<Packs, false>(p, image, view, mine, shared);
  if (p.reports != nullptr && lane == 0) { add_lost(p.reports[b], mine.count, counts); }
  std::int64_t const first_pixel = std::int64_t{view} * p.pixels + first;
  if constexpr (!Packs) {
    write_vectors(p.points, shared.vectors[0][warp], first_pixel, mine.count);
    return;
  }
  std::uint32_t const place = find_place(shared, p.own, tile, counts.kept);
  if (threadIdx.x == 0) {
    if (of_image == 0 && view == b * p.views) { p.offsets[b] = shared.before_tile; }
    if (tile + 1 == gridDim.x) { p.offsets[p.batch] = shared.before_tile + shared.total; }
  }
  write_vectors(p.points, shared.vectors[0][warp], place, counts.kept);
  if (p.features.to != nullptr) {
    std::int64_t const from = view * p.features.batch_step + first * p.features.row_step;
    move_rows(p.features, shared.sources[warp], place, counts.kept,
              [&](std::uint32_t row) { return from + row * p.features.row_step; });
  }
}

}  // namespace robocache::detail
