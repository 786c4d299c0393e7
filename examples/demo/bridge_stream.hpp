// SPDX-License-Identifier: Apache-2.0
// A stream as the bridge is given it, and as the library takes it.
#pragma once

#include <cstdint>

#include <robocache/options.hpp>
#include <robocache/series.hpp>
#include <robocache/stream.hpp>
#include <robocache/timeline.hpp>

/// One stream of a fusion and its rules. bridge.py repeats this layout.
template <class Stamp>
struct demo_stream {
  Stamp const* stamps;  // [rows]
  float const* values;  // [rows, channels]
  std::int64_t rows;
  std::int64_t channels;
  Stamp max_gap;
  Stamp latency;
  double fill;
  std::int32_t method;  // of rc::interpolation
  std::int32_t edge;    // of rc::edge, for both sides
};

namespace demo {

namespace rc = robocache;

/// The stream as the library takes it, of stamps and values on the side that computes.
template <class Stamp>
rc::stream<Stamp> view(demo_stream<Stamp> const& from, Stamp const* stamps, float const* values) {
  rc::resample_options<Stamp> options;
  options.method = static_cast<rc::interpolation>(from.method);
  options.before = options.after = static_cast<rc::edge>(from.edge);
  options.max_gap = from.max_gap;
  options.fill = from.fill;
  auto const when = rc::timeline<Stamp>::dense(stamps, 1, from.rows);
  rc::stream<Stamp> one{rc::series{values, when, from.channels}, options};
  one.latency = from.latency;
  return one;
}

}  // namespace demo
