// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_fp16.h>

#include <robocache/camera.hpp>
#include <robocache/cropping.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/math.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>

// From pixels to points and back, and what becomes of a point on its way into the world. docs/semantics.md, Points.
namespace robocache::device {

struct point3 {
  float x, y, z;
};

/// The intrinsics of a camera, in pixels.
struct pinhole {
  float fx, fy, cx, cy;
};

/// Camera `i` of an array `[n, 4]`.
ROBOCACHE_HOST_DEVICE inline pinhole pinhole_at(float const* intrinsics, std::int64_t i) {
  float const* const from = intrinsics + 4 * i;
  return {from[0], from[1], from[2], from[3]};
}

/// A rotation and a shift: three rows of four.
struct pose {
  float m[3][4];
};

/// Pose `i` of an array `[n, 3, 4]`.
ROBOCACHE_HOST_DEVICE inline pose pose_at(float const* poses, std::int64_t i) {
  float const* const from = poses + 12 * i;
  return {{{from[0], from[1], from[2], from[3]},
           {from[4], from[5], from[6], from[7]},
           {from[8], from[9], from[10], from[11]}}};
}

/// A depth as float: exact.
template <class Depth>
ROBOCACHE_HOST_DEVICE inline float depth_to_float(Depth depth) {
  if constexpr (std::is_same_v<Depth, __half>) {
    return __half2float(depth);
  } else {
    return static_cast<float>(depth);
  }
}

/// Where the ray through a pixel crosses the plane z = 1.
struct image_ray {
  float x, y;
};

/// @param u, v  column and row; whole numbers are the centres of pixels
ROBOCACHE_HOST_DEVICE inline image_ray ray_through(pinhole const& camera, float u, float v) {
  return {div_rn(sub_rn(u, camera.cx), camera.fx), div_rn(sub_rn(v, camera.cy), camera.fy)};
}

namespace detail {

/// @param square  of the length of the ray to the plane z = 1
ROBOCACHE_HOST_DEVICE inline float z_by_square(float depth, float square) {
#if defined(__CUDA_ARCH__)
  return __fdiv_rn(depth, __fsqrt_rn(square));
#else
  return depth / std::sqrt(square);
#endif
}

}  // namespace detail

/// z of the point at `depth` on a ray.
ROBOCACHE_HOST_DEVICE inline float z_on_ray(image_ray const& ray, float depth, depth_kind kind) {
  if (kind == depth_kind::axis) { return depth; }
  return detail::z_by_square(depth, add_rn(add_rn(1.0f, mul_rn(ray.x, ray.x)), mul_rn(ray.y, ray.y)));
}

/// The point of a ray that has this z.
ROBOCACHE_HOST_DEVICE inline point3 point_on_ray(image_ray const& ray, float z) {
  return {mul_rn(ray.x, z), mul_rn(ray.y, z), z};
}

/// The point that a pixel shows, in the camera's frame: x to the right, y down, z forward.
/// @param depth  scaled
ROBOCACHE_HOST_DEVICE inline point3 unproject_pixel(pinhole const& camera, float u, float v, float depth,
                                                    depth_kind kind = depth_kind::axis) {
  image_ray const ray = ray_through(camera, u, v);
  return point_on_ray(ray, z_on_ray(ray, depth, kind));
}

/// The inverse: column and row of a point in the camera's frame, and its z. Behind the camera z is below 0, and column
/// and row mean nothing.
ROBOCACHE_HOST_DEVICE inline point3 project(pinhole const& camera, point3 const& p) {
  return {add_rn(mul_rn(div_rn(p.x, p.z), camera.fx), camera.cx),
          add_rn(mul_rn(div_rn(p.y, p.z), camera.fy), camera.cy), p.z};
}

namespace detail {

ROBOCACHE_HOST_DEVICE inline float rotated_along(float const (&row)[4], point3 const& p) {
  return add_rn(add_rn(mul_rn(row[0], p.x), mul_rn(row[1], p.y)), mul_rn(row[2], p.z));
}

}  // namespace detail

/// A direction, such as a normal, by the rotation of a pose.
ROBOCACHE_HOST_DEVICE inline point3 rotate(pose const& by, point3 const& p) {
  return {detail::rotated_along(by.m[0], p), detail::rotated_along(by.m[1], p), detail::rotated_along(by.m[2], p)};
}

/// A point by a pose.
ROBOCACHE_HOST_DEVICE inline point3 transform(pose const& by, point3 const& p) {
  point3 const turned = rotate(by, p);
  return {add_rn(turned.x, by.m[0][3]), add_rn(turned.y, by.m[1][3]), add_rn(turned.z, by.m[2][3])};
}

/// Whether a z counts as depth: not if it is 0, NaN, infinite or beyond the limits.
ROBOCACHE_HOST_DEVICE inline bool is_depth(float z, float near, float far) {
  return z > 0.0f && z >= near && z <= far && z <= 0x1.fffffep127f;
}

/// Whether a point is in a half-open box.
ROBOCACHE_HOST_DEVICE inline bool is_in_box(crop_box const& box, point3 const& p) {
  return box.low[0] <= p.x && p.x < box.high[0] && box.low[1] <= p.y && p.y < box.high[1] && box.low[2] <= p.z &&
         p.z < box.high[2];
}

ROBOCACHE_HOST_DEVICE inline bool is_nan_point(point3 const& p) { return p.x != p.x || p.y != p.y || p.z != p.z; }

/// Whether a point is kept.
/// @param boxed  false: there is no box, and only a NaN is dropped
ROBOCACHE_HOST_DEVICE inline bool is_kept(bool boxed, crop_box const& box, point3 const& p) {
  return boxed ? is_in_box(box, p) : !is_nan_point(p);
}

}  // namespace robocache::device
