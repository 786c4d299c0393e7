// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_fp16.h>

#include <cmath>
#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/unproject_params.hpp>
#include <robocache/device/camera.cuh>

// What becomes of a pixel.
namespace robocache::detail {

/// What a pixel became.
struct pixel_point {
  device::point3 at;
  bool deep;  ///< it has depth
  bool kept;
};

/// Any pixel of any image.
/// @param view   the image, counted over all clouds
/// @param depth  scaled
ROBOCACHE_NOINLINE inline __device__ pixel_point usual_point(unproject_params const& p, std::uint32_t view,
                                                             std::uint32_t pixel, float depth) {
  std::uint32_t const row = p.by_width.quotient(pixel);
  device::image_ray const ray = device::ray_through(device::pinhole_at(p.intrinsics, view),
                                                    static_cast<float>(pixel - row * p.width), static_cast<float>(row));
  float const z = device::z_on_ray(ray, depth, p.options.kind);
  pixel_point found{device::point_on_ray(ray, z), false, false};
  if (p.poses != nullptr) { found.at = device::transform(device::pose_at(p.poses, view), found.at); }
  bool const boxed = p.options.boxes != nullptr;
  crop_box const box = boxed ? p.options.boxes[p.by_views.quotient(view)] : crop_box{};
  found.deep = device::is_depth(z, p.options.near, p.options.far);
  found.kept = found.deep && device::is_kept(boxed, box, found.at);
  return found;
}

/// Whether rays through a column or row have quotients that `quick_quotient` finds: those of whole numbers below 2^31,
/// less the centre, by the focal length. The differences are 0 or 2^-25 and more.
inline __device__ bool is_usual_axis(float focal, float centre) {
  float const away = device::detail::absolute(centre);
  return (focal >= 0x1p-60f) & (focal <= 0x1p60f) & ((away == 0.0f) | (away >= 0x1p-24f)) & (away <= 0x1p60f);
}

/// Whether `quick_image` finds the points of an image: its columns and rows can be counted in floats. Without branches,
/// so that all that is read of the image is asked for at once.
inline __device__ bool is_quick(unproject_params const& p, device::pinhole const& camera) {
  return (p.width >= 4) & (p.pixels <= 1u << 24) & is_usual_axis(camera.fx, camera.cx) &
         is_usual_axis(camera.fy, camera.cy);
}

/// The rays of a quick image, found without divisions.
struct quick_rays {
  device::pinhole camera;
  float inverse_x;
  float inverse_y;

  __device__ quick_rays(unproject_params const& p, std::uint32_t view)
      : camera(device::pinhole_at(p.intrinsics, view)),
        inverse_x(quick_reciprocal(camera.fx)),
        inverse_y(quick_reciprocal(camera.fy)) {}

  __device__ float x(float u) const { return quick_quotient(device::sub_rn(u, camera.cx), camera.fx, inverse_x); }
  __device__ float y(float v) const { return quick_quotient(device::sub_rn(v, camera.cy), camera.fy, inverse_y); }

  /// Those of four pixels that follow each other. Only where the width is no multiple of four are they of two rows.
  __device__ void of_four(unproject_params const& p, std::uint32_t pixel, device::image_ray (&rays)[4]) const {
    std::uint32_t const row = p.by_width.quotient(pixel);
    auto const u = static_cast<float>(pixel - row * p.width);
    auto const v = static_cast<float>(row);
    float const first_y = y(v);
    float column[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      column[k] = u + static_cast<float>(k);
      rays[k].y = first_y;
    }
    if (p.width % 4 != 0) {
      auto const width = static_cast<float>(p.width);
      float const next_y = y(v + 1.0f);
#pragma unroll
      for (int k = 1; k < 4; ++k) {
        bool const wraps = column[k] >= width;
        column[k] = wraps ? column[k] - width : column[k];
        rays[k].y = wraps ? next_y : first_y;
      }
    }
#pragma unroll
    for (int k = 0; k < 4; ++k) { rays[k].x = x(column[k]); }
  }
};

/// The z of four pixels of a quick image, whose depth is along their rays. A function of its own, since most depth is
/// along the axis.
ROBOCACHE_NOINLINE inline __device__ float4 z_on_rays(unproject_params const& p, std::uint32_t view,
                                                      std::uint32_t pixel, float4 depth) {
  device::image_ray rays[4];
  quick_rays(p, view).of_four(p, pixel, rays);
  return {device::z_on_ray(rays[0], depth.x, depth_kind::ray), device::z_on_ray(rays[1], depth.y, depth_kind::ray),
          device::z_on_ray(rays[2], depth.z, depth_kind::ray), device::z_on_ray(rays[3], depth.w, depth_kind::ray)};
}

/// An image in registers, whose points are found without divisions and without branches. Of one that is not quick it is
/// not used.
struct quick_image {
  quick_rays rays;
  device::pose to_world;

  __device__ quick_image(unproject_params const& p, std::uint32_t view)
      : rays(p, view), to_world(p.poses == nullptr ? device::pose{} : device::pose_at(p.poses, view)) {}

  /// The points of four pixels that follow each other.
  /// @param z  along the axis
  __device__ void points(unproject_params const& p, std::uint32_t pixel, float const (&z)[4],
                         device::point3 (&found)[4]) const {
    device::image_ray of_four[4];
    rays.of_four(p, pixel, of_four);
#pragma unroll
    for (int k = 0; k < 4; ++k) { found[k] = device::point_on_ray(of_four[k], z[k]); }
    if (p.poses == nullptr) { return; }
#pragma unroll
    for (int k = 0; k < 4; ++k) { found[k] = device::transform(to_world, found[k]); }
  }
};

/// What a point of a quick image has to be in: a box, and the limits of its depth.
struct quick_limits {
  float near;
  float far;       ///< finite
  crop_box sides;  ///< a high side that is NaN lets everything through, so that no box is one, too

  __device__ quick_limits(unproject_params const& p, std::uint32_t view) : near(p.options.near), far(p.options.far) {
    crop_box const* const box = p.options.boxes == nullptr ? nullptr : p.options.boxes + p.by_views.quotient(view);
#pragma unroll
    for (int axis = 0; axis < 3; ++axis) {
      float const low = box == nullptr ? -INFINITY : box->low[axis];
      float const high = box == nullptr ? NAN : box->high[axis];
      sides.low[axis] = box != nullptr && high != high ? NAN : low;
      sides.high[axis] = high;
    }
  }

  /// The same as `device::is_depth`.
  __device__ bool is_deep(float depth) const { return (depth > 0.0f) & (depth >= near) & (depth <= far); }

  /// The same as `device::is_kept`.
  __device__ bool holds(device::point3 const& p) const {
    return (sides.low[0] <= p.x) & !(p.x >= sides.high[0]) & (sides.low[1] <= p.y) & !(p.y >= sides.high[1]) &
           (sides.low[2] <= p.z) & !(p.z >= sides.high[2]);
  }
};

/// Depths of four pixels that follow each other, as they are in memory: words of 4 bytes, or pairs of 2 bytes.
struct raw_four {
  std::uint32_t words[4];

  __device__ std::uint32_t of_pair(int k) const { return k % 2 == 0 ? words[k / 2] & 0xffffu : words[k / 2] >> 16; }

  /// As numbers in whose order depths are where they are positive: below those that are negative, or NaN.
  __device__ void order(unproject_params const& p, std::uint32_t (&to)[4]) const {
    if (p.type == depth_dtype::float32) {
#pragma unroll
      for (int k = 0; k < 4; ++k) { to[k] = words[k]; }
    } else {
#pragma unroll
      for (int k = 0; k < 4; ++k) { to[k] = of_pair(k); }
    }
  }

  /// As floats, scaled.
  __device__ void convert(unproject_params const& p, float (&to)[4]) const {
    switch (p.type) {
      case depth_dtype::uint16:
#pragma unroll
        for (int k = 0; k < 4; ++k) { to[k] = static_cast<float>(of_pair(k)); }
        break;
      case depth_dtype::float32:
#pragma unroll
        for (int k = 0; k < 4; ++k) { to[k] = __uint_as_float(words[k]); }
        break;
      case depth_dtype::float16:
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          auto const word = static_cast<std::uint16_t>(of_pair(k));
          to[k] = __half2float(reinterpret_cast<__half const&>(word));
        }
        break;
    }
#pragma unroll
    for (int k = 0; k < 4; ++k) { to[k] = device::mul_rn(to[k], p.options.scale); }
  }
};

inline __device__ raw_four raw_of(uint2 const& x) { return {{x.x, x.y, 0, 0}}; }
inline __device__ raw_four raw_of(uint4 const& x) { return {{x.x, x.y, x.z, x.w}}; }

/// Whether depths of two bytes are loaded ahead, four of a lane at once. Others are when they are needed.
inline __device__ bool loads_ahead(unproject_params const& p) { return p.fours && p.type != depth_dtype::float32; }

/// Begins to load a lane's depths of runs that follow each other, where they are loaded ahead.
/// @param first  the lane's first, counted over all images
/// @param runs   how many; of those behind nothing is loaded
template <int Most>
__device__ void load_ahead(unproject_params const& p, std::int64_t first, std::uint32_t runs, uint2 (&to)[Most]) {
  if (!loads_ahead(p)) { return; }
  auto const* const from = reinterpret_cast<uint2 const*>(static_cast<std::uint16_t const*>(p.depth) + first);
#pragma unroll
  for (int s = 0; s < Most; ++s) {
    if (static_cast<std::uint32_t>(s) < runs) { to[s] = __ldcs(from + s * 32); }
  }
}

/// Four depths of which some may not exist: these are 0, which is none.
/// @param first  of all
ROBOCACHE_NOINLINE inline __device__ raw_four load_four(unproject_params const& p, std::int64_t first,
                                                        std::uint32_t there) {
  raw_four some{};
  bool const single = p.type == depth_dtype::float32;
  auto const* const singles = static_cast<std::uint32_t const*>(p.depth) + (single ? first : 0);
  auto const* const pairs = static_cast<std::uint16_t const*>(p.depth) + (single ? 0 : first);
  if (p.fours && there >= 4) {
    if (!single) {
      uint2 const two = __ldg(reinterpret_cast<uint2 const*>(pairs));
      return {{two.x, two.y, 0, 0}};
    }
    uint4 const four = __ldg(reinterpret_cast<uint4 const*>(singles));
    return {{four.x, four.y, four.z, four.w}};
  }
#pragma unroll
  for (std::uint32_t k = 0; k < 4; ++k) {
    if (k >= there) { continue; }
    if (single) {
      some.words[k] = __ldg(singles + k);
    } else {
      some.words[k / 2] |= std::uint32_t{__ldg(pairs + k)} << 16 * (k % 2);
    }
  }
  return some;
}

/// The z of a lane's four pixels of a quick image.
inline __device__ void find_z(unproject_params const& p, std::uint32_t view, std::uint32_t pixel, raw_four const& raw,
                              float (&z)[4]) {
  raw.convert(p, z);
  if (p.options.kind == depth_kind::axis) { return; }
  float4 const found = z_on_rays(p, view, pixel, {z[0], z[1], z[2], z[3]});
  z[0] = found.x;
  z[1] = found.y;
  z[2] = found.z;
  z[3] = found.w;
}

}  // namespace robocache::detail
