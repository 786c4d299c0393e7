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

/// How many stamps of a stream a warp stages: all of a trajectory of known length, if that is not too many to load or
/// to search. Of longer ones, and of packed ones, the part around the tile's targets is found first. 0: it stages none.
/// @param one_row  tiles have one row: short trajectories stay in registers
template <class Stamp>
int slots_for(stream_plan<Stamp> const& stream, bool one_row) {
  constexpr int most = 512;
  timeline<Stamp> const& when = stream.source;
  if (when.stamps == nullptr || (one_row && stream.plain && when.length <= one_row_stamps)) { return 0; }
  if (when.packed() || when.length >= most) { return most / 2; }
  int slots = 64;
  while (slots <= when.length) { slots *= 2; }
  return slots;
}

/// What the kernel is told of one stream, whose results begin at channel `place` of `out`'s rows.
template <class Stamp, class Result>
void describe_stream(stream<Stamp> const& one, std::int64_t place, timeline<Stamp> const& target,
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
  std::int64_t const elements = 16 / bytes;
  auto const begins = [](void const* pointer) {
    return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(pointer));
  };
  blend.wide = !slerp && begins(one.values) % 16 == 0 && from.batch % elements == 0 && from.row % elements == 0 &&
               one.channels % elements == 0 && begins(one.scale) % 16 == 0 && begins(one.shift) % 16 == 0;
  std::int64_t const offsets = begins(blend.results) | (to.batch | to.row) * std::int64_t(sizeof(Result)) | 16;
  blend.aligned = static_cast<std::uint8_t>(offsets & -offsets);
  blend.vectors_each = slerp ? 1 : blend.wide ? one.channels / elements : one.channels;
}

/// Cuts the targets into tiles so that the last blocks do not run alone: of a few sizes the one with the least work a
/// block times rounds of blocks.
/// @param vectors  of a row of all streams
template <class Stamp>
tiling tile_for_fusion(timeline<Stamp> const& target, std::int64_t vectors, int streams, int multiprocessors) {
  fuse_shape const shape = fuse_shape_for(streams);
  std::int64_t const slots = std::int64_t(multiprocessors) * shape.blocks_each;
  tiling best;
  double least = 0.0;
  for (int part = 1; part <= 4; part *= 2) {
    int const rows = shape.rows / part;
    tiling const tiles =
        tile_targets(target, vectors, {rows, static_cast<int>(vectors), shape.blocks_each, 0, 0}, multiprocessors);
    auto const rounds = static_cast<double>((tiles.tiles + slots - 1) / slots);
    double const work = rounds * static_cast<double>(shape.locating + tiles.rows * vectors);
    if (part == 1 || work < least) {
      best = tiles;
      least = work;
    }
  }
  return best;
}

/// Collects streams until a launch is full.
template <class Stamp, class Result>
class fuse_launches {
 public:
  fuse_launches(timeline<Stamp> const& target, fused_output<Result> const& out, std::int64_t channels,
                std::int64_t streams, int multiprocessors, cudaStream_t cuda_stream)
      : out_(out),
        to_(strides_of(out, target, channels)),
        multiprocessors_(multiprocessors),
        cuda_stream_(cuda_stream) {
    if (target.packed()) { to_.batch = 0; }
    params_.count = 0;
    params_.continues = false;
    params_.target = target;
    params_.valid = out.valid;
    params_.valid_stride = streams;
    params_.all_valid = out.all_valid;
  }

  /// @param mask  the stream's place in the valid mask; -1: it has none
  status add(stream<Stamp> const& one, std::int64_t place, int mask) {
    status const s = params_.count == fused_streams ? launch_all() : status{};
    stream_plan<Stamp>& plan = params_.streams[params_.count++];
    plan.mask = mask;
    describe_stream(one, place, params_.target, out_, to_, plan);
    return s;
  }

  /// Launches what was added.
  status launch_all() {
    constexpr std::int64_t most_chunks = 65535;
    timeline<Stamp> const& target = params_.target;
    std::int64_t vectors = 0;
    for (int i = 0; i < params_.count; ++i) {
      std::int64_t const each = params_.streams[i].blend.vectors_each;
      vectors += each < fuse_chunk ? each : fuse_chunk;
    }
    params_.tiles = tile_for_fusion(target, vectors, params_.count, multiprocessors_);
    status s = check_tiles(params_.tiles);
    if (!s.ok()) { return s; }
    bool const one_row = params_.one_row = params_.tiles.single;
    params_.alone = params_.tiles.targets / 8 < target.batch;

    std::int64_t chunks = 1;
    params_.slots = 0;
    for (int i = 0; i < params_.count; ++i) {
      stream_plan<Stamp>& plan = params_.streams[i];
      timeline<Stamp> const& source = plan.source;
      plan.plain = source.stamps != nullptr && source.lengths == nullptr && !source.packed() && source.length > 0 &&
                   target.lengths == nullptr && target.trajectory == nullptr && params_.tiles.aligned;
      int const slots = slots_for(plan, one_row);
      params_.slots = slots > params_.slots ? slots : params_.slots;
      // A row that a warp has alone is cut into what its lanes read at once.
      std::int64_t const each = plan.blend.vectors_each;
      std::int64_t const least = (each + most_chunks - 1) / most_chunks;
      std::int64_t chunk = one_row ? 32 : fuse_chunk;
      chunk = chunk > least ? chunk : least;
      chunk = chunk < each ? chunk : each;
      plan.blend.chunk = divisor(static_cast<std::uint32_t>(chunk));
      std::int64_t const parts = (each + chunk - 1) / chunk;
      chunks = parts > chunks ? parts : chunks;
    }
    int const one_row_warps = params_.count < most_one_row_warps ? params_.count : most_one_row_warps;
    int const warps = one_row ? one_row_warps : fuse_threads / 32;
    auto const shared_bytes = static_cast<int>(sizeof(method_row)) * params_.tiles.rows * params_.count +
                              static_cast<int>(sizeof(Stamp)) * params_.slots * warps;
    dim3 const grid(static_cast<unsigned>(params_.tiles.tiles), static_cast<unsigned>(chunks));
    s = launch(fuse_kernel<Stamp>, params_, grid, warps * 32, shared_bytes, cuda_stream_);
    params_.count = 0;
    params_.continues = true;
    return s;
  }

 private:
  fused_output<Result> out_;
  strides to_;
  int multiprocessors_;
  cudaStream_t cuda_stream_;
  fuse_params<Stamp> params_;  // streams beyond the count stay as they are: a launch costs what it fills in
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
