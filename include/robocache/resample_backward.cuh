// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <robocache/detail/config.hpp>
#include <robocache/options.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/timeline.hpp>

namespace robocache {

/// The backward pass of `resample`: from the gradient of a loss with respect to the results, those with respect to
/// the source's values and to the target times.
///
/// Each gradient, including the order of its sum, is defined in docs/semantics.md, "Gradients". In short: each
/// result hands its gradient to the rows that it read, times the weights with which it read them; sums run over the
/// targets in ascending order, in float, with one rounding at the end. No atomic operation, no scratch memory: the
/// bits are those of `host::resample_backward`, on every architecture, in every run, whatever the launch.
///
/// @code
/// namespace rc = robocache;
/// rc::status s = rc::resample_backward(source, target, rc::result_gradients{grad_out},
///                                      rc::source_gradients{grad_values, grad_targets}, options,
///                                      rc::target_order::ascending, cuda_stream);
/// @endcode
///
/// @tparam Value   `float`, `__half`, `__nv_bfloat16`: of the source's values and their gradients, or it does not
/// compile
/// @tparam Stamp   as for `resample`
/// @tparam Result  `float`, `__half`, `__nv_bfloat16`: of the results' gradients
///
/// @param source       as it was given to `resample`; `values` may be null where `out.targets` is
/// @param target       as it was given to `resample`
/// @param results      the results' gradients `[B, T, D]` (or packed). Rows may overlap: a stride of 0 is one row for
///                     all targets
/// @param out          where gradients go. `values` `[B, N, D]` (or packed): every row is written, 0 where no target
///                     reads it or no trajectory owns it; rows must not overlap, so values that trajectories share need
///                     a view of their own here. `targets` `[B, T]` (or packed): linear only. One of the two may be
///                     null, and both where one of them has no element
/// @param options      as they were given to `resample`: previous, next, nearest or linear. `fill` is not used
/// @param order        what is known about the targets. With `target_order::any` a call reads all targets of a
///                     trajectory for each of its tiles of rows; uniform targets are known to ascend
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Preconditions, limits, stream behaviour and errors as `resample`. Gradients that are written overlap nothing that
/// is read.
template <class Value, class Stamp, class Result, class Gradient = Value, class TargetStamp = Stamp,
          class OptionStamp = Stamp>
ROBOCACHE_HIDDEN status resample_backward(series<Value, Stamp> const& source, timeline<TargetStamp> const& target,
                                          result_gradients<Result> const& results,
                                          source_gradients<Gradient> const& out,
                                          resample_options<OptionStamp> const& options, target_order order,
                                          cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/backward/resample_launch.cuh>
