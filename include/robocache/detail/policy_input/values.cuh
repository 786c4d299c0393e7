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
template <class Stamp>
__device__ device::rotation_channels input_sample(input_reader<Stamp> const& reader, char const* from) {
  device::rotation_channels row;
  with_float_type(reader.type, [&](auto type) {
    auto const* const channels = reinterpret_cast<decltype(type) const*>(from);
#pragma unroll
    for (int c = 0; c < 9; ++c) { row.c[c] = c < reader.channels ? device::to_float(channels[c]) : 0.0f; }
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

/// A rotation as a unit quaternion, as `device::rotation_between`.
template <class Stamp>
__device__ __noinline__ device::quaternion input_rotation(input_reader<Stamp> const& reader, method_row const& row) {
  bool const blends = row.kind >= method_row::blend;
  device::rotation_channels const a = input_sample(reader, row.from);
  device::rotation_channels const b = input_sample(reader, blends ? next_sample(reader, row) : row.from);
  if (!blends) { return read_layout(reader.layout, a); }
  if (!device::is_quaternion(reader.layout)) {
    return device::slerp(read_layout(reader.layout, a), read_layout(reader.layout, b), row.weight);
  }
  return device::quaternion_between(reader.layout, a, b, row.weight);
}

/// The angular velocity of a row that is not filled.
template <class Stamp>
__device__ __noinline__ device::vector3 input_turning(bool in_world, input_reader<Stamp> const& reader,
                                                      method_row const& row) {
  device::quaternion const a = read_layout(reader.layout, input_sample(reader, row.from));
  device::quaternion const b = read_layout(reader.layout, input_sample(reader, next_sample(reader, row)));
  return device::angular_velocity(a, b, row.weight, in_world);
}

/// A stream at a row that is not filled.
template <class Stamp>
struct input_origin {
  input_reader<Stamp> const& reader;
  method_row const& row;
};

/// The first three channels, by any method but slerp.
template <class Stamp>
__device__ device::vector3 input_position(input_origin<Stamp> const& of) {
  float v[3];
  if (device::is_straight(of.reader.rules.method)) {
    with_float_type(of.reader.type, [&](auto type) {
      auto const* const from = reinterpret_cast<decltype(type) const*>(of.row.from);
      bool const blends = of.row.kind >= method_row::blend;
      auto const* const right = from + (blends ? steps_of(of.row, of.reader.row_stride).to(1) : 0);
      float a[3], b[3];
#pragma unroll
      for (int c = 0; c < 3; ++c) {
        a[c] = device::to_float(from[c]);
        b[c] = device::to_float(right[c]);
      }
#pragma unroll
      for (int c = 0; c < 3; ++c) { v[c] = blends ? device::linear(a[c], b[c], of.row.weight) : a[c]; }
    });
  } else {
#pragma unroll
    for (int c = 0; c < 3; ++c) { v[c] = input_value(of.reader, of.row, c); }
  }
  return {v[0], v[1], v[2]};
}

/// All channels of a row that is not filled, before they are scaled: of rotations, quaternions, positions in a frame.
template <class Stamp>
__device__ device::rotation_channels whole_row(input_stream<Stamp> const& of, input_origin<Stamp> const& own,
                                               input_origin<Stamp> const& to, input_origin<Stamp> const& frame) {
  method_row const& row = own.row;
  if (own.reader.is_rotation) {
    if (of.order != derivative_order::value) {
      device::vector3 const v = input_turning(of.world_frame, own.reader, row);
      return {{v.x, v.y, v.z}};
    }
    if (of.passes && row.kind < method_row::blend) { return input_sample(own.reader, row.from); }
    device::quaternion q = input_rotation(own.reader, row);
    if (of.to >= 0) { q = device::relative_rotation(input_rotation(to.reader, to.row), q); }
    return device::write_result(of.layout, of.sign, q);
  }
  if (device::is_rotation(own.reader.rules.method)) {
    device::rotation_channels const a = input_sample(own.reader, row.from);
    device::quaternion q{{a.c[0], a.c[1], a.c[2], a.c[3]}};
    if (row.kind >= method_row::blend) {
      device::rotation_channels const b = input_sample(own.reader, next_sample(own.reader, row));
      q = device::slerp(q, {{b.c[0], b.c[1], b.c[2], b.c[3]}}, row.weight);
    }
    return {{q.q[0], q.q[1], q.q[2], q.q[3]}};
  }
  device::vector3 const p = input_position(own), p0 = input_position(to);
  device::vector3 const d{device::sub_rn(p.x, p0.x), device::sub_rn(p.y, p0.y), device::sub_rn(p.z, p0.z)};
  device::vector3 const seen = device::relative_vector(input_rotation(frame.reader, frame.row), d);
  return {{seen.x, seen.y, seen.z}};
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
