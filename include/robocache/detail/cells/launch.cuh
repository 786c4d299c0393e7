// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <robocache/detail/cells/bins.cuh>
#include <robocache/detail/cells/check.hpp>
#include <robocache/detail/cells/group.cuh>
#include <robocache/detail/cells/mark.cuh>
#include <robocache/detail/cells/params.hpp>
#include <robocache/detail/cells/policy.cuh>
#include <robocache/detail/common/clouds/launch.cuh>
#include <robocache/detail/common/clouds/list_start.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/reductions.hpp>
#include <robocache/detail/common/clouds/scratch.hpp>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/memory_cutter.hpp>
#include <robocache/scratch.hpp>

// Launches that voxelizing into a grid and its backward pass share.
namespace robocache::detail {

/// True where sizes are such that scratch can be computed from them.
inline bool sizes_are_sound(point_clouds const& clouds, grid const& lattice, std::int64_t channels) noexcept {
  return clouds.batch > 0 && clouds.length >= 0 && clouds.rows >= 0 &&
         !product_overflows(clouds.batch, clouds.length) && check_grid(lattice, clouds.batch).ok() &&
         clouds.total() <= UINT32_MAX && channels > 0 && channels <= most_elements / (lattice.total() * clouds.batch);
}

/// The scratch for counts in slabs.
inline memory_cutter cut_slabs(cell_mark_params& p, void* memory, std::int64_t rows) {
  memory_cutter cut(memory);
  p.left = cut.take<std::uint32_t>(rows);
  p.left_counts = cut.take<std::uint32_t>(rows / rows_a_step + 1);
  return cut;
}

/// What a kernel does to cells: where cell numbers have 64 bits, which is rare, one kernel does all kinds.
template <class Cell, mark_kind Kind>
inline constexpr mark_kind kind_for = sizeof(Cell) > 4 ? mark_kind::several : Kind;

/// Counts in several slabs.
template <mark_kind Kind>
ROBOCACHE_HIDDEN status launch_slabs(cell_mark_params& p, std::int64_t slabs, dim3 blocks, launch_chain& chain) {
  std::int64_t const cells = p.points.batch * p.points.cells;
  status s;
  for (std::int64_t slab = 0; slab < slabs && s.ok(); ++slab) {
    p.slab_begin = cells / slabs * slab;
    p.slab_end = slab + 1 < slabs ? cells / slabs * (slab + 1) : cells;
    if (slab > 0) {
      s = chain.launch(cell_next_slab_kernel<Kind>, p, blocks, point_threads);
    } else {
      s = with_cell_type(p.points, [&](auto cell) {
        return chain.launch(cell_first_slab_kernel<decltype(cell), kind_for<decltype(cell), Kind>>, p, blocks,
                            point_threads);
      });
    }
  }
  return s;
}

/// Counts and occupancy alone.
/// @param memory  may be less than what slabs take: then none are used
template <class Chain>
ROBOCACHE_HIDDEN status launch_marks(cell_mark_params& p, scratch const& memory, Chain& chain) {
  bool const marks = p.marks.occupied != nullptr || p.marks.bits != nullptr;
  if ((p.count == nullptr && p.dropped == nullptr && !marks) || p.points.rows == 0) { return {}; }
  dim3 const blocks(point_blocks(p.points, chain.device()));
  std::int64_t const cells = p.points.batch * p.points.cells;
  std::int64_t const slabs = p.count == nullptr ? 1 : count_slabs(chain.device(), p.points.rows, cells);
  if (slabs > 1 && cut_slabs(p, memory.memory, p.points.rows).bytes() <= memory.bytes) {
    return marks ? launch_slabs<mark_kind::several>(p, slabs, blocks, chain)
                 : launch_slabs<mark_kind::counts>(p, slabs, blocks, chain);
  }
  bool const bytes =
      p.count == nullptr && p.marks.bits == nullptr && p.marks.occupied != nullptr && p.marks.one_bytes == 1;
  return with_cell_type(p.points, [&](auto cell) {
    using Cell = decltype(cell);
    if (bytes) {
      return chain.launch(cell_mark_kernel<Cell, kind_for<Cell, mark_kind::bytes>>, p, blocks, point_threads);
    }
    return marks || p.count == nullptr
               ? chain.launch(cell_mark_kernel<Cell, mark_kind::several>, p, blocks, point_threads)
               : chain.launch(cell_mark_kernel<Cell, kind_for<Cell, mark_kind::counts>>, p, blocks, point_threads);
  });
}

/// Counts the points of each cell.
template <class Chain>
ROBOCACHE_HIDDEN status launch_counting(cloud_points const& points, std::uint32_t* counts, Chain& chain) {
  fill_list list;
  list.add(counts, points.batch * points.cells * 4);
  status const s = fill(list, chain);
  if (!s.ok()) { return s; }
  cell_mark_params mark{};
  mark.points = points;
  mark.count = reinterpret_cast<std::int32_t*>(counts);
  dim3 const blocks(point_blocks(mark.points, chain.device()));
  return with_cell_type(points, [&](auto cell) {
    using Cell = decltype(cell);
    return chain.launch(cell_mark_kernel<Cell, kind_for<Cell, mark_kind::counts>>, mark, blocks, point_threads);
  });
}

/// Deals out the cells of a grid, and rows, to bins and tiles.
/// @param cells     of a grid, in a round
/// @param filled    whether cells without points have their results already
/// @param run_bits  log2 of the neighbouring cells that share a bin, at most
inline cell_bins plan_bins(std::int64_t batch, std::int64_t rows, std::int64_t cells, bool filled,
                           std::uint32_t run_bits) noexcept {
  cell_bins bins{};
  bins.cells = static_cast<std::uint32_t>(cells);
  std::int64_t const each = rows / batch;
  std::int64_t const in_ranges = (cells - 1) / bin_range_cells + 1;  // bins of which a block takes all cells at once
  std::int64_t const full = each / least_bin_rows;
  std::int64_t const wanted =
      std::max({each / bin_rows_wanted, filled ? std::min(in_ranges, full + 1) : in_ranges,
                ((cells - 1) >> most_place_bits) + 1, std::min(bin_blocks_wanted / batch, full)});
  bins.run_bits = run_bits;
  while (bins.run_bits > 0 && (cells - 1) >> bins.run_bits < wanted - 1) { --bins.run_bits; }
  std::int64_t const runs = ((cells - 1) >> bins.run_bits) + 1;
  while (1 << bins.count_bits < std::min<std::int64_t>({wanted, runs, most_bins})) { ++bins.count_bits; }
  bins.count = 1u << bins.count_bits;
  bins.flips = run_bits < bin_run_bits ? bins.count - 1 : 0;
  bins.most_cells = static_cast<std::uint32_t>(((runs - 1) >> bins.count_bits) + 1) << bins.run_bits;
  bins.hashed = filled && bins.most_cells > bin_range_cells && each >> bins.count_bits <= most_hashed_rows;
  bins.tile_bits = most_tile_bits;
  while (1 << bins.tile_bits > bin_threads && rows >> bins.tile_bits < bin_tiles_wanted) { --bins.tile_bits; }
  bins.stride = (bins.count + 4) / 4 * 4;
  return bins;
}

/// Tiles of all clouds at most.
inline std::int64_t tiles_of(cell_bins const& bins, std::int64_t batch, std::int64_t rows) noexcept {
  return (rows >> bins.tile_bits) + batch;
}

/// Cells of a grid that are taken in a round: as many as the bits of an entry can number.
inline constexpr std::int64_t most_round_cells = std::int64_t{most_bins} << most_place_bits;
static_assert(most_tile_bits + most_place_bits < 32, "an entry has room for both");

/// The scratch for results of features in the stated order.
/// @param needs  what the results need
inline point_lists cut_bins(cell_bins& bins, void* memory, std::int64_t batch, std::int64_t rows, std::int64_t channels,
                            reduction_needs const& needs) {
  point_lists lists = cut_lists(memory, rows, 0, channels, needs, false);
  bins.entries = lists.ranks;  // ranks are needed only after the entries have been read
  memory_cutter cut(memory == nullptr ? nullptr : static_cast<std::byte*>(memory) + lists.bytes);
  bins.starts = cut.take<std::uint16_t>(tiles_of(bins, batch, rows) * bins.stride);
  lists.bytes += cut.bytes();
  return lists;
}

/// Deals the points of a round out to bins.
template <class Chain>
ROBOCACHE_HIDDEN status launch_binning(cell_bin_params const& p, Chain& chain) {
  dim3 const blocks(static_cast<unsigned>(tiles_of(p.bins, p.points.batch, p.points.rows)));
  return with_cell_type(
      p.points, [&](auto cell) { return chain.launch(cell_bin_kernel<decltype(cell)>, p, blocks, bin_threads); });
}

/// Groups the points of each cell: clears, counts, finds places, lists.
/// @param also  what else must be filled before
template <class Chain>
ROBOCACHE_HIDDEN status launch_grouping(cell_group_params& p, fill_list also, Chain& chain) {
  also.add(p.lists.counters, p.lists.clear_bytes);
  status s = fill(also, chain);
  if (!s.ok() || p.points.rows == 0) { return s; }
  dim3 const blocks(point_blocks(p.points, chain.device()));
  return with_cell_type(p.points, [&](auto cell) {
    using Cell = decltype(cell);
    s = chain.launch(cell_rank_kernel<Cell>, p, blocks, point_threads);
    if (!s.ok()) { return s; }
    dim3 const start_blocks(static_cast<unsigned>((p.cells + start_cells - 1) / start_cells));
    s = chain.launch(list_start_kernel<start_threads>, p, start_blocks, start_threads);
    return s.ok() ? chain.launch(cell_list_kernel<Cell>, p, blocks, point_threads) : s;
  });
}

}  // namespace robocache::detail
