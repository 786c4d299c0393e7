// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/method_rows.cuh>
#include <robocache/detail/common/timed/warp_locate.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/policy_input/params.hpp>
#include <robocache/detail/policy_input/policy.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/packed.cuh>
#include <robocache/device/velocity.cuh>

// Locating for a policy input: the rows of a tile, for streams, their references and velocities.
namespace robocache::detail {

/// The trajectory and target of each row of a tile.
struct input_rows {
  int count;
  std::int64_t first;  ///< counted over the whole batch
  std::int64_t b[most_input_rows];
  std::int64_t k[most_input_rows];
  bool wanted[most_input_rows];  ///< false: padding, or a packed row without an owner
};

/// The block's fusion and rows. Called by the whole block, which synchronises before it reads them.
template <class Stamp>
__device__ int find_input_rows(input_params<Stamp> const& p, input_rows& rows) {
  int f = 0;
  std::int64_t begin = 0;
  while (f + 1 < p.fusions && blockIdx.x >= p.fusion[f].end) { begin = p.fusion[f++].end; }
  input_fusion<Stamp> const& fusion = p.fusion[f];
  timeline<Stamp> const& target = fusion.target;
  std::int64_t const first = (blockIdx.x - begin) * fusion.tile_rows;
  auto const count = static_cast<int>(min(std::int64_t(fusion.tile_rows), fusion.rows - first));
  auto const slot = static_cast<int>(threadIdx.x);
  if (slot == 0) {
    rows.count = count;
    rows.first = first;
  }
  if (slot < count) {
    std::int64_t const row = first + slot;
    std::int64_t b, k;
    bool wanted;
    if (target.packed()) {
      b = device::owner_of_row(target.offsets, target.batch, target.rows, row).b;
      device::trajectory<Stamp> const targets = device::trajectory_of(target, b);
      k = row - targets.first_row;
      wanted = b >= 0 && k >= 0 && k < targets.length;
    } else {
      b = row / target.length;
      k = row - b * target.length;
      wanted = target.lengths == nullptr || k < device::detail::length_of(target, b);
    }
    rows.b[slot] = b;
    rows.k[slot] = k;
    rows.wanted[slot] = wanted;
  }
  return f;
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

/// What a stream is asked for by a target.
template <class Stamp>
__device__ device::sought_time<Stamp> seek_input(input_reader<Stamp> const& reader, std::int64_t b, Stamp t) {
  return device::seek(t, device::latency_of(reader.latency, reader.latencies, b), reader.causal,
                      reader.rules.tolerance);
}

/// Leaves where a stream is read for a lane's target. Called by a whole warp.
/// @param windows   whose `trajectory` and `as_of` count
/// @param together  few windows have the warp's targets: for each the warp brings in the stamps that matter
/// @param stage     `input_slots` elements of shared memory, the warp's own
/// @param aged      whether the row's age is asked for
/// @param row       null: the lane has none
template <class Stamp>
__device__ void note_input(input_reader<Stamp> const& reader, timeline<Stamp> const& windows, std::int64_t b, Stamp t,
                           bool wanted, bool together, Stamp* stage, bool aged, method_row* row) {
  device::sought_time<Stamp> sought{};
  if (wanted) { sought = seek_input(reader, b, t); }
  device::trajectory<Stamp> source;
  device::location where;
  if (!together || !reader.source.stored()) {
    if (wanted) {
      source = device::source_trajectory(reader.source, windows, b);
      where = device::locate(source, sought, reader.rules);
    }
  } else {
    for (unsigned rest = __ballot_sync(all_lanes, wanted); rest != 0;) {
      std::int64_t const theirs = __shfl_sync(all_lanes, b, __ffs(static_cast<int>(rest)) - 1);
      bool const mine = wanted && b == theirs;
      device::trajectory<Stamp> const its = device::source_trajectory(reader.source, windows, theirs);
      device::location found;
      if (its.length > 0) {
        found = locate_by_warp(
            its.stamps, static_cast<int>(its.length), mine, [&] { return sought; }, stage, input_slots, reader.rules);
      }
      if (mine) {
        source = its;
        where = found;
      }
      rest &= ~__ballot_sync(all_lanes, mine);
    }
  }
  if (row == nullptr) { return; }
  if (where.row >= 0) {
    std::int64_t const from = source.element(where.row, reader.batch_stride, reader.row_stride);
    row->from = static_cast<char const*>(reader.values) + (from << (reader.type == dtype::float32 ? 2 : 1));
  }
  row->method = interpolation::linear;  // unless it is curved
  row->left = row->right = 0;
  describe_row(source, where, reader.rules.method, *row);
  row->valid = where.valid && where.row >= 0 ? 1 : 0;
  if (aged && row->valid != 0) { age_in<Stamp>(*row) = input_age(source, device::newest_read(where, row->right), t); }
}

/// The same for a stream's velocity, of which the row's weight is the rate; a value that stands still is moved.
template <class Stamp>
__device__ __noinline__ void note_velocity(input_stream<Stamp> const& of, timeline<Stamp> const& windows,
                                           std::int64_t b, Stamp t, bool wanted, bool aged, method_row& row) {
  input_reader<Stamp> const& reader = of.reader;
  device::slope along;
  if (wanted) {
    device::trajectory<Stamp> const source = device::source_trajectory(reader.source, windows, b);
    along = device::slope_at(source, seek_input(reader, b, t), reader.rules);
    if (aged && along.valid) { age_in<Stamp>(row) = input_age(source, along.row + 1, t); }
    if (along.row >= 0) {
      std::int64_t const from = source.element(along.row, reader.batch_stride, reader.row_stride);
      row.from = static_cast<char const*>(reader.values) + (from << (reader.type == dtype::float32 ? 2 : 1));
    }
    device::sample_steps const steps = device::steps_from(source, along.row, 0);
    row.turn = steps.turn;
    row.capacity = steps.capacity;
  }
  row.weight = device::per_second(of.ticks_per_second, along);
  row.kind = along.row < 0 ? method_row::fill : row.weight == 0.0f ? method_row::move : method_row::blend;
  row.valid = along.valid ? 1 : 0;
}

/// Locates the rows of a tile for all streams and references of a fusion: a warp each, in turn.
/// @param records  of streams, then of references
/// @param stage    `input_slots` elements for each warp
template <class Stamp>
__device__ void locate_inputs(input_params<Stamp> const& p, input_fusion<Stamp> const& fusion, input_rows const& rows,
                              method_row* records, Stamp* stage) {
  auto const warp = static_cast<int>(threadIdx.x / 32);
  int const lane = lane_of_warp();
  bool const exists = lane < rows.count;
  int const slot = exists ? lane : 0;
  std::int64_t const b = rows.b[slot];
  std::int64_t const k = rows.k[slot];
  bool const wanted = exists && rows.wanted[slot];
  bool const aged = fusion.ages != nullptr;
  for (int job = warp; job < fusion.streams + fusion.references; job += input_threads / 32) {
    bool const refers = job >= fusion.streams;
    method_row* const row = exists ? records + job * fusion.tile_rows + lane : nullptr;
    if (refers) {
      input_reference<Stamp> const& of = p.reference[fusion.first_reference + job - fusion.streams];
      Stamp const t = wanted ? device::stamp_sum(of.windows.starts[b], of.at) : Stamp(0);
      note_input(of.reader, of.windows, b, t, wanted, false, stage + warp * input_slots, false, row);
      continue;
    }
    input_stream<Stamp> const& of = p.stream[fusion.first_stream + job];
    Stamp const t = wanted ? device::target_stamp(fusion.target, b, k) : Stamp(0);
    if (!of.velocity) {
      note_input(of.reader, fusion.target, b, t, wanted, fusion.together, stage + warp * input_slots, aged, row);
    } else if (exists) {
      note_velocity(of, fusion.target, b, t, wanted, aged, *row);
    }
    if (!exists) { continue; }
    std::int64_t const element =
        fusion.target.packed() ? (rows.first + lane) * of.row_stride : b * of.batch_stride + k * of.row_stride;
    row->to = static_cast<char*>(of.results) + element * (of.result_type == dtype::float32 ? 4 : 2);
  }
}

/// A row without its references is fill, and not valid. Called by the whole block, between barriers.
template <class Stamp>
__device__ void settle_references(input_params<Stamp> const& p, input_fusion<Stamp> const& fusion, int rows,
                                  method_row* records) {
  method_row const* const references = records + fusion.streams * fusion.tile_rows;
  for (int i = static_cast<int>(threadIdx.x); i < rows * fusion.streams; i += input_threads) {
    int const s = i / rows;
    int const slot = i - s * rows;
    input_stream<Stamp> const& of = p.stream[fusion.first_stream + s];
    bool const known = (of.to < 0 || references[of.to * fusion.tile_rows + slot].valid != 0) &&
                       (of.frame < 0 || references[of.frame * fusion.tile_rows + slot].valid != 0);
    if (!known) {
      records[s * fusion.tile_rows + slot].kind = method_row::fill;
      records[s * fusion.tile_rows + slot].valid = 0;
    }
  }
}

}  // namespace robocache::detail
