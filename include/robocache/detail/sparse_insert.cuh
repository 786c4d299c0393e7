// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/config.hpp>
#include <robocache/detail/sparse_memory.hpp>
#include <robocache/detail/voxel_points.cuh>
#include <robocache/device/bracket.cuh>

// Finds the cells that have points, and the first row of each: the smallest wins, whichever thread comes first.
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

/// The places of the rows from `row` on.
inline __device__ place_range places_at(voxel_points const& p, std::int64_t row) {
  row_segment const segment = segment_at(p, row);
  if (segment.b < 0) { return {0, 0, segment.end}; }
  std::int64_t const begin =
      p.offsets == nullptr ? segment.b * p.length : device::detail::clamp(p.offsets[segment.b], 0, row);
  return {static_cast<std::uint32_t>(2 * begin), static_cast<std::uint32_t>(2 * (segment.end - begin)), segment.end};
}

/// A place that a thread tries.
template <bool Wide>
struct tried_place {
  using key = std::conditional_t<Wide, unsigned long long, std::uint32_t>;
  static constexpr unsigned long long nothing = ~0ull;
  unsigned long long found;  ///< what was there: of narrow places cell and first row
  std::uint32_t at;          ///< in the range

  __device__ static unsigned long long* word_of(cell_table const& table, std::uint32_t place) {
    return (Wide ? table.cells : reinterpret_cast<unsigned long long*>(table.first)) + place;
  }
  __device__ static unsigned long long word_with(key cell, std::uint32_t row) {
    if constexpr (Wide) { return cell; }
    return static_cast<unsigned long long>(cell) << 32 | row;
  }
  __device__ bool is_ours(key cell) const { return found == nothing || (Wide ? found : found >> 32) == cell; }

  __device__ void try_place(cell_table const& table, place_range const& range, key cell, std::uint32_t row) {
    found = atomicCAS(word_of(table, range.begin + at), nothing, word_with(cell, row));
  }

  /// The first place to try.
  __device__ void begin(place_range const& range, key cell) { at = __umulhi(hash_of(cell), range.count); }

  /// The next one: a few times anywhere, so that lanes do not wait for one that crosses a long run of taken places;
  /// then one behind the other, so that all are tried.
  __device__ void go_on(place_range const& range, key cell, std::uint32_t tries) {
    constexpr std::uint32_t anywhere = 4;
    if (tries < anywhere) {
      at = __umulhi(hash_of(hash_of(cell) + tries), range.count);
    } else {
      at = at + 1 < range.count ? at + 1 : 0;
    }
  }

  /// The place in the table, once it is that of the cell.
  __device__ std::uint32_t settle(cell_table const& table, place_range const& range, key cell, std::uint32_t row) {
    std::uint32_t const place = range.begin + at;
    if constexpr (Wide) {
      atomicMin(table.first + place, row);
    } else {
      // First rows only fall: one that was below stays so. The cell above the row is the same.
      if (found != nothing && row < static_cast<std::uint32_t>(found)) {
        atomicMin(word_of(table, place), word_with(cell, row));
      }
    }
    return place;
  }
};

/// Finds the place of each point's cell, and the first row of each place.
/// @tparam Lowest  the cell of each axis that is counted as 0
template <class Cell, bool Hashed, int Lowest = 0>
__global__ void __launch_bounds__(point_threads, point_blocks_each)
    sparse_insert_kernel(__grid_constant__ sparse_params const p) {
  [[maybe_unused]] place_range range{0, 0, 0};
  for_each_row<Cell, Lowest>(p.points, p.dropped, [&](std::int64_t row, Cell const(&cell)[points_at_once]) {
    cell_run run[points_at_once];
    std::uint32_t place[points_at_once];
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      run[r] = run_of(cell[r]);
      place[r] = cell[r] < 0 ? no_place : static_cast<std::uint32_t>(cell[r]);
    }
    // The first of a run has its smallest row.
    if constexpr (Hashed) {
      static_assert(points_at_once == 2, "the loop's condition");
      using tried = tried_place<sizeof(Cell) == 8>;
      // All rows of a step are of one cloud, that of the warp's first row.
      std::int64_t const first_row = row - threadIdx.x % 32;
      if (first_row >= range.end) { range = places_at(p.points, first_row); }
      tried there[points_at_once] = {};
      bool seeks[points_at_once];
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        seeks[r] = run[r].leads && cell[r] >= 0;
        there[r].begin(range, static_cast<typename tried::key>(cell[r]));
      }
      // There are twice as many places as rows, unless offsets broke their promise: then points may be left out.
      for (std::uint32_t tries = 1; seeks[0] || seeks[1]; ++tries) {
#pragma unroll
        for (int r = 0; r < points_at_once; ++r) {
          if (seeks[r]) {
            there[r].try_place(p.table, range, static_cast<typename tried::key>(cell[r]),
                               static_cast<std::uint32_t>(row + r * 32));
          }
        }
#pragma unroll
        for (int r = 0; r < points_at_once; ++r) {
          if (!seeks[r]) { continue; }
          auto const key = static_cast<typename tried::key>(cell[r]);
          bool const ours = there[r].is_ours(key);
          if (ours) { place[r] = there[r].settle(p.table, range, key, static_cast<std::uint32_t>(row + r * 32)); }
          if (!ours && tries > range.count) { place[r] = no_place; }
          seeks[r] = !ours && tries <= range.count;
          if (seeks[r]) { there[r].go_on(range, key, tries); }
        }
      }
    } else {
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        if (run[r].leads && cell[r] >= 0) {
          atomicMin(p.table.first + place[r], static_cast<std::uint32_t>(row + r * 32));
        }
      }
    }
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      std::uint32_t const shared = __shfl_sync(0xffffffffu, place[r], leader_of(run[r]));
      if (cell[r] != no_point) { p.slots[row + r * 32] = shared; }
    }
  });
}

}  // namespace robocache::detail
