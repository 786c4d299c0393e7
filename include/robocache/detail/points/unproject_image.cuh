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

/// A column and a row, as floats.
struct pixel_walk {
  float u, v;

  __device__ pixel_walk(unproject_params const& p, std::uint32_t pixel) {
    std::uint32_t const row = p.by_width.quotient(pixel);
    u = static_cast<float>(pixel - row * p.width);
    v = static_cast<float>(row);
  }
  /// 32 pixels on; a row has as many.
  __device__ void step(float width) {
    u += 32.0f;
    bool const wraps = u >= width;
    u = wraps ? u - width : u;
    v = wraps ? v + 1.0f : v;
  }
};

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
  return p.width >= 32 && p.pixels <= 1u << 24 && p.poses != nullptr && p.options.kind == depth_kind::axis &&
         is_usual_axis(camera.fx, camera.cx) && is_usual_axis(camera.fy, camera.cy);
}

/// An image in registers, whose points are found without divisions and without branches.
struct quick_image {
  device::pinhole camera;
  float inverse_x;
  float inverse_y;
  device::pose to_world;
  crop_box sides;  ///< a high side that is NaN lets everything through, so that no box is one, too

  __device__ quick_image(unproject_params const& p, std::uint32_t view)
      : camera(device::pinhole_at(p.intrinsics, view)),
        inverse_x(quick_reciprocal(camera.fx)),
        inverse_y(quick_reciprocal(camera.fy)),
        to_world(device::pose_at(p.poses, view)) {
    crop_box const* const box = p.options.boxes == nullptr ? nullptr : p.options.boxes + p.by_views.quotient(view);
#pragma unroll
    for (int axis = 0; axis < 3; ++axis) {
      float const low = box == nullptr ? -INFINITY : box->low[axis];
      float const high = box == nullptr ? NAN : box->high[axis];
      sides.low[axis] = box != nullptr && high != high ? NAN : low;
      sides.high[axis] = high;
    }
  }

  /// The same as `device::is_kept`.
  __device__ bool holds(device::point3 const& p) const {
    return (sides.low[0] <= p.x) & !(p.x >= sides.high[0]) & (sides.low[1] <= p.y) & !(p.y >= sides.high[1]) &
           (sides.low[2] <= p.z) & !(p.z >= sides.high[2]);
  }

  __device__ pixel_point point(unproject_params const& p, pixel_walk const& pixel, float depth) const {
    device::image_ray const ray{quick_quotient(device::sub_rn(pixel.u, camera.cx), camera.fx, inverse_x),
                                quick_quotient(device::sub_rn(pixel.v, camera.cy), camera.fy, inverse_y)};
    pixel_point found{device::transform(to_world, device::point_on_ray(ray, depth)), false, false};
    found.deep = (depth > 0.0f) & (depth >= p.options.near) & (depth <= p.options.far);  // `far` is finite
    found.kept = found.deep & holds(found.at);
    return found;
  }
};

/// A thread's depths, 32 apart, as they are in memory; 0, which is no depth, behind the last pixel.
template <int Each>
struct raw_depths {
  std::uint32_t bits[Each];

  /// Begins to load them.
  /// @param first  of all pixels
  /// @param count  from `first` on, of the warp
  __device__ void load(unproject_params const& p, std::int64_t first, std::uint32_t count) {
    unsigned const lane = threadIdx.x % 32;
    if (p.type == depth_dtype::float32) {
      load_words(static_cast<std::uint32_t const*>(p.depth) + first + lane, lane, count);
    } else {
      load_words(static_cast<std::uint16_t const*>(p.depth) + first + lane, lane, count);
    }
  }

  /// As floats, scaled.
  __device__ void convert(unproject_params const& p, float (&to)[Each]) const {
    switch (p.type) {
      case depth_dtype::uint16: each(to, [](std::uint32_t x) { return static_cast<float>(x); }); break;
      case depth_dtype::float32: each(to, [](std::uint32_t x) { return __uint_as_float(x); }); break;
      case depth_dtype::float16:
        each(to, [](std::uint32_t x) {
          auto const word = static_cast<std::uint16_t>(x);
          return __half2float(reinterpret_cast<__half const&>(word));
        });
        break;
    }
#pragma unroll
    for (int r = 0; r < Each; ++r) { to[r] = device::mul_rn(to[r], p.options.scale); }
  }

 private:
  template <class Word>
  __device__ void load_words(Word const* from, unsigned lane, std::uint32_t count) {
#pragma unroll
    for (int r = 0; r < Each; ++r) {
      bits[r] = 0;
      if (lane + r * 32 < count) { bits[r] = __ldcs(from + r * 32); }
    }
  }
  template <class Convert>
  __device__ void each(float (&to)[Each], Convert const& convert) const {
#pragma unroll
    for (int r = 0; r < Each; ++r) { to[r] = convert(bits[r]); }
  }
};

}  // namespace robocache::detail
