// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/method_rows.cuh>
#include <robocache/detail/common/timed/warp_locate.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/policy_input/params.hpp>
#include <robocache/detail/policy_input/policy.cuh>
#include <robocache/device/derivative.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/packed.cuh>

// Locating for a policy input: the rows of a tile, for streams, their references and derivatives.
namespace robocache::detail {

/// The trajectory and target of each row of a tile.
struct input_rows {
  int count;
  std::int64_t first;  ///< counted over the whole batch
  std::int64_t b[most_input_rows];
  std::int64_t k[most_input_rows];
  bool wanted[most_input_rows];  ///< false: padding, or a packed row without an owner
};

/// What a block works on, at the beginning of its dynamic shared memory; behind it lies the rest, at offsets.
/// Parameters are brought there, too: indexed as constants they are what all blocks of a multiprocessor wait for.
/// Functions find it by themselves (`tile_of_block`): so the compiler knows that it is shared memory.
template <class Stamp>
struct input_tile {
  input_rows rows;
  int stream_count;
  int reference_count;
  int tile_rows;  ///< of the fusion: records of a stream
  int at_stage;   ///< offsets in bytes
  int at_fusion;
  int at_streams;
  int at_readers;  ///< of the streams, then of the references
  int at_references;

  template <class T>
  __device__ static T* place(int offset) {
    extern __shared__ sector dynamic_shared[];
    return reinterpret_cast<T*>(reinterpret_cast<char*>(dynamic_shared) + offset);
  }
  /// Of a stream, or of a reference behind the streams.
  __device__ method_row* records(int job) const {
    return place<method_row>(static_cast<int>(sizeof(input_tile))) + job * tile_rows;
  }
  __device__ Stamp* stage(int warp) const { return place<Stamp>(at_stage) + warp * input_slots; }
  __device__ input_fusion<Stamp> const& fusion() const { return *place<input_fusion<Stamp> const>(at_fusion); }
  __device__ input_stream<Stamp> const& stream(int s) const { return place<input_stream<Stamp> const>(at_streams)[s]; }
  __device__ input_reader<Stamp> const& reader(int job) const {
    return place<input_reader<Stamp> const>(at_readers)[job];
  }
  __device__ input_reference<Stamp> const& reference(int i) const {
    return place<input_reference<Stamp> const>(at_references)[i];
  }
};
static_assert(sizeof(input_tile<float>) % 16 == 0, "records behind it are read in units of 16 bytes");

template <class Stamp>
__device__ input_tile<Stamp>& tile_of_block() {
  return *input_tile<Stamp>::template place<input_tile<Stamp>>(0);
}

/// Bytes of dynamic shared memory that a tile takes.
template <class Stamp>
std::int64_t tile_bytes(int rows, int streams, int references) {
  std::size_t const records = sizeof(method_row) * static_cast<std::size_t>(rows * (streams + references));
  std::size_t const stage = sizeof(Stamp) * input_slots * (input_threads / 32);
  std::size_t const each_stream = sizeof(input_stream<Stamp>) + sizeof(input_reader<Stamp>);
  std::size_t const each_reference = sizeof(input_reference<Stamp>) + sizeof(input_reader<Stamp>);
  return static_cast<std::int64_t>(sizeof(input_tile<Stamp>) + records + stage + sizeof(input_fusion<Stamp>) +
                                   each_stream * static_cast<std::size_t>(streams) +
                                   each_reference * static_cast<std::size_t>(references));
}

/// Brings `count` parameters to shared memory. Returns the offset behind them.
template <class Stamp, class T>
__device__ int bring_parameters(T const* from, int count, int offset) {
  using word = std::uint64_t;
  static_assert(sizeof(T) % sizeof(word) == 0, "whole words");
  int const words = count * static_cast<int>(sizeof(T) / sizeof(word));
  auto const* const source = as_memory(reinterpret_cast<word const*>(from));
  auto* const to = input_tile<Stamp>::template place<word>(offset);
  for (int i = static_cast<int>(threadIdx.x); i < words; i += input_threads) { to[i] = source[i]; }
  return offset + words * static_cast<int>(sizeof(word));
}

/// Where row `row` of the batch lies.
/// @param length  the target's, where that and all rows are below 2^31
template <class Stamp>
__device__ void find_input_row(timeline<Stamp> const& target, divisor const& length, std::int64_t row, std::int64_t& b,
                               std::int64_t& k, bool& wanted) {
  if (target.packed()) {
    b = device::owner_of_row(target.offsets, target.batch, target.rows, row).b;
    device::trajectory<Stamp> const targets = device::trajectory_of(target, b);
    k = row - targets.first_row;
    wanted = b >= 0 && k >= 0 && k < targets.length;
  } else {
    b = row <= INT32_MAX && target.length <= INT32_MAX ? length.quotient(static_cast<std::uint32_t>(row))
                                                       : row / target.length;
    k = row - b * target.length;
    wanted = target.lengths == nullptr || k < device::detail::length_of(target, b);
  }
}

/// The block's fusion and rows. Called by the whole block; ends with a barrier.
template <class Stamp>
__device__ void begin_tile(input_params<Stamp> const& p) {
  input_tile<Stamp>& tile = tile_of_block<Stamp>();
  int f = 0;
  std::int64_t begin = 0;
  while (f + 1 < p.fusions && blockIdx.x >= p.fusion[f].end) { begin = p.fusion[f++].end; }
  input_fusion<Stamp> const& fusion = p.fusion[f];
  int const streams = fusion.streams, references = fusion.references;
  int const at_stage = static_cast<int>(sizeof(input_tile<Stamp>)) +
                       static_cast<int>(sizeof(method_row)) * fusion.tile_rows * (streams + references);
  int const at_fusion = at_stage + static_cast<int>(sizeof(Stamp)) * input_slots * (input_threads / 32);
  int const at_streams = bring_parameters<Stamp>(&fusion, 1, at_fusion);
  int const at_readers = bring_parameters<Stamp>(p.stream + fusion.first_stream, streams, at_streams);
  int const at_origins = bring_parameters<Stamp>(p.reader + fusion.first_stream, streams, at_readers);
  int const at_references =
      bring_parameters<Stamp>(p.reader + input_streams + fusion.first_reference, references, at_origins);
  bring_parameters<Stamp>(p.reference + fusion.first_reference, references, at_references);
  std::int64_t const first = (blockIdx.x - begin) * fusion.tile_rows;
  auto const count = static_cast<int>(min(std::int64_t(fusion.tile_rows), fusion.rows - first));
  auto const slot = static_cast<int>(threadIdx.x);
  if (slot == 0) {
    tile.rows.count = count;
    tile.rows.first = first;
    tile.stream_count = streams;
    tile.reference_count = references;
    tile.tile_rows = fusion.tile_rows;
    tile.at_stage = at_stage;
    tile.at_fusion = at_fusion;
    tile.at_streams = at_streams;
    tile.at_readers = at_readers;
    tile.at_references = at_references;
  }
  if (slot < count) {
    find_input_row(fusion.target, fusion.length, first + slot, tile.rows.b[slot], tile.rows.k[slot],
                   tile.rows.wanted[slot]);
  }
  __syncthreads();
}

/// Where a row keeps its age.
template <class Stamp>
__device__ Stamp& age_in(method_row& row) {
  return reinterpret_cast<Stamp&>(row.age);
}

/// The age of a row that reads sample `newest`. Out of line: few calls ask.
template <class Stamp>
__device__ __noinline__ Stamp input_age(device::trajectory<Stamp> source, std::int64_t newest, Stamp t) {
  return device::age_of(t, source.stamp(newest));
}

/// The time that is sought in a stream for a target.
template <class Stamp>
__device__ device::sought_time<Stamp> seek_input(input_reader<Stamp> const& reader, std::int64_t b, Stamp t) {
  return device::seek(t, device::latency_of(reader.latency, reader.latencies, b), reader.causal,
                      reader.rules.tolerance);
}

/// What a location on a curve comes to. Out of line, as few streams have curves.
template <class Stamp>
__device__ __noinline__ void note_curved(device::trajectory<Stamp> source, device::location where, interpolation method,
                                         method_row& row) {
  describe_row(source, where, method, row);
}

/// What the location of target `t` comes to.
/// @param aged  whether the row's age is asked for
template <class Stamp>
__device__ void note_location(input_reader<Stamp> const& reader, device::trajectory<Stamp> const& source,
                              device::location const& where, Stamp t, bool aged, method_row& row) {
  if (where.row >= 0) {
    std::int64_t const from = source.element(where.row, reader.batch_stride, reader.row_stride);
    row.from = static_cast<char const*>(reader.values) + (from << (reader.type == dtype::float32 ? 2 : 1));
  }
  row.weight = where.weight;
  row.method = interpolation::linear;  // unless it is curved
  row.left = row.right = 0;
  row.kind = where.row < 0 ? method_row::fill : where.blends ? method_row::blend : method_row::move;
  row.valid = where.valid && where.row >= 0 ? 1 : 0;
  device::sample_steps const steps = device::steps_from(source, where.row, 0);
  row.turn = steps.turn;
  row.capacity = steps.capacity;
  if (where.blends && device::is_curved(reader.rules.method)) { note_curved(source, where, reader.rules.method, row); }
  if (aged && row.valid != 0) { age_in<Stamp>(row) = input_age(source, device::newest_read(where, row.right), t); }
}

/// Leaves where a stream is read for a thread's target, which it searches alone. Out of line: a summary asks for up to
/// three rows.
/// @param windows  whose `trajectory` and `as_of` count
template <class Stamp>
__device__ __noinline__ void note_alone(input_reader<Stamp> const& reader, timeline<Stamp> const& windows,
                                        std::int64_t b, Stamp t, bool aged, method_row& row) {
  device::trajectory<Stamp> const source = device::source_trajectory(reader.source, windows, b);
  note_location(reader, source, device::locate(source, seek_input(reader, b, t), reader.rules), t, aged, row);
}

/// The same for the lanes of a warp, whose targets lie in few windows: for each the warp brings in the stamps that
/// matter. Called by a whole warp.
/// @param stage  `input_slots` elements of shared memory, the warp's own
/// @param row    of the lane, if it is wanted
template <class Stamp>
__device__ void note_together(input_reader<Stamp> const& reader, timeline<Stamp> const& windows, std::int64_t b,
                              Stamp t, bool wanted, Stamp* stage, bool aged, method_row* row) {
  device::sought_time<Stamp> sought{};
  if (wanted) { sought = seek_input(reader, b, t); }
  for (unsigned rest = __ballot_sync(all_lanes, wanted); rest != 0;) {
    std::int64_t const theirs = __shfl_sync(all_lanes, b, __ffs(static_cast<int>(rest)) - 1);
    bool const mine = wanted && b == theirs;
    device::trajectory<Stamp> const its = device::source_trajectory(reader.source, windows, theirs);
    device::location found;
    if (its.length > 0) {
      auto const seek = [&] { return sought; };
      found = locate_by_warp(its.stamps, static_cast<int>(its.length), mine, seek, stage, input_slots, reader.rules);
    }
    if (mine) { note_location(reader, its, found, t, aged, *row); }
    rest &= ~__ballot_sync(all_lanes, mine);
  }
}

/// As `note_alone` for a stream's derivative: the row's curve is the derivative's, its weight the rate. A value that
/// stands still is moved.
template <class Stamp>
__device__ __noinline__ void note_derivative(input_stream<Stamp> const& of, input_reader<Stamp> const& reader,
                                             timeline<Stamp> const& windows, std::int64_t b, Stamp t, bool aged,
                                             method_row& row) {
  device::trajectory<Stamp> const source = device::source_trajectory(reader.source, windows, b);
  device::slope const along = device::slope_at(source, seek_input(reader, b, t), reader.rules);
  device::curve c{};
  c.method = interpolation::linear;
  if (along.row >= 0) {
    std::int64_t const from = source.element(along.row, reader.batch_stride, reader.row_stride);
    row.from = static_cast<char const*>(reader.values) + (from << (reader.type == dtype::float32 ? 2 : 1));
    c = device::derivative_curve(source, along, reader.rules.method, of.order);
  }
  note_curve(c, row);
  device::sample_steps const steps = device::steps_from(source, along.row, 0);
  row.turn = steps.turn;
  row.capacity = steps.capacity;
  if (aged && along.valid) { age_in<Stamp>(row) = input_age(source, along.row + 1 + c.right, t); }
  row.weight = device::rate_of(of.ticks_per_second, along, c.method, of.order);
  row.kind = along.row < 0 ? method_row::fill : row.weight == 0.0f ? method_row::move : method_row::blend;
  row.valid = along.valid ? 1 : 0;
}

/// Locates the rows of a tile for all streams and references of a fusion: a warp each, in turn.
template <class Stamp>
__device__ void locate_inputs() {
  input_tile<Stamp> const& tile = tile_of_block<Stamp>();
  input_rows const& rows = tile.rows;
  auto const warp = static_cast<int>(threadIdx.x / 32);
  int const lane = lane_of_warp();
  bool const exists = lane < rows.count;
  int const slot = exists ? lane : 0;
  std::int64_t const b = rows.b[slot];
  std::int64_t const k = rows.k[slot];
  bool const wanted = exists && rows.wanted[slot];
  bool const aged = tile.fusion().ages != nullptr;
  for (int job = warp; job < tile.stream_count + tile.reference_count; job += input_threads / 32) {
    int const reference = job - tile.stream_count;
    bool const refers = reference >= 0;
    input_reader<Stamp> const& reader = tile.reader(job);
    timeline<Stamp> const& windows = refers ? tile.reference(reference).windows : tile.fusion().target;
    method_row* const row = tile.records(job) + slot;
    Stamp t{};
    if (wanted) {
      t = refers ? device::stamp_sum(windows.starts[b], tile.reference(reference).at)
                 : device::target_stamp(windows, b, k);
    }
    if (exists && !wanted) {
      row->kind = method_row::fill;
      row->valid = 0;
    }
    if (!refers && tile.stream(job).order != derivative_order::value) {
      if (wanted) { note_derivative(tile.stream(job), reader, windows, b, t, aged, *row); }
    } else if (tile.fusion().together && reader.source.stored()) {
      note_together(reader, windows, b, t, wanted, tile.stage(warp), aged && !refers, row);
    } else if (wanted) {
      note_alone(reader, windows, b, t, aged && !refers, *row);
    }
    if (refers || !exists) { continue; }
    input_stream<Stamp> const& of = tile.stream(job);
    std::int64_t const element =
        windows.packed() ? (rows.first + lane) * of.row_stride : b * of.batch_stride + k * of.row_stride;
    row->to = static_cast<char*>(of.results) + element * (of.result_type == dtype::float32 ? 4 : 2);
  }
}

/// A row without its references is fill, and not valid. Called by the whole block, between barriers.
template <class Stamp>
__device__ void settle_references() {
  input_tile<Stamp> const& tile = tile_of_block<Stamp>();
  int const rows = tile.rows.count;
  for (int i = static_cast<int>(threadIdx.x); i < rows * tile.stream_count; i += input_threads) {
    int const s = i / rows;
    int const slot = i - s * rows;
    input_stream<Stamp> const& of = tile.stream(s);
    bool const known = (of.to < 0 || tile.records(tile.stream_count + of.to)[slot].valid != 0) &&
                       (of.frame < 0 || tile.records(tile.stream_count + of.frame)[slot].valid != 0);
    if (!known) {
      tile.records(s)[slot].kind = method_row::fill;
      tile.records(s)[slot].valid = 0;
    }
  }
}

}  // namespace robocache::detail
