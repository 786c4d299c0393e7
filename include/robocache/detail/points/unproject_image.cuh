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
  return focal >= 0x1p-60f && focal <= 0x1p60f && (away == 0.0f || away >= 0x1p-24f) && away <= 0x1p60f;
}

/// Whether `quick_image` finds the points of an image: it has a pose, its depth is along the axis, and its columns and
/// rows can be counted in floats.
inline __device__ bool is_quick_image(unproject_params const& p, std::uint32_t view) {
  device::pinhole const camera = device::pinhole_at(p.intrinsics, view);
  return p.width >= 4 && p.pixels <= 1u << 24 && p.poses != nullptr && p.options.kind == depth_kind::axis &&
         is_usual_axis(camera.fx, camera.cx) && is_usual_axis(camera.fy, camera.cy);
}

/// An image in registers, whose points are found without divisions and without branches. Of one that is not quick it is
/// not used.
struct quick_image {
  device::pinhole camera;
  float inverse_x;
  float inverse_y;
  device::pose to_world;

  __device__ quick_image(unproject_params const& p, std::uint32_t view)
      : camera(device::pinhole_at(p.intrinsics, view)),
        inverse_x(quick_reciprocal(camera.fx)),
        inverse_y(quick_reciprocal(camera.fy)),
        to_world(p.poses == nullptr ? device::pose{} : device::pose_at(p.poses, view)) {}

  __device__ float ray_x(float u) const { return quick_quotient(device::sub_rn(u, camera.cx), camera.fx, inverse_x); }
  __device__ float ray_y(float v) const { return quick_quotient(device::sub_rn(v, camera.cy), camera.fy, inverse_y); }

  /// The points of four pixels that follow each other. Only where the width is no multiple of four are they of two
  /// rows.
  __device__ void points(unproject_params const& p, std::uint32_t pixel, float const (&depth)[4],
                         device::point3 (&found)[4]) const {
    std::uint32_t const row = p.by_width.quotient(pixel);
    auto const u = static_cast<float>(pixel - row * p.width);
    auto const v = static_cast<float>(row);
    float const first_y = ray_y(v);
    float column[4], y[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      column[k] = u + static_cast<float>(k);
      y[k] = first_y;
    }
    if (p.width % 4 != 0) {
      auto const width = static_cast<float>(p.width);
      float const next_y = ray_y(v + 1.0f);
#pragma unroll
      for (int k = 1; k < 4; ++k) {
        bool const wraps = column[k] >= width;
        column[k] = wraps ? column[k] - width : column[k];
        y[k] = wraps ? next_y : first_y;
      }
    }
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      found[k] = device::transform(to_world, device::point_on_ray({ray_x(column[k]), y[k]}, depth[k]));
    }
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

/// A load of depth that is read once more, or for the last time.
template <bool Last, class T>
__device__ T load_depth(T const* from) {
  if constexpr (Last) {
    return __ldcs(from);
  } else {
    return __ldg(from);
  }
}

/// Begins to load the lane's depths of runs that follow each other.
/// @param first  the lane's first, counted over all images
/// @param runs   how many; of those behind nothing is loaded
template <bool Last, int Most>
__device__ void load_runs(unproject_params const& p, std::int64_t first, std::uint32_t runs, raw_four (&to)[Most]) {
  constexpr int apart = pixels_of_run;
  bool const in_pairs = p.type != depth_dtype::float32;
  auto const* const singles = static_cast<std::uint32_t const*>(p.depth) + (in_pairs ? 0 : first);
  auto const* const pairs = static_cast<std::uint16_t const*>(p.depth) + (in_pairs ? first : 0);
  if (p.fours && in_pairs) {
#pragma unroll
    for (int s = 0; s < Most; ++s) {
      if (static_cast<std::uint32_t>(s) >= runs) { continue; }
      uint2 const one = load_depth<Last>(reinterpret_cast<uint2 const*>(pairs + s * apart));
      to[s].words[0] = one.x;
      to[s].words[1] = one.y;
    }
  } else if (p.fours) {
#pragma unroll
    for (int s = 0; s < Most; ++s) {
      if (static_cast<std::uint32_t>(s) >= runs) { continue; }
      uint4 const one = load_depth<Last>(reinterpret_cast<uint4 const*>(singles + s * apart));
      to[s] = {{one.x, one.y, one.z, one.w}};
    }
  } else if (in_pairs) {
#pragma unroll
    for (int s = 0; s < Most; ++s) {
      if (static_cast<std::uint32_t>(s) >= runs) { continue; }
#pragma unroll
      for (int k = 0; k < 2; ++k) {
        std::uint32_t const low = load_depth<Last>(pairs + s * apart + 2 * k);
        std::uint32_t const high = load_depth<Last>(pairs + s * apart + 2 * k + 1);
        to[s].words[k] = low | high << 16;
      }
    }
  } else {
#pragma unroll
    for (int s = 0; s < Most; ++s) {
      if (static_cast<std::uint32_t>(s) >= runs) { continue; }
#pragma unroll
      for (int k = 0; k < 4; ++k) { to[s].words[k] = load_depth<Last>(singles + s * apart + k); }
    }
  }
}

/// Four depths of which some may not exist: these are 0, which is none.
inline __device__ raw_four load_some(unproject_params const& p, std::int64_t first, std::uint32_t there) {
  raw_four some{};
#pragma unroll
  for (std::uint32_t k = 0; k < 4; ++k) {
    if (k >= there) { continue; }
    if (p.type == depth_dtype::float32) {
      some.words[k] = __ldg(static_cast<std::uint32_t const*>(p.depth) + first + k);
    } else {
      std::uint32_t const half = __ldg(static_cast<std::uint16_t const*>(p.depth) + first + k);
      some.words[k / 2] |= half << 16 * (k % 2);
    }
  }
  return some;
}

}  // namespace robocache::detail
