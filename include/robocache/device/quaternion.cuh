// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/rotation.cuh>

// Unit quaternions as rotations, components in the order w, x, y, z. Formulas: docs/semantics.md, Rotation formats.
namespace robocache::device {

namespace detail {

ROBOCACHE_HOST_DEVICE inline float larger(float a, float b) { return b > a ? b : a; }

/// The quaternion of length 1 in this direction. NaN if it is zero or not finite.
ROBOCACHE_HOST_DEVICE inline quaternion unit(quaternion q) {
  float square = dot(q, q);
  if (!(square >= 0x1p-80f && square <= 0x1p80f)) {
    // The squares overflow or underflow a float: the result is NaN.
    float const most = larger(larger(absolute(q.q[0]), absolute(q.q[1])), larger(absolute(q.q[2]), absolute(q.q[3])));
    for (float& x : q.q) { x = div_rn(x, most); }
    square = dot(q, q);
  }
  float const inverse = div_rn(1.0f, sqrt_rn(square));
  for (float& x : q.q) { x = mul_rn(x, inverse); }
  return q;
}

}  // namespace detail

/// A vector in space.
struct vector3 {
  float x, y, z;
};

/// `a` times `b`: the rotation `b`, then `a`. Terms are paired so that the inverse of a rotation times the rotation has
/// a vector part of exactly 0.
ROBOCACHE_HOST_DEVICE inline quaternion product(quaternion const& a, quaternion const& b) {
  float const* const p = a.q;
  float const* const q = b.q;
  quaternion r;
  r.q[0] = sub_rn(sub_rn(sub_rn(mul_rn(p[0], q[0]), mul_rn(p[1], q[1])), mul_rn(p[2], q[2])), mul_rn(p[3], q[3]));
  r.q[1] = add_rn(add_rn(mul_rn(p[0], q[1]), mul_rn(p[1], q[0])), sub_rn(mul_rn(p[2], q[3]), mul_rn(p[3], q[2])));
  r.q[2] = add_rn(add_rn(mul_rn(p[0], q[2]), mul_rn(p[2], q[0])), sub_rn(mul_rn(p[3], q[1]), mul_rn(p[1], q[3])));
  r.q[3] = add_rn(add_rn(mul_rn(p[0], q[3]), mul_rn(p[3], q[0])), sub_rn(mul_rn(p[1], q[2]), mul_rn(p[2], q[1])));
  return r;
}

/// The inverse rotation.
ROBOCACHE_HOST_DEVICE inline quaternion inverse(quaternion const& q) { return {{q.q[0], -q.q[1], -q.q[2], -q.q[3]}}; }

/// The same rotation with the sign that `quaternion_sign::positive` asks for.
ROBOCACHE_HOST_DEVICE inline quaternion positive(quaternion const& q) {
  float leading = q.q[0];
  for (int i = 1; i < 4; ++i) { leading = leading == 0.0f ? q.q[i] : leading; }
  if (!(leading < 0.0f)) { return q; }
  return {{-q.q[0], -q.q[1], -q.q[2], -q.q[3]}};
}

/// The rotation `q` as seen from `frame`: the inverse of `frame`, times `q`, of unit length.
ROBOCACHE_HOST_DEVICE inline quaternion relative_rotation(quaternion const& frame, quaternion const& q) {
  return detail::unit(product(inverse(frame), q));
}

/// The matrix of a unit quaternion, row by row.
struct rotation_matrix {
  float m[9];
};

ROBOCACHE_HOST_DEVICE inline rotation_matrix matrix_of(quaternion const& q) {
  float const w = q.q[0], x = q.q[1], y = q.q[2], z = q.q[3];
  float const xx = mul_rn(x, x), yy = mul_rn(y, y), zz = mul_rn(z, z);
  float const xy = mul_rn(x, y), xz = mul_rn(x, z), yz = mul_rn(y, z);
  float const wx = mul_rn(w, x), wy = mul_rn(w, y), wz = mul_rn(w, z);
  auto const twice = [](float a) { return mul_rn(2.0f, a); };
  return {{sub_rn(1.0f, twice(add_rn(yy, zz))), twice(sub_rn(xy, wz)), twice(add_rn(xz, wy)),  //
           twice(add_rn(xy, wz)), sub_rn(1.0f, twice(add_rn(xx, zz))), twice(sub_rn(yz, wx)),  //
           twice(sub_rn(xz, wy)), twice(add_rn(yz, wx)), sub_rn(1.0f, twice(add_rn(xx, yy)))}};
}

/// The vector `v` as seen from `frame`: its matrix, transposed, times `v`.
ROBOCACHE_HOST_DEVICE inline vector3 relative_vector(quaternion const& frame, vector3 const& v) {
  rotation_matrix const r = matrix_of(frame);
  auto const along = [&](int c) {
    return add_rn(add_rn(mul_rn(r.m[c], v.x), mul_rn(r.m[3 + c], v.y)), mul_rn(r.m[6 + c], v.z));
  };
  return {along(0), along(1), along(2)};
}

/// The unit quaternion of a matrix: Shepperd's method, which divides by the largest of the four numbers that it could
/// divide by. Of unit length; NaN where the matrix is zero or not finite.
ROBOCACHE_HOST_DEVICE inline quaternion rotation_of(rotation_matrix const& r) {
  float const* const m = r.m;
  float const trace = add_rn(add_rn(m[0], m[4]), m[8]);
  int choice = -1;
  float most = trace;
  float const diagonal[] = {m[0], m[4], m[8]};
  for (int i = 0; i < 3; ++i) {
    if (diagonal[i] > most) {
      most = diagonal[i];
      choice = i;
    }
  }
  float const x = add_rn(m[5], m[7]), y = add_rn(m[2], m[6]), z = add_rn(m[1], m[3]);
  float const dx = sub_rn(m[7], m[5]), dy = sub_rn(m[2], m[6]), dz = sub_rn(m[3], m[1]);
  auto const on_axis = [&](float of_axis) { return add_rn(sub_rn(1.0f, trace), mul_rn(2.0f, of_axis)); };
  quaternion q;
  switch (choice) {
    case 0: q = {{dx, on_axis(m[0]), z, y}}; break;
    case 1: q = {{dy, z, on_axis(m[4]), x}}; break;
    case 2: q = {{dz, y, x, on_axis(m[8])}}; break;
    default: {
      // A matrix of zeros is not a rotation; without this it would be taken for the identity.
      float any = 0.0f;
      for (int i = 0; i < 9; ++i) { any = add_rn(any, detail::absolute(m[i])); }
      q = {{any == 0.0f ? 0.0f : add_rn(1.0f, trace), dx, dy, dz}};
    }
  }
  return detail::unit(q);
}

}  // namespace robocache::device
