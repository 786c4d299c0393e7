// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/quaternion.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/device/trigonometry.cuh>
#include <robocache/rotation.hpp>

// Rotations from and to the formats of `rotation_format`. Unit quaternions have their components in the order w, x, y,
// z. Formulas, order of operations and errors: docs/semantics.md, Rotation formats.
namespace robocache::device {

/// As many channels as the widest format has; a format uses the first `channels_of(format)`.
struct rotation_channels {
  float c[9];
};

/// The unit quaternion of a rotation vector.
ROBOCACHE_HOST_DEVICE inline quaternion from_rotation_vector(vector3 const& v) {
  float const square = add_rn(add_rn(mul_rn(v.x, v.x), mul_rn(v.y, v.y)), mul_rn(v.z, v.z));
  float const z = mul_rn(0.25f, square);  // of half the angle
  float cosine, each;
  if (z <= 0.6f) {
    cosine = detail::cosine_of_square(z);
    each = mul_rn(0.5f, add_rn(1.0f, mul_rn(z, detail::sine_tail(z))));
  } else {
    float const half = detail::sqrt_rn(z);
    sine_and_cosine const of_half = sincos_rn(half);
    cosine = of_half.cosine;
    each = mul_rn(0.5f, div_rn(of_half.sine, half));
  }
  return detail::unit({{cosine, mul_rn(v.x, each), mul_rn(v.y, each), mul_rn(v.z, each)}});
}

/// The rotation vector of a unit quaternion: its length is in [0, pi], up to a rounding.
ROBOCACHE_HOST_DEVICE inline vector3 to_rotation_vector(quaternion const& any) {
  quaternion const q = positive(any);
  float const w = q.q[0], x = q.q[1], y = q.q[2], z = q.q[3];
  float const s = detail::sqrt_rn(add_rn(add_rn(mul_rn(x, x), mul_rn(y, y)), mul_rn(z, z)));
  float each;
  if (s <= mul_rn(detail::tan_pi_8, w)) {
    float const t = div_rn(s, w);
    float const tt = mul_rn(t, t);
    each = div_rn(mul_rn(2.0f, add_rn(1.0f, mul_rn(tt, detail::arc_tail(tt)))), w);
  } else {
    each = div_rn(mul_rn(2.0f, atan2_rn(s, w)), s);
  }
  return {mul_rn(x, each), mul_rn(y, each), mul_rn(z, each)};
}

/// The unit quaternion of the rotation whose matrix has the directions of `a` and `b` as its first two columns: of `b`
/// the part at right angles to `a` (Gram-Schmidt). NaN where one is zero or not finite, or both are parallel up to
/// 2^-20.
ROBOCACHE_HOST_DEVICE inline quaternion from_two_vectors(vector3 const& a, vector3 const& b, bool as_rows) {
  quaternion const one = detail::unit({{0.0f, a.x, a.y, a.z}});
  quaternion const other = detail::unit({{0.0f, b.x, b.y, b.z}});
  float const share = detail::dot(one, other);
  quaternion rest{{0.0f, 0.0f, 0.0f, 0.0f}};
  for (int i = 1; i < 4; ++i) { rest.q[i] = sub_rn(other.q[i], mul_rn(share, one.q[i])); }
  bool const parallel = detail::dot(rest, rest) <= 0x1p-40f;
  for (int i = 1; i < 4; ++i) { rest.q[i] = parallel ? 0.0f : rest.q[i]; }
  quaternion const two = detail::unit(rest);
  float const ax = one.q[1], ay = one.q[2], az = one.q[3];
  float const bx = two.q[1], by = two.q[2], bz = two.q[3];
  float const cx = sub_rn(mul_rn(ay, bz), mul_rn(az, by));
  float const cy = sub_rn(mul_rn(az, bx), mul_rn(ax, bz));
  float const cz = sub_rn(mul_rn(ax, by), mul_rn(ay, bx));
  return as_rows ? rotation_of({{ax, ay, az, bx, by, bz, cx, cy, cz}})
                 : rotation_of({{ax, bx, cx, ay, by, cy, az, bz, cz}});
}

/// The unit quaternion of Euler angles.
ROBOCACHE_HOST_DEVICE inline quaternion from_euler(euler_order const& order, vector3 const& angles) {
  quaternion all{{1.0f, 0.0f, 0.0f, 0.0f}};
  float const of[3] = {angles.x, angles.y, angles.z};
  for (int i = 0; i < 3; ++i) {
    sine_and_cosine const half = sincos_rn(mul_rn(0.5f, of[i]));
    int const axis = order.axes[i];
    quaternion const one{
        {half.cosine, axis == 0 ? half.sine : 0.0f, axis == 1 ? half.sine : 0.0f, axis == 2 ? half.sine : 0.0f}};
    all = order.intrinsic ? product(all, one) : product(one, all);
  }
  return detail::unit(all);
}

/// The Euler angles of a unit quaternion: the first and third in [-pi, pi), the second in [0, pi] where the first and
/// third axis are the same, else in [-pi / 2, pi / 2]. At a singularity, up to 5e-7, the third is 0 and the second
/// exact. Bernardes and Viollet 2022, with SciPy's choice at singularities.
ROBOCACHE_HOST_DEVICE inline vector3 to_euler(euler_order const& order, quaternion const& q) {
  int const i = order.intrinsic ? order.axes[2] : order.axes[0];
  int const j = order.axes[1];
  int const last = order.intrinsic ? order.axes[0] : order.axes[2];
  bool const proper = i == last;
  int const k = 3 - i - j;
  float const sign = (j - i + 3) % 3 == 1 ? 1.0f : -1.0f;  // of the permutation i, j, k
  auto const component = [&](int axis) { return axis == 0 ? q.q[1] : axis == 1 ? q.q[2] : q.q[3]; };
  float const w = q.q[0], qi = component(i), qj = component(j), qk = mul_rn(component(k), sign);
  float const a = proper ? w : sub_rn(w, qj);
  float const b = proper ? qi : add_rn(qi, qk);
  float const c = proper ? qj : add_rn(qj, w);
  float const d = proper ? qk : sub_rn(qk, qi);
  float const ab = detail::sqrt_rn(add_rn(mul_rn(a, a), mul_rn(b, b)));
  float const cd = detail::sqrt_rn(add_rn(mul_rn(c, c), mul_rn(d, d)));
  bool const none = cd <= mul_rn(0x1p-22f, ab);
  bool const half_turn = ab <= mul_rn(0x1p-22f, cd);
  float const sum = atan2_rn(b, a);
  float const difference = atan2_rn(d, c);
  float middle = mul_rn(2.0f, atan2_rn(half_turn ? 1.0f : none ? 0.0f : cd, half_turn ? 0.0f : none ? 1.0f : ab));
  if (!proper) { middle = sub_rn(sub_rn(middle, detail::half_pi), detail::half_pi_rest); }
  float inner = sub_rn(sum, difference);  // about axis i, and about the last one
  float outer = add_rn(sum, difference);
  if (none || half_turn) {
    float const all = mul_rn(2.0f, none ? sum : difference);
    float const first = none || order.intrinsic ? all : -all;
    inner = order.intrinsic ? 0.0f : first;
    outer = order.intrinsic ? first : 0.0f;
  }
  if (!proper) { outer = mul_rn(outer, sign); }
  inner = wrap(inner);
  outer = wrap(outer);
  return order.intrinsic ? vector3{outer, middle, inner} : vector3{inner, middle, outer};
}

/// The unit quaternion of a row in any format. NaN in all components where the row is no rotation.
ROBOCACHE_HOST_DEVICE inline quaternion read_rotation(rotation_layout const& layout, rotation_channels const& row) {
  float const* const c = row.c;
  switch (layout.format) {
    case rotation_format::wxyz: return detail::unit({{c[0], c[1], c[2], c[3]}});
    case rotation_format::xyzw: return detail::unit({{c[3], c[0], c[1], c[2]}});
    case rotation_format::vector: return from_rotation_vector({c[0], c[1], c[2]});
    case rotation_format::matrix: return rotation_of({{c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]}});
    case rotation_format::columns: return from_two_vectors({c[0], c[1], c[2]}, {c[3], c[4], c[5]}, false);
    case rotation_format::rows: return from_two_vectors({c[0], c[1], c[2]}, {c[3], c[4], c[5]}, true);
    case rotation_format::euler: return from_euler(layout.order, {c[0], c[1], c[2]});
  }
  return {};
}

/// A unit quaternion as a row in any format.
ROBOCACHE_HOST_DEVICE inline rotation_channels write_rotation(rotation_layout const& layout, quaternion const& q) {
  switch (layout.format) {
    case rotation_format::wxyz: return {{q.q[0], q.q[1], q.q[2], q.q[3]}};
    case rotation_format::xyzw: return {{q.q[1], q.q[2], q.q[3], q.q[0]}};
    case rotation_format::vector: {
      vector3 const v = to_rotation_vector(q);
      return {{v.x, v.y, v.z}};
    }
    case rotation_format::euler: {
      vector3 const v = to_euler(layout.order, q);
      return {{v.x, v.y, v.z}};
    }
    case rotation_format::matrix:
    case rotation_format::columns:
    case rotation_format::rows: {
      rotation_matrix const r = matrix_of(q);
      float const* const m = r.m;
      if (layout.format == rotation_format::matrix) { return {{m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]}}; }
      if (layout.format == rotation_format::rows) { return {{m[0], m[1], m[2], m[3], m[4], m[5]}}; }
      return {{m[0], m[3], m[6], m[1], m[4], m[7]}};
    }
  }
  return {};
}

}  // namespace robocache::device
