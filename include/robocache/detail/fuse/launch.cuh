// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/timed/tiling.hpp>
#include <robocache/detail/fuse/check.hpp>
#include <robocache/detail/fuse/kernel.cuh>
#include <robocache/detail/fuse/pinned_kernel.cuh>
#include <robocache/detail/fuse/policy.cuh>
#include <robocache/detail/fuse/runs_kernel.cuh>
#include <robocache/detail/launch.cuh>
#include <robocache/fuse.cuh>

namespace robocache {
namespace detail {

/// How many stamps of a stream a warp stages: a whole trajectory of known length, if that is not too many to load or
/// to search. Of longer and of packed trajectories, the part around the tile's targets is found first. 0: none.
/// @param one_row  tiles have one row: stamps of short trajectories stay in registers
template <class Stamp>
int slots_for(stream_plan<Stamp> const& stream, bool one_row) {
  timeline<Stamp> const& when = stream.source;
  if (!when.stored() || (one_row && stream.plain && when.length <= one_row_stamps)) { return 0; }
  if (when.packed() || when.length >= most_staged_stamps) { return most_staged_stamps / 2; }
  int slots = least_staged_stamps;
  while (slots <= when.length) { slots *= 2; }
  return slots;
}

/// Whether a stream's values are copied to shared memory before they are blended. Other methods, which read up to six
/// rows of a few channels, read them in place; so do streams of a ring, whose rows do not follow each other.
template <class Stamp>
bool is_staged(stream<Stamp> const& one) {
  return one.place == value_place::pinned && device::is_straight(one.options.method) &&
         one.when.kind != timeline_kind::ring;
}

/// What the kernel needs to know about one stream, whose results begin at channel `place` of `out`'s rows.
template <class Stamp, class Result>
void describe_stream(stream<Stamp> const& one, std::int64_t place, timeline<Stamp> const& target,
                     fused_output<Result> const& out, strides to, stream_plan<Stamp>& plan) {
  std::int64_t const bytes = static_cast<std::int64_t>(size_of(one.type));
  strides const from = strides_of(one, one.when, one.channels);
  plan.causal = one.options.causal;
  plan.rules = device::rules_of(one.options);
  plan.latency = one.latency;
  plan.has_samples = one.when.total() > 0;
  plan.pinned = is_staged(one);
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

  bool const slerp = device::is_rotation(one.options.method);
  std::int64_t const elements = 16 / bytes;
  blend.channels = one.channels;
  blend.wide = !slerp && common_alignment(address_of(one.values), from.batch * bytes, from.row * bytes) == 16 &&
               one.channels % elements == 0 && common_alignment(address_of(one.scale), address_of(one.shift)) == 16;
  constexpr auto result_bytes = static_cast<std::int64_t>(sizeof(Result));
  blend.aligned = static_cast<std::uint8_t>(
      common_alignment(address_of(blend.results), to.batch * result_bytes, to.row * result_bytes));
  blend.vectors_each = slerp ? 1 : blend.wide ? one.channels / elements : one.channels;
}

/// Cuts the rows of a stream whose results go to runs into words: of 4 bytes where alignment allows, else of one value.
inline void cut_for_runs(stream_blend& blend) {
  std::int64_t const bytes = static_cast<std::int64_t>(size_of(blend.value_type));
  std::int64_t const result_bytes = static_cast<std::int64_t>(size_of(blend.result_type));
  bool const pairs = bytes == 2 && blend.channels % 2 == 0 &&
                     common_alignment(address_of(blend.values), blend.values_batch_stride * bytes,
                                      blend.values_row_stride * bytes) >= 4;
  blend.vector = pairs ? 2 : 1;
  blend.aligned =
      static_cast<std::uint8_t>(common_alignment(address_of(blend.results), blend.results_batch_stride * result_bytes,
                                                 blend.results_row_stride * result_bytes, blend.vector * result_bytes));
  blend.vectors_each = blend.channels / blend.vector;
  blend.lanes_log2 = 0;
  while ((std::int64_t(1) << blend.lanes_log2) < blend.vectors_each && blend.lanes_log2 < 5) { ++blend.lanes_log2; }
}

/// Cuts the targets into tiles so that the last wave of blocks is nearly full: tries a few sizes and takes the one for
/// which the work per block times the number of waves is least.
/// @param vectors  of a row of all streams
template <class Stamp>
tiling tile_for_fusion(timeline<Stamp> const& target, std::int64_t vectors, int streams,
                       device_properties const& device) {
  fuse_shape const shape = fuse_shape_for(device, streams);
  std::int64_t const slots = std::int64_t(device.multiprocessors) * shape.blocks_each;
  tiling best;
  double least = 0.0;
  for (int part = 1; part <= 4; part *= 2) {
    int const rows = shape.rows / part;
    tiling const tiles =
        tile_targets(target, vectors, {rows, static_cast<int>(vectors), shape.blocks_each}, device.multiprocessors);
    auto const rounds = static_cast<double>((tiles.tiles + slots - 1) / slots);
    double const work = rounds * static_cast<double>(shape.locating + tiles.rows * vectors);
    if (part == 1 || work < least) {
      best = tiles;
      least = work;
    }
  }
  return best;
}

/// The same for runs, where each warp has a tile.
/// @param words  of a row of all streams
template <class Stamp>
tiling tile_for_runs(timeline<Stamp> const& target, std::int64_t words, int streams, device_properties const& device) {
  int const most = fuse_shape_for(device, streams).rows;
  std::int64_t const slots = std::int64_t(device.multiprocessors) * most_run_warps;
  tiling best;
  double least = 0.0;
  for (int rows = most; rows >= std::min(most, least_warp_rows); rows /= 2) {
    tiling const tiles = tile_targets(target, 1, {rows, 1, 1}, device.multiprocessors);
    auto const rounds = static_cast<double>((tiles.tiles + slots - 1) / slots);
    double const work = rounds * static_cast<double>(words_of_locating + tiles.rows * words);
    if (rows == most || work < least) {
      best = tiles;
      least = work;
    }
  }
  return best;
}

/// The same for pinned streams: tiles are as large as possible, because rows at their borders cross the link twice. But
/// short trajectories share none: their rows do not follow each other, so that a block would copy them in turns.
template <class Stamp>
tiling tile_for_pinned(timeline<Stamp> const& target, std::int64_t vectors, int streams,
                       device_properties const& device) {
  int rows = fuse_shape_for(device, streams).rows;
  if (!target.packed() && target.length < rows) { rows = static_cast<int>(std::max<std::int64_t>(target.length, 1)); }
  return tile_targets(target, vectors, {rows, static_cast<int>(vectors), 1}, device.multiprocessors);
}

/// Bytes of shared memory for the rows of a pinned stream that a tile reads: see `pinned_rows_each`.
inline std::int64_t room_for_rows(stream_blend const& blend, int rows) {
  std::int64_t const vector = blend.wide ? 16 : static_cast<std::int64_t>(size_of(blend.value_type));
  std::int64_t const each = (std::int64_t(blend.chunk.value) * vector + 15) / 16 * 16;
  return each * (pinned_rows_each * rows + 2);
}

/// Collects streams until a launch is full: pinned ones, or others.
template <class Stamp, class Result>
class ROBOCACHE_HIDDEN fuse_launches {
 public:
  /// @param dry  only looks whether all launches fit a grid
  fuse_launches(timeline<Stamp> const& target, fused_output<Result> const& out, std::int64_t channels,
                std::int64_t streams, device_properties const& device, cudaStream_t cuda_stream, bool dry)
      : out_(out), to_(strides_of(out, target, channels)), device_(device), cuda_stream_(cuda_stream), dry_(dry) {
    params_.count = 0;
    params_.continues = false;
    params_.target = target;
    params_.valid = out.valid;
    params_.valid_stride = streams;
    params_.all_valid = out.all_valid;
    overlaps_ = has_early_launches(device.compute_capability);
  }

  /// @param mask  the stream's place in the valid mask; -1: it has none
  status add(stream<Stamp> const& one, std::int64_t place, int mask) {
    status const s = params_.count == fused_streams ? launch_all() : status{};
    stream_plan<Stamp>& plan = params_.streams[params_.count++];
    plan.mask = mask;
    rings_ = rings_ || one.when.kind == timeline_kind::ring;
    describe_stream(one, place, params_.target, out_, to_, plan);
    return s;
  }

  /// Launches what was added, if anything was.
  status launch_all() {
    if (params_.count == 0) { return {}; }
    timeline<Stamp> const& target = params_.target;
    bool const pinned = params_.streams[0].pinned;
    params_.run = pinned ? result_run{} : run_of_results();
    std::int64_t vectors = 0;
    for (int i = 0; i < params_.count; ++i) {
      stream_blend& blend = params_.streams[i].blend;
      if (params_.run.rows != 0) { cut_for_runs(blend); }
      vectors += blend.vectors_each < fuse_chunk ? blend.vectors_each : fuse_chunk;
    }
    bool const runs = params_.run.rows != 0;
    params_.tiles = pinned ? tile_for_pinned(target, vectors, params_.count, device_)
                    : runs ? tile_for_runs(target, vectors, params_.count, device_)
                           : tile_for_fusion(target, vectors, params_.count, device_);
    status s = check_tiles(params_.tiles);
    if (!s.ok() || dry_) {
      params_.count = 0;
      return s;
    }
    bool const one_row = params_.one_row = params_.tiles.single && !pinned && !runs;
    params_.alone = params_.tiles.targets / 8 < target.batch || target.as_of != nullptr;

    std::int64_t chunks = 1;
    params_.slots = 0;
    int located = 0;
    std::int64_t room = 0;  // for rows of a pinned stream
    for (int i = 0; i < params_.count; ++i) {
      stream_plan<Stamp>& plan = params_.streams[i];
      timeline<Stamp> const& source = plan.source;
      bool const within = source.stored() && params_.tiles.aligned;
      plan.plain = within && source.lengths == nullptr && !source.packed() && source.length > 0 &&
                   target.lengths == nullptr && target.trajectory == nullptr && target.as_of == nullptr;
      plan.together = plan.plain || (within && !params_.alone);
      located += plan.together ? 1 : 0;
      int const slots = slots_for(plan, one_row);
      params_.slots = slots > params_.slots ? slots : params_.slots;
      if (runs) { continue; }  // whole rows
      // A row that a warp handles by itself is cut into what its lanes read at once.
      std::int64_t const each = plan.blend.vectors_each;
      std::int64_t const least = (each + most_chunks - 1) / most_chunks;
      std::int64_t chunk = one_row ? 32 : !pinned ? fuse_chunk : plan.blend.wide ? pinned_chunk : 4 * pinned_chunk;
      chunk = chunk > least ? chunk : least;
      chunk = chunk < each ? chunk : each;
      plan.blend.chunk = divisor(static_cast<std::uint32_t>(chunk));
      std::int64_t const parts = (each + chunk - 1) / chunk;
      chunks = parts > chunks ? parts : chunks;
      room = std::max(room, room_for_rows(plan.blend, params_.tiles.rows));
    }
    if (runs) {
      lay_out_runs(located);
      constexpr int warps = fuse_threads / 32;
      dim3 const grid(static_cast<unsigned>((params_.tiles.tiles + warps - 1) / warps));
      s = launch(fuse_runs_kernel<Stamp>, params_, grid, fuse_threads, warps * params_.run.warp_bytes, cuda_stream_);
      params_.count = 0;
      params_.continues = true;
      return s;
    }
    int const one_row_warps = params_.count < most_one_row_warps ? params_.count : most_one_row_warps;
    bool const one_warp = pinned && params_.count == 1 && room <= pinned_warp_bytes;
    int const warps = one_row ? one_row_warps : one_warp ? 1 : fuse_threads / 32;
    int const stage_bytes = static_cast<int>(sizeof(Stamp)) * params_.slots * warps;
    int const record_bytes = static_cast<int>(sizeof(method_row)) * params_.tiles.rows * params_.count;
    int shared_bytes = record_bytes + stage_bytes;
    if (pinned) {
      int const behind_records = record_bytes + static_cast<int>(sizeof(sector));
      auto const fit = static_cast<int>(std::min<std::int64_t>(room, pinned_block_bytes - behind_records));
      shared_bytes = std::max(shared_bytes, behind_records + fit);
      params_.staged_bytes = shared_bytes - behind_records;
    }
    dim3 const grid(static_cast<unsigned>(params_.tiles.tiles), static_cast<unsigned>(chunks));
    s = launch(pinned ? fuse_pinned_kernel<Stamp> : fuse_kernel<Stamp>, params_, grid, warps * 32, shared_bytes,
               cuda_stream_, !pinned && rings_ && overlaps_);
    params_.count = 0;
    params_.continues = true;
    return s;
  }

 private:
  /// How results are stored: as runs where not all rows are whole vectors, rows are contiguous, and streams by simple
  /// methods write each byte of them. Not where there are so few rows that tiles have one.
  result_run run_of_results() const {
    timeline<Stamp> const& target = params_.target;
    constexpr std::int64_t bytes = sizeof(Result);
    std::int64_t const row_bytes = to_.row * bytes;
    std::int64_t channels = 0;
    bool whole = true;
    bool simple = true;  // false, too, where the bytes from row to row do not fit an int
    for (int i = 0; i < params_.count; ++i) {
      stream_blend const& blend = params_.streams[i].blend;
      std::int64_t const vector = 16 / static_cast<std::int64_t>(size_of(blend.value_type));
      channels += blend.channels;
      whole = whole && blend.wide && blend.aligned >= std::min<std::int64_t>(16, vector * bytes);
      timeline<Stamp> const& when = params_.streams[i].source;
      // At the turn of a ring the next row may be as far as there are rows.
      std::int64_t const farthest = when.kind == timeline_kind::ring ? std::max<std::int64_t>(when.length, 1) : 1;
      simple =
          simple && device::is_straight(blend.method) && std::abs(blend.values_row_stride) <= INT32_MAX / 4 / farthest;
    }
    bool const dense = channels == to_.row && (target.packed() || to_.batch == target.length * to_.row);
    bool const few = target.total() / device_.multiprocessors < 2 * fuse_shape_for(device_, params_.count).blocks_each;
    if (whole || !simple || !dense || few || row_bytes > most_run_bytes) { return {}; }
    result_run run{};
    run.rows = static_cast<int>(most_run_bytes / row_bytes);
    run.row_bytes = static_cast<int>(row_bytes);
    run.results = reinterpret_cast<char*>(out_.values);
    return run;
  }

  /// How a warp divides its shared memory, once tiles are known. All warps together take at most what a block may have
  /// without opting in to more.
  /// @param located  streams whose trajectories are staged
  void lay_out_runs(int located) {
    result_run& run = params_.run;
    int const rows = params_.tiles.rows;
    // After eight rows, results begin at the same offset within 16 bytes again.
    run.rows = run.rows >= rows ? rows : run.rows >= 8 ? run.rows / 8 * 8 : run.rows;
    constexpr int stage_bytes = guessed_stamps * static_cast<int>(sizeof(Stamp));
    static_assert(most_run_bytes + 32 <= most_warp_stage_bytes, "stamps have the larger part");
    int const fit = std::min(params_.count, most_warp_stage_bytes / stage_bytes);
    run.together = located == 0 ? 0 : fit;
    run.room = (std::max(run.rows * run.row_bytes + 16, fit * stage_bytes) + 15) / 16 * 16;
    run.abreast = 0;
    while (rows << (run.abreast + 1) <= 32) { ++run.abreast; }
    run.warp_bytes = (run.room + run_memory<Stamp>::bytes_behind(rows, params_.count) + 15) / 16 * 16;
  }

  fused_output<Result> out_;
  strides to_;
  device_properties device_;
  cudaStream_t cuda_stream_;
  bool dry_;
  bool rings_ = false;  ///< a stream is one: what appends to it is often the launch before
  bool overlaps_ = false;
  fuse_params<Stamp> params_;  // streams beyond the count are not initialised: filling them in would cost each launch
};

template <class Stamp, class Result>
ROBOCACHE_HIDDEN status fuse(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                             fused_output<Result> const& out, cudaStream_t cuda_stream) {
  status s = detail::check_fuse(streams, count, target, out);
  if (!s.ok() || target.total() == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  std::int64_t const channels = out.channels == 0 ? detail::channels_of(streams, count) : out.channels;
  bool const staged = std::any_of(streams, streams + count, [](auto const& one) { return detail::is_staged(one); });
  auto const launch = [&](bool dry) {
    detail::fuse_launches<Stamp, Result> launches(target, out, channels, count, device, cuda_stream, dry);
    status sent;
    auto const add_all = [&](bool pinned) {
      detail::place_walk places;
      for (std::int64_t i = 0; i < count && sent.ok(); ++i) {
        std::int64_t const place = places.next(streams[i]);
        if (detail::is_staged(streams[i]) == pinned) { sent = launches.add(streams[i], place, static_cast<int>(i)); }
      }
    };
    if (staged) {
      add_all(true);
      if (sent.ok()) { sent = launches.launch_all(); }
    }
    add_all(false);
    if (!sent.ok()) { return sent; }
    sent = detail::for_each_gap(streams, count, channels, [&](std::int64_t place, std::int64_t width) {
      stream<Stamp> gap;  // a stream without samples
      gap.channels = width;
      gap.options.fill = out.fill;
      gap.type = dtype_of<Result>::value;
      return launches.add(gap, place, -1);
    });
    return sent.ok() ? launches.launch_all() : sent;
  };
  // Nothing is launched before all launches are known to fit a grid. Up to 2^31 rows do, however they are cut.
  if (target.total() > INT32_MAX) { s = launch(true); }
  return s.ok() ? launch(false) : s;
}

}  // namespace detail

template <class Stamp, class Result, class TargetStamp>
status fuse(stream<Stamp> const* streams, std::int64_t count, timeline<TargetStamp> const& target,
            fused_output<Result> const& out, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp, TargetStamp> && detail::floats_are_sound<Result, Result>) {
    return detail::fuse<detail::plain_type<Stamp>>(streams, count, detail::plain(target), out, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp, TargetStamp>) > 0);
    static_assert(sizeof(detail::float_rule<Result, Result>) > 0);
    return {};
  }
}

}  // namespace robocache
