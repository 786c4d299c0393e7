// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/backward/check.hpp>
#include <robocache/detail/backward/kernel.cuh>
#include <robocache/detail/backward/policy.cuh>
#include <robocache/detail/backward/sums.cuh>
#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/timed/tiling.hpp>
#include <robocache/detail/launch.cuh>
#include <robocache/dtype.hpp>
#include <robocache/resample_backward.cuh>

namespace robocache {
namespace detail {

/// True if rows can be read or written in vectors of `backward_vector` channels.
inline bool suits_vectors(typed_rows const& rows, std::int64_t channels) {
  return common_alignment(address_of(rows.data)) == 16 &&
         common_alignment(rows.row_stride, rows.batch_stride, channels) >= backward_vector;
}

/// Cuts the source's rows for the gradients of its values, with `N` channels a vector.
/// @param name  what the caller calls the source's timeline
template <int N, class Stamp>
status cut_backward_values(char const* name, backward_params<Stamp>& params, device_properties const& device,
                           dim3& grid) {
  constexpr std::int64_t sums = max_threads * sums_at_a_time<N>;
  static_assert(sums * N >= widest_gradient_chunk, "the widest rows that are accepted have no more chunks than a grid");
  // Wide rows are cut evenly: each chunk's sums stay in registers.
  params.vectors_each = params.channels / N;
  std::int64_t chunks = (params.vectors_each + sums - 1) / sums;
  std::int64_t const chunk = (params.vectors_each + chunks - 1) / chunks;
  chunks = (params.vectors_each + chunk - 1) / chunk;
  params.chunk = divisor(static_cast<std::uint32_t>(chunk));
  timeline<Stamp> const& target = params.target;
  bool const one_board =
      target.trajectory == nullptr && (params.ascending || (!target.packed() && target.length <= max_threads));
  params.tiles = tile_targets(params.source, chunk, backward_shape_for<N>(device, one_board), device.multiprocessors);
  auto const plain = [](timeline<Stamp> const& when) {
    return when.stored() && when.lengths == nullptr && !when.packed();
  };
  params.plain = plain(params.source) && plain(target) && params.tiles.aligned;
  if (params.tiles.tiles > INT32_MAX) {
    return refuse(invalid, name, "length", "found %lld rows, want fewer: %lld blocks are more than a grid has",
                  static_cast<long long>(params.tiles.targets), static_cast<long long>(params.tiles.tiles));
  }
  grid = dim3(static_cast<unsigned>(params.tiles.tiles), static_cast<unsigned>(chunks));
  return {};
}

/// The same, with as many channels per vector as the rows' alignment allows.
/// @param wide  gets whether those are `backward_vector`
template <class Stamp>
status cut_backward_values(char const* name, backward_params<Stamp>& params, device_properties const& device,
                           dim3& grid, bool& wide) {
  wide = suits_vectors(params.out, params.channels) && suits_vectors(params.results, params.channels);
  return wide ? cut_backward_values<backward_vector>(name, params, device, grid)
              : cut_backward_values<1>(name, params, device, grid);
}

/// Launches for the source's values.
template <class Stamp>
ROBOCACHE_HIDDEN status launch_backward_values(char const* name, backward_params<Stamp> params,
                                               device_properties const& device, cudaStream_t cuda_stream) {
  dim3 grid;
  bool wide = false;
  status const s = cut_backward_values(name, params, device, grid, wide);
  if (!s.ok()) { return s; }
  return launch(wide ? backward_values_kernel<Stamp, backward_vector> : backward_values_kernel<Stamp, 1>, params, grid,
                max_threads, 0, cuda_stream);
}

/// Launches one kind of sums with a grid for `tiles` tiles; beyond the largest launch grid, blocks take several.
template <class Stamp>
ROBOCACHE_HIDDEN status launch_sums(sums_params<Stamp> const& params, std::int64_t tiles, unsigned chunks,
                                    cudaStream_t cuda_stream) {
  dim3 const grid(static_cast<unsigned>(tiles < most_sum_blocks ? tiles : most_sum_blocks), chunks);
  return launch(backward_sums_kernel<Stamp>, params, grid, max_threads, 0, cuda_stream);
}

/// Launches for the target times.
/// @param accumulates  adds to what is there already
template <class Stamp>
ROBOCACHE_HIDDEN status launch_backward_times(backward_params<Stamp> const& params, float* targets, bool accumulates,
                                              cudaStream_t cuda_stream) {
  sums_params<Stamp> sums{};
  sums.mode = sums_mode::times;
  sums.accumulates = accumulates;
  sums.count = params.target.total();
  sums.backward = params;
  sums.backward.out = {targets, 0, 1, dtype::float32};
  return launch_sums(sums, (sums.count + times_rows - 1) / times_rows, 1, cuda_stream);
}

/// Rows in memory. To kernels types are values, and they only read what is const here.
inline typed_rows rows_of(void const* data, strides step, dtype type) {
  return {const_cast<void*>(data), step.batch, step.row, type};
}

template <class Value, class Stamp, class Result>
ROBOCACHE_HIDDEN status resample_backward(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                                          result_gradients<Result> const& results, source_gradients<Value> const& out,
                                          resample_options<Stamp> const& options, target_order order,
                                          cudaStream_t cuda_stream) {
  status s = detail::check_backward(source, target, results, out, options, order);
  bool const has_rows = source.when.total() > 0 && out.values != nullptr;
  bool const has_targets = target.total() > 0 && out.targets != nullptr;
  if (!s.ok() || (!has_rows && !has_targets)) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }

  detail::backward_params<Stamp> params{};
  params.rules = device::rules_of(options);
  params.ascending = order == target_order::ascending || target.kind == timeline_kind::uniform;
  params.results =
      detail::rows_of(results.values, detail::strides_of(results, target, source.channels), dtype_of<Result>::value);
  params.channels = source.channels;
  params.source = source.when;
  params.target = target;
  if (has_rows) {
    params.out =
        detail::rows_of(out.values, detail::strides_of(out, source.when, source.channels), dtype_of<Value>::value);
    s = detail::launch_backward_values("source.when", params, device, cuda_stream);
  }
  if (s.ok() && has_targets) {
    params.values = detail::rows_of(source.values, detail::strides_of(source, source.when, source.channels),
                                    dtype_of<Value>::value);
    s = detail::launch_backward_times(params, out.targets, false, cuda_stream);
  }
  return s;
}

}  // namespace detail

template <class Value, class Stamp, class Result, class Gradient, class TargetStamp, class OptionStamp>
status resample_backward(series<Value, Stamp> const& source, timeline<TargetStamp> const& target,
                         result_gradients<Result> const& results, source_gradients<Gradient> const& out,
                         resample_options<OptionStamp> const& options, target_order order, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp, TargetStamp, OptionStamp> &&
                detail::gradients_are_sound<Value, Result, Gradient>) {
    return detail::resample_backward(detail::plain(source), detail::plain(target), results, out, detail::plain(options),
                                     order, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp, TargetStamp, OptionStamp>) > 0);
    static_assert(sizeof(detail::gradient_rule<Value, Result, Gradient>) > 0);
    return {};
  }
}

}  // namespace robocache
