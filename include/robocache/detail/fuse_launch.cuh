// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/fuse_check.hpp>
#include <robocache/detail/fuse_kernel.cuh>
#include <robocache/detail/launch.cuh>
#include <robocache/detail/resample_launch.cuh>
#include <robocache/fuse.cuh>

namespace robocache {
namespace detail {

/// How many stamps of a stream a warp stages: all of a trajectory of known length, if that is not too many to load or to
/// search. Of longer ones, and of packed ones, the part around the tile's targets is found first.
template <class Stamp>
int slots_for(timeline<Stamp> const& when) {
  constexpr int least = 64;
  constexpr int most = 512;
  if (when.stamps == nullptr) { return least; }
  if (when.packed() || when.length >= most) { return most / 2; }
  int slots = least;
  while (slots <= when.length) { slots *= 2; }
  return slots;
}

/// What the kernel is told of one stream, whose results begin at channel `place` of `out`'s rows.
/// @param name  what errors call it
template <class Stamp, class Result>
status describe_stream(char const* name, stream<Stamp> const& one, std::int64_t place, timeline<Stamp> const& target,
                       fused_output<Result> const& out, strides to, stream_plan<Stamp>& plan) {
  std::int64_t const bytes = static_cast<std::int64_t>(size_of(one.type));
  strides from = strides_of(one, one.when, one.channels);
  if (one.when.packed()) { from.batch = 0; }
  plan.causal = one.options.causal;
  plan.rules = device::rules_of(one.options);
  plan.latency = one.latency;
  plan.source = one.when;

  stream_blend& blend = plan.blend;
  blend.values = one.values;
  blend.results = out.values + place;
  blend.values_batch_stride = from.batch;
  blend.values_row_stride = from.row;
  blend.results_batch_stride = to.batch;
  blend.results_row_stride = to.row;
  blend.method = one.options.method;
  blend.value_type = one.type;
  blend.result_type = dtype_of<Result>::value;
  blend.target_packed = target.packed();
  blend.fill = static_cast<float>(one.options.fill);
  blend.scale = one.scale;
  blend.shift = one.shift;

  bool const slerp = one.options.method == interpolation::slerp;
  std::int64_t const elements = slerp ? 4 : 16 / bytes;
  std::int64_t const stored = elements < std::int64_t(16 / sizeof(Result)) ? elements : 16 / sizeof(Result);
  auto const suits = [&](void const* pointer, strides step, std::int64_t count, std::int64_t size) {
    return reinterpret_cast<std::uintptr_t>(pointer) % (count * size) == 0 && step.batch % count == 0 &&
           step.row % count == 0 && one.channels % count == 0;
  };
  blend.wide = !slerp && suits(one.values, from, elements, bytes) &&
               suits(blend.results, to, stored, sizeof(Result)) && suits(one.scale, {}, 4, sizeof(float)) &&
               suits(one.shift, {}, 4, sizeof(float));
  row_cut cut;
  status const s = cut_rows(name, slerp ? 1 : blend.wide ? one.channels / elements : one.channels,
                            blend.wide ? static_cast<int>(elements) : 1, fuse_threads * 8, cut);
  blend.chunk = divisor(static_cast<std::uint32_t>(cut.chunk));
  blend.vectors_each = cut.vectors_each;
  return s;
}

/// Collects streams until a launch is full.
template <class Stamp, class Result>
class fuse_launches {
 public:
  fuse_launches(timeline<Stamp> const& target, fused_output<Result> const& out, std::int64_t channels,
                std::int64_t streams, int multiprocessors, cudaStream_t cuda_stream)
      : out_(out), to_(strides_of(out, target, channels)), multiprocessors_(multiprocessors), cuda_stream_(cuda_stream) {
    if (target.packed()) { to_.batch = 0; }
    params_.target = target;
    params_.valid = out.valid;
    params_.valid_stride = streams;
    params_.all_valid = out.all_valid;
    params_.slots = 64;
  }

  /// @param mask  the stream's place in the valid mask; -1: it has none
  status add(stream<Stamp> const& one, std::int64_t place, int mask) {
    if (params_.count == fused_streams) {
      status const s = launch_all();
      if (!s.ok()) { return s; }
    }
    stream_plan<Stamp>& plan = params_.streams[params_.count++];
    plan = {};
    plan.mask = mask;
    int const slots = slots_for(one.when);
    params_.slots = slots > params_.slots ? slots : params_.slots;
    return describe_stream(mask < 0 ? "out" : stream_name(mask).text, one, place, params_.target, out_, to_, plan);
  }

  /// Launches what was added.
  status launch_all() {
    timeline<Stamp> const& target = params_.target;
    std::int64_t vectors = 0;
    std::int64_t chunks = 1;
    for (int i = 0; i < params_.count; ++i) {
      stream_blend const& blend = params_.streams[i].blend;
      std::int64_t const each = (blend.vectors_each + blend.chunk.value - 1) / blend.chunk.value;
      vectors += blend.chunk.value;
      chunks = each > chunks ? each : chunks;
    }
    params_.tiles = tile_targets(target, vectors, fuse_shape_for(params_.count), multiprocessors_);
    status s = check_tiles(params_.tiles);
    if (!s.ok()) { return s; }
    auto const stored = [](timeline<Stamp> const& when) {
      return when.stamps != nullptr && when.lengths == nullptr && !when.packed();
    };
    for (int i = 0; i < params_.count; ++i) {
      stream_plan<Stamp>& plan = params_.streams[i];
      plan.plain = stored(plan.source) && plan.source.length > 0 && stored(target) && params_.tiles.aligned;
    }
    params_.alone = params_.tiles.targets / 8 < target.batch;
    auto const shared_bytes =
        static_cast<int>(sizeof(method_row)) * params_.tiles.rows * params_.count +
        static_cast<int>(sizeof(Stamp)) * params_.slots * (fuse_threads / 32);
    dim3 const grid(static_cast<unsigned>(params_.tiles.tiles), static_cast<unsigned>(chunks));
    s = launch(fuse_kernel<Stamp>, params_, grid, fuse_threads, shared_bytes, cuda_stream_);
    params_.count = 0;
    params_.slots = 64;
    params_.continues = true;
    return s;
  }

 private:
  fused_output<Result> out_;
  strides to_;
  int multiprocessors_;
  cudaStream_t cuda_stream_;
  fuse_params<Stamp> params_{};
};

}  // namespace detail

template <class Stamp, class Result>
status fuse(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
            fused_output<Result> const& out, cudaStream_t cuda_stream) {
  status s = detail::check_fuse(streams, count, target, out);
  if (!s.ok() || target.batch == 0 || target.total() == 0) { return s; }
  device_properties device;
  if (cudaError_t const error = read_device_properties(device); error != cudaSuccess) {
    return detail::cuda_failure("device", error);
  }
  std::int64_t const channels = out.channels == 0 ? detail::channels_of(streams, count) : out.channels;
  detail::fuse_launches<Stamp, Result> launches(target, out, channels, count, device.multiprocessors, cuda_stream);
  detail::place_walk places;
  for (std::int64_t i = 0; i < count && s.ok(); ++i) {
    s = launches.add(streams[i], places.next(streams[i]), static_cast<int>(i));
  }
  s = s.ok() ? detail::for_each_gap(streams, count, channels,
                                    [&](std::int64_t place, std::int64_t width) {
                                      stream<Stamp> gap;  // a stream without samples
                                      gap.channels = width;
                                      gap.options.fill = out.fill;
                                      gap.type = dtype_of<Result>::value;
                                      return launches.add(gap, place, -1);
                                    })
             : s;
  return s.ok() ? launches.launch_all() : s;
}

}  // namespace robocache
