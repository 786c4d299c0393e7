// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/inspect/check.hpp>
#include <robocache/detail/inspect/kernel.cuh>
#include <robocache/detail/inspect/params.hpp>
#include <robocache/detail/inspect/policy.cuh>
#include <robocache/detail/launch.cuh>
#include <robocache/inspect.cuh>

namespace robocache {
namespace detail {

/// Enqueues the clearing of the reports of `params.when`, and then a kernel that adds to them.
template <class Params>
ROBOCACHE_HIDDEN status launch_reports(void (*kernel)(Params), Params params, cudaStream_t cuda_stream) {
  auto const& when = params.when;
  status const s = clear(params.reports, when.batch * std::int64_t(sizeof *params.reports), cuda_stream);
  if (!s.ok()) { return s; }
  inspect_shape const shape = inspect_shape_for(when.batch, when.rows_each());
  params.parts = shape.parts;
  return launch(kernel, params, dim3(shape.blocks), shape.threads, 0, cuda_stream);
}

template <class Stamp>
ROBOCACHE_HIDDEN status inspect(timeline<Stamp> const& when, std::int64_t source_batch, trajectory_report* reports,
                                cudaStream_t cuda_stream) {
  status const s = detail::check_inspect(when, source_batch, reports);
  if (!s.ok() || when.batch == 0) { return s; }
  return launch_reports(inspect_kernel<Stamp>, inspect_params<Stamp>{when, source_batch, reports, 0}, cuda_stream);
}

template <class Stamp>
ROBOCACHE_HIDDEN status inspect(timeline<Stamp> const& when, trajectory_report* reports, cudaStream_t cuda_stream) {
  status const s = detail::check_names_no_trajectory(when);
  return s.ok() ? detail::inspect(when, 0, reports, cuda_stream) : s;
}

/// Which rows each trajectory has, without their times: one type for all types of stamps.
template <class Stamp>
timeline<std::int64_t> without_times(timeline<Stamp> const& when) noexcept {
  timeline<std::int64_t> rows;
  rows.kind = when.kind == timeline_kind::ring ? timeline_kind::ring : timeline_kind::uniform;
  rows.batch = when.batch;
  rows.length = when.length;
  rows.rows = when.rows;
  rows.lengths = when.lengths;
  rows.offsets = when.offsets;
  return rows;
}

template <class Value, class Stamp>
ROBOCACHE_HIDDEN status inspect_rotations(series<Value, Stamp> const& source, rotation_report* reports,
                                          cudaStream_t cuda_stream) {
  status const s = check_inspect_rotations(source, reports);
  if (!s.ok() || source.when.batch == 0) { return s; }
  strides const step = strides_of(source, source.when, source.channels);
  typed_rows const values{const_cast<Value*>(source.values), step.batch, step.row, dtype_of<Value>::value};
  inspect_rotations_params const params{without_times(source.when), values, reports, 0};
  return launch_reports(inspect_rotations_kernel<inspect_threads>, params, cuda_stream);
}

}  // namespace detail

template <class Stamp>
status inspect(timeline<Stamp> const& when, std::int64_t source_batch, trajectory_report* reports,
               cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp>) {
    return detail::inspect(detail::plain(when), source_batch, reports, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

template <class Stamp>
status inspect(timeline<Stamp> const& when, trajectory_report* reports, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp>) {
    return detail::inspect(detail::plain(when), reports, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

template <class Value, class Stamp>
status inspect_rotations(series<Value, Stamp> const& source, rotation_report* reports, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp> && detail::is_float_value<Value>) {
    return detail::inspect_rotations(detail::plain(source), reports, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0);
    static_assert(sizeof(detail::quaternion_rule<Value>) > 0);
    return {};
  }
}

}  // namespace robocache
