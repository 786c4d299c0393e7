// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/series.hpp>
#include <robocache/stream.hpp>
#include <robocache/timeline.hpp>

/// The backward pass from rows of results to the series or stream that wrote them. Compiled for all three stamp types.
namespace robocache::host::detail {

/// One stream, and the gradients of what it wrote.
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
/// @param out  of which scale and shift are left alone
template <class Stamp>
void backward_values(stream_backward<Stamp> const& job, stream_gradients const& out);

/// Gradients of the stream's scale and shift; each pointer may be null.
template <class Stamp>
void backward_scale(stream_backward<Stamp> const& job, float* scale, float* shift);

/// Gradients of the target times, by the stream's method linear.
/// @param adds  to what is in `out`; else that is overwritten
template <class Stamp>
void backward_times(stream_backward<Stamp> const& job, float* out, bool adds);

}  // namespace robocache::host::detail
