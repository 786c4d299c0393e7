// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/cleaning.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/order.cuh>
#include <robocache/device/packed.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/device/timeline.cuh>
#include <robocache/series.hpp>

// What cleaning does to one row. docs/semantics.md, Cleaning.
namespace robocache::device {

/// A row of a series: its trajectory, and its place there.
struct series_row {
  std::int64_t b;  ///< -1: padding, or a row that no trajectory owns
  std::int64_t i;
};

/// Row `row`, counted over all trajectories, padding included; for `0 <= row < when.total()`.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline series_row series_row_at(timeline<Stamp> const& when, std::int64_t row) {
  if (when.offsets != nullptr) {
    packed_rows const owner = owner_of_row(when.offsets, when.batch, when.rows, row);
    return {owner.b < when.batch ? owner.b : -1, row - owner.begin};
  }
  if (when.packed()) { return {-1, 0}; }  // without a trajectory
  std::int64_t const b = row / when.length;
  std::int64_t const i = row - b * when.length;
  return {i < detail::length_of(when, b) ? b : -1, i};
}

/// The stamp of a row that belongs to a trajectory.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline Stamp stamp_of_row(timeline<Stamp> const& when, series_row const& at, std::int64_t row) {
  if (when.stored()) { return when.stamps[when.packed() ? row : at.b * when.stride + at.i]; }
  Stamp const start = when.starts != nullptr ? when.starts[at.b] : when.start;
  return detail::uniform_stamp(start, when.num, when.den, at.i);
}

/// A finite stamp as a whole number in the same order; -0 is 0.
template <class Stamp>
ROBOCACHE_HOST_DEVICE inline std::uint64_t stamp_order(Stamp stamp) {
  if constexpr (std::is_integral_v<Stamp>) {
    return order_of(stamp);
  } else {
    return order_of(add_rn(stamp, Stamp(0)));
  }
}

/// Bits of a `stamp_order`.
template <class Stamp>
inline constexpr int stamp_order_bits = sizeof(Stamp) == 4 ? 32 : 64;

/// Whether a row is dropped for its values.
/// @param some    whether one of the named channels is NaN
/// @param others  whether one of them is not
ROBOCACHE_HOST_DEVICE inline bool drops_values(nan_rule rule, bool some, bool others) {
  switch (rule) {
    case nan_rule::keep: return false;
    case nan_rule::any: return some;
    case nan_rule::all: return some && !others;
  }
  return false;
}

template <class Value>
ROBOCACHE_HOST_DEVICE inline bool is_nan_value(Value value) {
  if constexpr (std::is_integral_v<Value>) {
    return false;
  } else {
    float const x = to_float(value);
    return x != x;
  }
}

/// How a row compares with the latest one before it in its trajectory.
enum class row_step : std::uint8_t { backward, duplicate, forward };

/// @param latest  the greatest `stamp_order` of rows before it
ROBOCACHE_HOST_DEVICE inline row_step step_from(std::uint64_t latest, std::uint64_t order) {
  return order < latest ? row_step::backward : order == latest ? row_step::duplicate : row_step::forward;
}

/// How the signs of a row's quaternions follow from those of the row before it: one bit each. Where a sign does not
/// follow, the sample keeps its own.
struct sign_steps {
  std::uint32_t anew;
  std::uint32_t turned;
};

/// The steps `a`, then `b`.
ROBOCACHE_HOST_DEVICE inline sign_steps combine(sign_steps const& a, sign_steps const& b) {
  return {a.anew | b.anew, (a.turned & ~b.anew) ^ b.turned};
}

/// The step of quaternion k from the row before.
/// @param dot  of both, with the signs of the samples
ROBOCACHE_HOST_DEVICE inline sign_steps sign_step(int k, float dot) {
  std::uint32_t const bit = 1u << k;
  if (dot > 0.0f) { return {0, 0}; }
  if (dot < 0.0f) { return {0, bit}; }
  return {bit, 0};  // at a right angle, or NaN: neither sign is nearer
}

/// Four channels from `from` on.
template <class Value>
ROBOCACHE_HOST_DEVICE inline quaternion quaternion_at(Value const* from) {
  return {{to_float(from[0]), to_float(from[1]), to_float(from[2]), to_float(from[3])}};
}

}  // namespace robocache::device
