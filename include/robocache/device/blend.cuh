// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/curve.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/method.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/series.hpp>

namespace robocache::device {

namespace detail {

/// The value at `share` of the way from `near` to `far`, each operation rounded: for shares up to 1/2, so that it lies
/// between both and is `near` where both are equal. Where the difference overflows a float, or is NaN, by
/// two products.
ROBOCACHE_HOST_DEVICE inline float part_way(float near, float far, float share) {
  float const d = sub_rn(far, near);
  return is_finite(d) ? add_rn(near, mul_rn(share, d)) : add_rn(mul_rn(sub_rn(1.0f, share), near), mul_rn(share, far));
}

}  // namespace detail

/// The value at `weight` on the line from `a` to `b`, counted from the nearer of the two, each operation rounded
/// (docs/semantics.md, Locate): exact at both ends, inside [min, max] of finite samples, and equal samples give
/// themselves. Not for weights of exactly 0, for which `location` names one sample.
ROBOCACHE_HOST_DEVICE inline float linear(float a, float b, float weight) {
  return weight < 0.5f ? detail::part_way(a, b, weight) : detail::part_way(b, a, sub_rn(1.0f, weight));
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
  return where.blends ? linear(a, to_float(first[one.step_from(where.row) * row_stride]), where.weight) : a;
}

namespace detail {

/// The samples that a curve reads in one channel.
struct curve_samples {
  float pp, p, a, b, n, nn;
};

/// @param row  the left sample of the bracket
template <class Value>
ROBOCACHE_HOST_DEVICE inline curve_samples samples_of(curve const& c, Value const* row, sample_steps const& steps) {
  curve_samples s;
  s.a = to_float(row[0]);
  s.b = to_float(row[steps.to(1)]);
  s.p = c.left > 0 ? to_float(row[steps.to(-1)]) : s.a;
  s.n = c.right > 0 ? to_float(row[steps.to(2)]) : s.b;
  s.pp = c.left > 1 ? to_float(row[steps.to(-2)]) : s.p;
  s.nn = c.right > 1 ? to_float(row[steps.to(3)]) : s.n;
  return s;
}

/// The samples that `value_from` needs. The others are 0, and are not read.
template <class Value>
ROBOCACHE_HOST_DEVICE inline curve_samples samples_for(interpolation method, curve const& c, bool blends,
                                                       Value const* row, sample_steps const& steps) {
  if (blends && is_curved(method) && c.method != interpolation::linear) { return samples_of(c, row, steps); }
  curve_samples s{};
  s.a = to_float(row[0]);
  if (blends) { s.b = to_float(row[steps.to(1)]); }
  return s;
}

/// `value_by_method` in float only, of samples that were read.
/// @param doubt  stays 0 unless an intermediate result overflowed: then the result is wrong
ROBOCACHE_HOST_DEVICE inline float value_from(interpolation method, curve const& c, bool blends, curve_samples const& s,
                                              float& doubt) {
  switch (method) {
    case interpolation::previous:
    case interpolation::next:
    case interpolation::nearest:
    case interpolation::linear: return blends ? linear(s.a, s.b, c.weight) : s.a;
    case interpolation::angle: return blends ? angle(s.a, s.b, c.weight) : wrap(s.a);
    case interpolation::catmull_rom:
    case interpolation::pchip:
    case interpolation::akima:
      if (!blends) { return s.a; }
      if (c.method == interpolation::linear) { return linear(s.a, s.b, c.weight); }
      return value_on<float>(c, s.pp, s.p, s.a, s.b, s.n, s.nn, doubt);
    case interpolation::slerp:
      if (!blends) { return s.a; }
      break;  // it is of whole rows
  }
  return not_a_number;
}

/// `value_by_method` in float only.
/// @param doubt  as `value_from`
template <class Value>
ROBOCACHE_HOST_DEVICE inline float value_in_float(interpolation method, curve const& c, bool blends, Value const* row,
                                                  sample_steps const& steps, float& doubt) {
  return value_from(method, c, blends, samples_for(method, c, blends, row, steps), doubt);
}

}  // namespace detail

/// One channel of a located target by any float method except slerp, before the rounding to a result type.
///
/// @param method  previous, next, nearest, linear, angle, catmull_rom, pchip or akima
/// @param c       from `curve_at`; read only if `blends`
/// @param blends  as `location::blends`
/// @param row     the sample at `location::row` in that channel
/// @param steps   from one sample to the next, in elements: a number, or of a ring `steps_from(one, where.row, stride)`
template <class Value>
ROBOCACHE_HOST_DEVICE inline float value_by_method(interpolation method, curve const& c, bool blends, Value const* row,
                                                   sample_steps const& steps) {
  float doubt = 0.0f;
  float const value = detail::value_in_float(method, c, blends, row, steps, doubt);
  if (doubt == 0.0f) { return value; }
  detail::curve_samples const s = detail::samples_of(c, row, steps);
  return detail::curve_in_double(c, s.pp, s.p, s.a, s.b, s.n, s.nn);
}

/// The value of one channel on a curve.
///
/// @param c       from `curve_at`
/// @param row     the left sample of the bracket in that channel
/// @param steps   as `value_by_method`
template <class Value>
ROBOCACHE_HOST_DEVICE inline float value_on_curve(curve const& c, Value const* row, sample_steps const& steps) {
  return value_by_method(c.method, c, true, row, steps);
}

}  // namespace robocache::device
