// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/series.hpp>
#include <robocache/stream.hpp>
#include <robocache/timeline.hpp>

/// The backward pass from rows of results to the series or stream that wrote them. Compiled once per stamp type.
namespace robocache::host::detail {

/// One stream, and the gradients of its results.
template <class Stamp>
struct stream_backward {
  stream<Stamp> source;
  timeline<Stamp> target;
  target_order order;
  void const* results;  ///< gradients of the stream's first channel, in the first row
  dtype results_type;
  robocache::detail::strides results_step;  ///< elements
};

/// Gradients of the stream's values: every row is written.
/// @param out  its scale and shift are not touched
template <class Stamp>
void backward_values(stream_backward<Stamp> const& job, stream_gradients const& out);

/// Gradients of the stream's scale and shift; each pointer may be null.
template <class Stamp>
void backward_scale(stream_backward<Stamp> const& job, float* scale, float* shift);

/// Gradients of the target times, by the stream's method linear.
/// @param adds  adds to `out`; else overwrites it
template <class Stamp>
void backward_times(stream_backward<Stamp> const& job, float* out, bool adds);

}  // namespace robocache::host::detail
