// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/method_rows.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/policy_input/params.hpp>
#include <robocache/device/derivative.cuh>
#include <robocache/device/policy_value.cuh>

// What becomes of one row of a stream, or of one channel of it, once it is located.
namespace robocache::detail {

/// Scale, shift and bounds of a channel; what is not there is a number that changes nothing.
struct input_factors {
  float scale, shift, low, high;

  /// @param k  the target of its trajectory
  template <class Stamp>
  __device__ input_factors(input_stream<Stamp> const& of, std::int64_t k, std::int64_t channel) {
    std::int64_t const affine = k * of.affine_stride + channel;
    scale = of.scale != nullptr ? __ldg(of.scale + affine) : 1.0f;
    shift = of.shift != nullptr ? __ldg(of.shift + affine) : -0.0f;
    low = of.low != nullptr ? __ldg(of.low + channel) : -__int_as_float(0x7f800000);
    high = of.high != nullptr ? __ldg(of.high + channel) : __int_as_float(0x7f800000);
  }

  __device__ float finish(float v) const {
    return device::clamped(device::add_rn(device::mul_rn(v, scale), shift), low, high);
  }
};

/// One channel of a row that is not filled, by any method but slerp.
template <class Stamp>
__device__ __noinline__ float input_value(input_reader<Stamp> const& reader, method_row const& row,
                                          std::int64_t channel) {
  float value = 0.0f;
  with_float_type(reader.type, [&](auto type) {
    auto const* const from = reinterpret_cast<decltype(type) const*>(row.from) + channel;
    float doubt = 0.0f;
    value = value_of(reader.rules.method, row, from, reader.row_stride, doubt);
    if (doubt != 0.0f) {
      value = unusual_value(reader.type, row, reinterpret_cast<char const*>(from), reader.row_stride);
    }
  });
  return value;
}

/// A derivative of one channel of a row that is not filled. The row's weight is its rate.
template <class Stamp>
__device__ __noinline__ float input_derivative(derivative_order order, input_reader<Stamp> const& reader,
                                               method_row const& row, std::int64_t channel) {
  device::curve const c = curve_of<-1>(row);
  device::detail::curve_samples samples{};
  with_float_type(reader.type, [&](auto type) {
    auto const* const from = reinterpret_cast<decltype(type) const*>(row.from) + channel;
    samples = device::detail::samples_of(c, from, steps_of(row, reader.row_stride));
  });
  return device::derivative(c, row.weight, order, reader.rules.method == interpolation::angle, samples);
}

/// A sample of a rotation, as it is stored.
/// @param channels  9 at most
inline __device__ device::rotation_channels input_sample(dtype type, int channels, char const* from) {
  device::rotation_channels row;
  with_float_type(type, [&](auto zero) {
    auto const* const values = reinterpret_cast<decltype(zero) const*>(from);
#pragma unroll
    for (int c = 0; c < 9; ++c) { row.c[c] = c < channels ? device::to_float(values[c]) : 0.0f; }
  });
  return row;
}

/// The sample after a row's left one.
template <class Stamp>
__device__ char const* next_sample(input_reader<Stamp> const& reader, method_row const& row) {
  return row.from + (steps_of(row, reader.row_stride).to(1) << (reader.type == dtype::float32 ? 2 : 1));
}

/// A row in any layout as a unit quaternion. Out of line: some layouts are long.
inline __device__ __noinline__ device::quaternion read_layout(rotation_layout layout, device::rotation_channels row) {
  return device::read_rotation(layout, row);
}

/// The two samples that a row blends, or one.
struct sample_pair {
  char const* left;
  char const* right;
  float weight;
  bool blends;  ///< false: `left` alone counts
};

/// A rotation as a unit quaternion, as `device::rotation_between`.
inline __device__ __noinline__ device::quaternion rotation_of_pair(dtype type, rotation_layout layout,
                                                                   sample_pair const pair) {
  int const channels = channels_of(layout.format);
  device::rotation_channels const a = input_sample(type, channels, pair.left);
  device::rotation_channels const b = input_sample(type, channels, pair.blends ? pair.right : pair.left);
  if (!pair.blends) { return read_layout(layout, a); }
  if (!device::is_quaternion(layout)) {
    return device::slerp(read_layout(layout, a), read_layout(layout, b), pair.weight);
  }
  return device::quaternion_between(layout, a, b, pair.weight);
}

/// A quaternion whose channels stay in their order, as slerp of a plain stream.
inline __device__ device::quaternion quaternion_of_pair(dtype type, sample_pair const& pair) {
  device::rotation_channels const a = input_sample(type, 4, pair.left);
  device::quaternion const q{{a.c[0], a.c[1], a.c[2], a.c[3]}};
  if (!pair.blends) { return q; }
  device::rotation_channels const b = input_sample(type, 4, pair.right);
  return device::slerp(q, {{b.c[0], b.c[1], b.c[2], b.c[3]}}, pair.weight);
}

/// The first three channels by a straight method.
inline __device__ device::vector3 position_of_pair(dtype type, sample_pair const& pair) {
  float v[3];
  with_float_type(type, [&](auto zero) {
    auto const* const left = reinterpret_cast<decltype(zero) const*>(pair.left);
    auto const* const right = reinterpret_cast<decltype(zero) const*>(pair.blends ? pair.right : pair.left);
    float a[3], b[3];
#pragma unroll
    for (int c = 0; c < 3; ++c) {
      a[c] = device::to_float(left[c]);
      b[c] = device::to_float(right[c]);
    }
#pragma unroll
    for (int c = 0; c < 3; ++c) { v[c] = pair.blends ? device::linear(a[c], b[c], pair.weight) : a[c]; }
  });
  return {v[0], v[1], v[2]};
}

/// The angular velocity of a row that is not filled.
template <class Stamp>
__device__ __noinline__ device::vector3 input_turning(bool in_world, input_reader<Stamp> const& reader,
                                                      method_row const& row) {
  auto const channels = static_cast<int>(reader.channels);
  device::quaternion const a = read_layout(reader.layout, input_sample(reader.type, channels, row.from));
  device::quaternion const b =
      read_layout(reader.layout, input_sample(reader.type, channels, next_sample(reader, row)));
  return device::angular_velocity(a, b, row.weight, in_world);
}

/// A stream at a row that is not filled.
template <class Stamp>
struct input_origin {
  input_reader<Stamp> const& reader;
  method_row const& row;

  __device__ sample_pair pair() const {
    bool const blends = row.kind >= method_row::blend;
    return {row.from, blends ? next_sample(reader, row) : row.from, row.weight, blends};
  }
  __device__ bool is_rotation() const { return reader.is_rotation; }
  __device__ bool is_slerp() const { return device::is_rotation(reader.rules.method); }
  __device__ bool blends() const { return row.kind >= method_row::blend; }
  __device__ device::rotation_channels left() const {
    return input_sample(reader.type, static_cast<int>(reader.channels), row.from);
  }
  __device__ device::quaternion rotation() const { return rotation_of_pair(reader.type, reader.layout, pair()); }
  __device__ device::quaternion plain_quaternion() const { return quaternion_of_pair(reader.type, pair()); }

  /// The first three channels, by any method but slerp.
  __device__ device::vector3 position() const {
    if (device::is_straight(reader.rules.method)) { return position_of_pair(reader.type, pair()); }
    return {input_value(reader, row, 0), input_value(reader, row, 1), input_value(reader, row, 2)};
  }
};

/// All channels of a value that is not filled, before they are scaled: of rotations, quaternions, positions in a frame.
/// @param own    the stream at the row, as `input_origin`
/// @param to     what it is relative to: has a `rotation()` and a `position()`
/// @param frame  ...: has a `rotation()`
template <class Stamp, class Origin, class To, class Frame>
__device__ device::rotation_channels whole_value(input_stream<Stamp> const& of, Origin const& own, To const& to,
                                                 Frame const& frame) {
  if (own.is_rotation()) {
    if (of.passes && !own.blends()) { return own.left(); }
    device::quaternion q = own.rotation();
    if (of.to >= 0) { q = device::relative_rotation(to.rotation(), q); }
    return device::write_result(of.layout, of.sign, q);
  }
  if (own.is_slerp()) {
    device::quaternion const q = own.plain_quaternion();
    return {{q.q[0], q.q[1], q.q[2], q.q[3]}};
  }
  device::vector3 const p = own.position(), p0 = to.position();
  device::vector3 const d{device::sub_rn(p.x, p0.x), device::sub_rn(p.y, p0.y), device::sub_rn(p.z, p0.z)};
  device::vector3 const seen = device::relative_vector(frame.rotation(), d);
  return {{seen.x, seen.y, seen.z}};
}

/// The same of a row, or the angular velocity there.
template <class Stamp>
__device__ device::rotation_channels whole_row(input_stream<Stamp> const& of, input_origin<Stamp> const& own,
                                               input_origin<Stamp> const& to, input_origin<Stamp> const& frame) {
  if (own.reader.is_rotation && of.order != derivative_order::value) {
    device::vector3 const v = input_turning(of.world_frame, own.reader, own.row);
    return {{v.x, v.y, v.z}};
  }
  return whole_value(of, own, to, frame);
}

/// One channel of a row that is not filled, before it is scaled: by any method but slerp, and in no frame.
template <class Stamp>
__device__ float one_channel(input_stream<Stamp> const& of, input_origin<Stamp> const& own,
                             input_origin<Stamp> const& to, std::int64_t channel) {
  if (of.order != derivative_order::value) { return input_derivative(of.order, own.reader, own.row, channel); }
  float const value = input_value(own.reader, own.row, channel);
  if (of.to < 0) { return value; }
  return device::relative_value(value, input_value(to.reader, to.row, channel),
                                own.reader.rules.method == interpolation::angle);
}

}  // namespace robocache::detail
