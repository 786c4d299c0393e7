// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/config.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/curve.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/series.hpp>

namespace robocache::device {

/// `(1 - weight) * a + weight * b`, each operation rounded. The two-product form, so that it is exact at both ends
/// and monotone between equal values; not to be used where a weight is exactly 0, which `location` sorts out.
ROBOCACHE_HOST_DEVICE inline float linear(float a, float b, float weight) {
  return add_rn(mul_rn(sub_rn(1.0f, weight), a), mul_rn(weight, b));
}

/// One channel of a target located for a method up to linear, as float, before the rounding to a result type: for
/// custom kernels.
///
/// @param source    the series that is read
/// @param one       the trajectory that `where` was located in
/// @param where     from `locate`
/// @param channel   in [0, source.channels)
/// @param fill      returned where no sample contributes
///
/// Strides of `source` must be given or `contiguous`; `Value` is `float`, `__half` or `__nv_bfloat16`.
template <class Value, class Stamp>
ROBOCACHE_HOST_DEVICE inline float value_at(series<Value, Stamp> const& source, trajectory<Stamp> const& one,
                                            location const& where, std::int64_t channel, float fill) {
  if (where.row < 0) { return fill; }
  std::int64_t const row_stride = source.row_stride == contiguous ? source.channels : source.row_stride;
  std::int64_t const batch_stride =
      source.batch_stride == contiguous ? source.when.length * row_stride : source.batch_stride;
  Value const* const first = source.values + one.element(where.row, batch_stride, row_stride) + channel;
  float const a = to_float(*first);
  return where.blends ? linear(a, to_float(first[row_stride]), where.weight) : a;
}

/// The value of one channel on a curve.
///
/// @param c       from `curve_at`
/// @param row     the left sample of the bracket in that channel
/// @param stride  from one sample to the next, in elements
template <class Value>
ROBOCACHE_HOST_DEVICE inline float value_on_curve(curve const& c, Value const* row, std::int64_t stride) {
  float const a = to_float(row[0]);
  float const b = to_float(row[stride]);
  if (c.method == interpolation::linear) { return linear(a, b, c.weight); }
  float const p = c.left > 0 ? to_float(row[-stride]) : a;
  float const n = c.right > 0 ? to_float(row[2 * stride]) : b;
  if (c.method == interpolation::catmull_rom) { return catmull_rom(c, p, a, b, n); }
  if (c.method == interpolation::pchip) { return pchip(c, p, a, b, n); }
  float const pp = c.left > 1 ? to_float(row[-2 * stride]) : p;
  float const nn = c.right > 1 ? to_float(row[3 * stride]) : n;
  return akima(c, pp, p, a, b, n, nn);
}

/// One channel of a located target by any float method but slerp, before the rounding to a result type.
///
/// @param method  previous, next, nearest, linear, angle, catmull_rom, pchip or akima
/// @param c       from `curve_at`; unless `blends` it is not looked at
/// @param blends  as `location::blends`
/// @param row     the sample at `location::row` in that channel
/// @param stride  from one sample to the next, in elements
template <class Value>
ROBOCACHE_HOST_DEVICE inline float value_by_method(interpolation method, curve const& c, bool blends, Value const* row,
                                                   std::int64_t stride) {
  float const a = to_float(*row);
  if (method == interpolation::angle) { return blends ? angle(a, to_float(row[stride]), c.weight) : wrap(a); }
  return blends ? value_on_curve(c, row, stride) : a;
}

}  // namespace robocache::device
