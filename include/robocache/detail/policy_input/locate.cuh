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
      b = fusion.rows <= INT32_MAX ? fusion.length.quotient(static_cast<std::uint32_t>(row)) : row / target.length;
      k = row - b * target.length;
      wanted = target.lengths == nullptr || k < device::detail::length_of(target, b);
    }
    rows.b[slot] = b;
    rows.k[slot] = k;
    rows.wanted[slot] = wanted;
  }
  return f;
}

/// Leaves where a stream is read for a lane's target. Called by a whole warp.
/// @param windows   whose `trajectory` and `as_of` count
/// @param together  few windows have the warp's targets: for each the warp brings in the stamps that matter
/// @param stage     `input_slots` elements of shared memory, the warp's own
/// @param row       null: the lane has none
template <class Stamp>
__device__ void note_input(input_reader<Stamp> const& reader, timeline<Stamp> const& windows, std::int64_t b, Stamp t,
                           bool wanted, bool together, Stamp* stage, method_row* row) {
  device::sought_time<Stamp> const sought = device::seek(t, reader.latency, reader.causal, reader.rules.tolerance);
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
}

/// The same where a thread is alone with its target. Out of line, as a summary asks for up to three rows.
template <class Stamp>
__device__ __noinline__ void note_alone(input_reader<Stamp> const& reader, timeline<Stamp> const& windows,
                                        std::int64_t b, Stamp t, method_row& row) {
  note_input<Stamp>(reader, windows, b, t, true, false, nullptr, &row);
}

/// The same for a stream's derivative: the row's curve is the derivative's, its weight the rate. A value that stands
/// still is moved.
template <class Stamp>
__device__ __noinline__ void note_derivative(input_stream<Stamp> const& of, input_reader<Stamp> const& reader,
                                             timeline<Stamp> const& windows, std::int64_t b, Stamp t, bool wanted,
                                             method_row& row) {
  device::slope along;
  device::curve c{};
  c.method = interpolation::linear;
  if (wanted) {
    device::trajectory<Stamp> const source = device::source_trajectory(reader.source, windows, b);
    device::sought_time<Stamp> const sought = device::seek(t, reader.latency, reader.causal, reader.rules.tolerance);
    along = device::slope_at(source, sought, reader.rules);
    if (along.row >= 0) {
      std::int64_t const from = source.element(along.row, reader.batch_stride, reader.row_stride);
      row.from = static_cast<char const*>(reader.values) + (from << (reader.type == dtype::float32 ? 2 : 1));
      c = device::derivative_curve(source, along, reader.rules.method, of.order);
    }
  }
  note_curve(c, row);
  row.weight = device::rate_of(of.ticks_per_second, along, c.method, of.order);
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
  for (int job = warp; job < fusion.streams + fusion.references; job += input_threads / 32) {
    int const reference = job - fusion.streams;  // from 0 on
    bool const refers = reference >= 0;
    int const at = refers ? fusion.first_reference + reference : fusion.first_stream + job;
    input_reader<Stamp> const& reader = p.reader[refers ? input_streams + at : at];
    method_row* const row = exists ? records + job * fusion.tile_rows + lane : nullptr;
    timeline<Stamp> windows = fusion.target;
    Stamp t{};
    if (refers) {
      windows = p.reference[at].windows;
      if (wanted) { t = device::stamp_sum(windows.starts[b], p.reference[at].at); }
    } else if (wanted) {
      t = device::target_stamp(fusion.target, b, k);
    }
    if (refers || p.stream[at].order == derivative_order::value) {
      note_input(reader, windows, b, t, wanted, fusion.together, stage + warp * input_slots, row);
    } else if (exists) {
      note_derivative(p.stream[at], reader, windows, b, t, wanted, *row);
    }
    if (refers || !exists) { continue; }
    input_stream<Stamp> const& of = p.stream[at];
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
