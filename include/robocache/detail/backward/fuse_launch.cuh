// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include <robocache/detail/backward/resample_launch.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/scratch_check.hpp>
#include <robocache/detail/common/timed/streams.hpp>
#include <robocache/fuse_backward.cuh>

namespace robocache {
namespace detail {

/// Sums of one level for `count` terms.
inline std::int64_t groups_of(std::int64_t count) { return (count + tree_width - 1) / tree_width; }

/// Floats for the levels of one tree sum over `count` rows, without the last level, which is the result.
inline std::int64_t tree_floats(std::int64_t count, std::int64_t channels) {
  std::int64_t floats = 0;
  while (count > tree_width) {
    count = groups_of(count);
    floats += count * channels;
  }
  return floats;
}

/// Gradients of scale and shift: the levels of their tree sums, one launch each.
template <class Stamp>
ROBOCACHE_HIDDEN status launch_backward_scale(backward_params<Stamp> const& params, stream_gradients const& out,
                                              float* memory, cudaStream_t cuda_stream) {
  sums_params<Stamp> sums{};
  sums.backward = params;
  sums.count = params.target.batch == 0 ? 0 : params.target.total();
  if (sums.count == 0) {
    auto const bytes = params.channels * std::int64_t(sizeof(float));
    status s = out.scale == nullptr ? status{} : clear(out.scale, bytes, cuda_stream);
    return !s.ok() || out.shift == nullptr ? s : clear(out.shift, bytes, cuda_stream);
  }
  // Where rows are too wide for a launch grid, a block takes several chunks.
  std::int64_t const wanted = (params.channels + row_sum_channels - 1) / row_sum_channels;
  std::int64_t const chunks = wanted < most_chunks ? wanted : most_chunks;
  // Each level writes its sums after those that it reads.
  auto const next = [&](tree_level& level, float* result, bool last, std::int64_t floats) {
    level.from = level.to;
    if (result == nullptr) { return; }
    level.to = last ? result : memory;
    if (!last) { memory += floats; }
  };
  sums.mode = sums_mode::rows;
  for (std::int64_t left = sums.count; left != 1 || sums.mode == sums_mode::rows;) {
    sums.count = left;
    left = groups_of(left);
    next(sums.scale, out.scale, left == 1, left * params.channels);
    next(sums.shift, out.shift, left == 1, left * params.channels);
    std::int64_t const threads = sums.mode == sums_mode::rows ? sums.count : left * params.channels;
    unsigned const each = sums.mode == sums_mode::rows ? static_cast<unsigned>(chunks) : 1;
    status const s = launch_sums(sums, (threads + max_threads - 1) / max_threads, each, cuda_stream);
    if (!s.ok()) { return s; }
    sums.mode = sums_mode::tree;
  }
  return {};
}

template <class Stamp>
std::int64_t fuse_backward_scratch(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                                   stream_gradients const* out) {
  if (streams == nullptr || out == nullptr || count < 1 || target.batch < 1 || target.total() < 0) { return 0; }
  std::int64_t floats = 0;  // streams take turns
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t const wanted = (out[i].scale != nullptr ? 1 : 0) + (out[i].shift != nullptr ? 1 : 0);
    std::int64_t const each = wanted * detail::tree_floats(target.total(), streams[i].channels);
    floats = each > floats ? each : floats;
  }
  return floats * std::int64_t(sizeof(float));
}

template <class Stamp, class Result>
ROBOCACHE_HIDDEN status fuse_backward(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                                      result_gradients<Result> const& results, stream_gradients const* out,
                                      float* targets, target_order order, scratch const& memory,
                                      cudaStream_t cuda_stream) {
  status s = detail::check_fuse_backward(streams, count, target, results, out, targets, order);
  if (!s.ok()) { return s; }
  std::int64_t const bytes = detail::fuse_backward_scratch(streams, count, target, out);
  s = detail::check_scratch(memory, bytes, "fuse_backward_scratch");
  if (!s.ok()) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }

  detail::strides const step = detail::strides_of(results, target, detail::channels_of(streams, count));
  auto const describe = [&](std::int64_t i, std::int64_t place) {
    stream<Stamp> const& one = streams[i];
    // An empty batch may come without gradients.
    Result const* const gradients = results.values == nullptr ? nullptr : results.values + place;
    detail::backward_params<Stamp> params{};
    params.rules = device::rules_of(one.options);
    params.ascending = order == target_order::ascending || detail::asks_in_order(one, target);
    params.causal = one.options.causal;
    params.latency = one.latency;
    params.scale = one.scale;
    params.results = detail::rows_of(gradients, step, dtype_of<Result>::value);
    params.values = detail::rows_of(one.values, detail::strides_of(one, one.when, one.channels), one.type);
    params.channels = one.channels;
    params.source = one.when;
    params.target = target;
    params.out = detail::rows_of(out[i].values, detail::strides_of(out[i], one.when, one.channels), one.type);
    return params;
  };
  auto const has_rows = [&](std::int64_t i) { return out[i].values != nullptr && streams[i].when.total() > 0; };
  // Nothing is launched before all streams are known to fit a launch grid. Up to 2^31 rows do, however they are cut.
  for (std::int64_t i = 0; i < count; ++i) {
    if (!has_rows(i) || streams[i].when.total() <= INT32_MAX) { continue; }
    detail::backward_params<Stamp> params = describe(i, 0);
    dim3 grid;
    bool wide = false;
    s = detail::cut_backward_values(detail::stream_name(i, ".when").text, params, device, grid, wide);
    if (!s.ok()) { return s; }
  }
  bool const has_targets = targets != nullptr && target.total() > 0;
  detail::place_walk places;
  for (std::int64_t i = 0; i < count && s.ok(); ++i) {
    detail::backward_params<Stamp> const params = describe(i, places.next(streams[i]));
    if (has_rows(i)) { s = detail::launch_backward_values("streams", params, device, cuda_stream); }
    if (s.ok() && (out[i].scale != nullptr || out[i].shift != nullptr)) {
      s = detail::launch_backward_scale(params, out[i], static_cast<float*>(memory.memory), cuda_stream);
    }
    if (s.ok() && has_targets) { s = detail::launch_backward_times(params, targets, i > 0, cuda_stream); }
  }
  return s;
}

}  // namespace detail

template <class Stamp, class TargetStamp>
std::int64_t fuse_backward_scratch(stream<Stamp> const* streams, std::int64_t count,
                                   timeline<TargetStamp> const& target, stream_gradients const* out) {
  if constexpr (detail::stamps_are_sound<Stamp, TargetStamp>) {
    return detail::fuse_backward_scratch<detail::plain_type<Stamp>>(streams, count, detail::plain(target), out);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp, TargetStamp>) > 0);
    return 0;
  }
}

template <class Stamp, class Result, class TargetStamp>
status fuse_backward(stream<Stamp> const* streams, std::int64_t count, timeline<TargetStamp> const& target,
                     result_gradients<Result> const& results, stream_gradients const* out, float* targets,
                     target_order order, scratch const& memory, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp, TargetStamp> && detail::floats_are_sound<Result, Result>) {
    return detail::fuse_backward<detail::plain_type<Stamp>>(streams, count, detail::plain(target), results, out,
                                                            targets, order, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp, TargetStamp>) > 0);
    static_assert(sizeof(detail::float_rule<Result, Result>) > 0);
    return {};
  }
}

}  // namespace robocache
