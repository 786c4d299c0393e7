// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/device/bracket.cuh>

// Finds the cells that have points, and the first row of each: the smallest wins, whichever thread comes first. Where
// places are hashed, every other row loses once, against an earlier row, and then the place of its cell is noted: so it
// is known which rows are first without reading the table again, which would be read at random.
namespace robocache::detail {

/// Spreads cells over 32 bits: the finalizers of MurmurHash3 (A. Appleby, 2011).
inline __device__ std::uint32_t hash_of(std::uint32_t cell) {
  cell = (cell ^ cell >> 16) * 0x85ebca6bu;
  cell = (cell ^ cell >> 13) * 0xc2b2ae35u;
  return cell ^ cell >> 16;
}
inline __device__ std::uint32_t hash_of(unsigned long long cell) {
  cell = (cell ^ cell >> 33) * 0xff51afd7ed558ccdull;
  cell = (cell ^ cell >> 33) * 0xc4ceb9fe1a85ec53ull;
  return static_cast<std::uint32_t>(cell >> 32);
}

/// Places of one cloud, for rows up to `end`.
struct place_range {
  std::uint32_t begin;
  std::uint32_t count;
  std::int64_t end;
};

/// The places for the cloud of the rows from `row` on.
inline __device__ place_range places_at(cloud_points const& p, std::int64_t row) {
  device::cloud_rows const segment = segment_at(p, row);
  if (segment.b < 0) { return {0, 0, segment.end}; }
  std::int64_t const begin = places_before(segment.begin, p.rows);
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(places_before(segment.end, p.rows) - begin),
          segment.end};
}

/// The place to try for a cell.
/// @param tries  that have failed
inline __device__ std::uint32_t place_of(std::uint32_t hash, std::uint32_t tries, place_range const& range) {
  std::uint32_t const jump = min(tries, last_anywhere);
  std::uint32_t const at = __umulhi(jump == 0 ? hash : hash_of(hash + jump), range.count);
  std::uint32_t const further = tries - jump;  // less than the number of places
  std::uint32_t const to_end = range.count - further;
  return range.begin + (at < to_end ? at + further : at - to_end);
}

/// A row on its way to the place of its cell.
template <bool Wide>
struct sought_place {
  using key = noted_type<Wide>;
  static constexpr unsigned long long nothing = ~0ull;  ///< at a place that no cell has taken
  key cell;
  std::uint32_t row;
  std::uint32_t tries;  ///< that have failed

  __device__ static unsigned long long* word_of(voxel_table const& table, std::uint32_t place) {
    return (Wide ? table.cells : reinterpret_cast<unsigned long long*>(table.first)) + place;
  }
  __device__ unsigned long long word() const {
    if constexpr (Wide) { return cell; }
    return static_cast<unsigned long long>(cell) << 32 | row;
  }

  /// The place to try.
  __device__ std::uint32_t place(place_range const& range) const { return place_of(hash_of(cell), tries, range); }

  /// @return what was there: for narrow places cell and first row
  __device__ unsigned long long try_place(voxel_table const& table, std::uint32_t at) const {
    return atomicCAS(word_of(table, at), nothing, word());
  }
  __device__ bool is_ours(unsigned long long found) const {
    return found == nothing || (Wide ? found : found >> 32) == cell;
  }

  /// Enters the row at the place, which belongs to its cell.
  __device__ void settle(voxel_params const& p, std::uint32_t at, unsigned long long found) const {
    constexpr std::uint32_t nobody = UINT32_MAX;
    std::uint32_t other = nobody;
    // First rows only decrease: one that was smaller remains smaller.
    if constexpr (Wide) {
      if (found != nothing) { other = __ldcg(p.table.first + at); }
      if (row < other) { other = atomicMin(p.table.first + at, row); }
    } else if (found != nothing) {
      other = static_cast<std::uint32_t>(found);
      // The upper half, the cell, is the same.
      if (row < other) { other = static_cast<std::uint32_t>(atomicMin(word_of(p.table, at), word())); }
    }
    // The later one of the two is not the first.
    if (other != nobody) { p.places[max(row, other)] = at; }
  }
};

/// The rows of a warp that have not found their places yet. They wait until there are enough of them for all lanes: in
/// a table that is half full, the unluckiest of 64 rows needs six tries, for which the others need not wait.
template <bool Wide>
struct waiting_rows {
  using sought = sought_place<Wide>;
  static constexpr unsigned room = 2 * rows_a_step - 1;

  voxel_params const& p;
  sought* rows;  ///< `[room]`, shared memory of the warp's own
  place_range range{0, 0, 0};
  unsigned count = 0;

  /// Called by the whole warp, like all functions here.
  __device__ void add(bool joins, sought const& one) {
    unsigned const joining = __ballot_sync(0xffffffffu, joins);
    if (joins) { rows[count + __popc(joining & ((1u << threadIdx.x % 32) - 1))] = one; }
    count += __popc(joining);
  }

  /// Tries places until fewer rows wait than `most`.
  __device__ void work_off(unsigned most) {
    __syncwarp();
    while (count >= most) {
      sought tried[points_at_once] = {};
      unsigned long long found[points_at_once] = {};
      std::uint32_t at[points_at_once] = {};
      bool tries[points_at_once];
      unsigned const taken = min(count, unsigned{rows_a_step});
      count -= taken;
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        unsigned const i = threadIdx.x % 32 + r * 32;
        tries[r] = i < taken;
        if (tries[r]) {
          tried[r] = rows[count + i];
          at[r] = tried[r].place(range);
          found[r] = tried[r].try_place(p.table, at[r]);
        }
      }
      __syncwarp();
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        // There are more places than cells, so each row finds a place.
        bool const fails = tries[r] && !tried[r].is_ours(found[r]);
        if (tries[r] && !fails) { tried[r].settle(p, at[r], found[r]); }
        ++tried[r].tries;
        add(fails, tried[r]);
      }
      __syncwarp();
    }
  }
};

/// Notes the cell of each row, and finds the first row of each cell; hashed, notes the places of the cells of all other
/// rows.
/// @tparam Lowest  the cell of each axis that is counted as 0
template <class Cell, bool Hashed, int Lowest = 0>
__global__ void __launch_bounds__(point_threads, insert_blocks_each<Hashed>)
    voxel_insert_kernel(__grid_constant__ voxel_params const p) {
  // The next launch must not begin early: before it waits for this one, it relies on the launch before this one.
  constexpr bool wide = Hashed && sizeof(Cell) == 8;
  using waiting = waiting_rows<wide>;
  using key = noted_type<wide>;
  [[maybe_unused]] __shared__ typename waiting::sought rows[Hashed ? point_threads / 32 : 1][waiting::room];
  [[maybe_unused]] waiting wait{p, rows[Hashed ? threadIdx.x / 32 : 0]};
  for_each_row<Cell, Lowest>(p.points, p.dropped, [&](std::int64_t row, Cell const(&cell)[points_at_once]) {
    bool leads[points_at_once];
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      cell_run const run = run_of(cell[r]);
      leads[r] = run.leads && cell[r] >= 0;
      if (cell[r] == no_point) { continue; }
      std::int64_t const mine = row + r * 32;
      static_cast<key*>(p.cells)[mine] = cell[r] < 0 ? static_cast<key>(no_cell) : static_cast<key>(cell[r]);
      // The first lane of a run has its smallest row.
      if (Hashed && !run.leads && cell[r] >= 0) { p.places[mine] = follows + (threadIdx.x % 32 - leader_of(run)); }
    }
    if constexpr (Hashed) {
      // All rows of a step belong to one cloud, that of the warp's first row.
      std::int64_t const first_row = row - threadIdx.x % 32;
      if (first_row >= wait.range.end) {
        wait.work_off(1);
        wait.range = places_at(p.points, first_row);
      }
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        wait.add(leads[r], {static_cast<key>(cell[r]), static_cast<std::uint32_t>(row + r * 32), 0});
      }
      wait.work_off(rows_a_step);
    } else {
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        if (leads[r]) { atomicMin(p.table.first + cell[r], static_cast<std::uint32_t>(row + r * 32)); }
      }
    }
  });
  if constexpr (Hashed) { wait.work_off(1); }
}

}  // namespace robocache::detail
