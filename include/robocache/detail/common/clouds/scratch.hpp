// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/reductions.hpp>
#include <robocache/detail/common/memory_cutter.hpp>

// The scratch for lists of points by cell or voxel: its size, and what is where in it.
namespace robocache::detail {

/// The scratch for grouping the points by cell.
/// @param memory    null: only the size is computed
/// @param channels  of crowded cells' sums and extremes
/// @param needs     which of these are wanted
/// @param few       whether cells with few points are listed
inline point_lists cut_lists(void* memory, std::int64_t rows, std::int64_t cells, std::int64_t channels,
                             reduction_needs const& needs, bool few = true) {
  point_lists lists{};
  memory_cutter cut(memory);
  std::int64_t const crowded = rows / (most_tile_points + 1);
  std::int64_t const groups = rows / most_tile_points + crowded;
  lists.counters = cut.take<list_counters>(1);
  lists.counts = cut.take<std::uint32_t>(cells);
  lists.clear_bytes = cut.bytes();
  lists.starts = cut.take<std::uint32_t>(cells);
  lists.ranks = cut.take<std::uint32_t>(rows);
  lists.rows = cut.take<std::uint32_t>(rows);
  lists.few = cut.take<cell_list>(!few ? 0 : rows < cells ? rows : cells);
  lists.some = cut.take<cell_list>(rows / (most_few_points + 1));
  lists.crowded = cut.take<crowded_cell>(crowded);
  lists.huge = cut.take<std::uint32_t>(rows / (most_block_points + 1));
  lists.owners = cut.take<std::uint32_t>(groups);
  lists.sums = cut.take<float>(needs.sums ? groups * channels : 0);
  lists.largest = cut.take<std::uint32_t>(needs.largest ? groups * channels : 0);
  lists.smallest = cut.take<std::uint32_t>(needs.smallest ? groups * channels : 0);
  lists.bytes = cut.bytes();
  return lists;
}

}  // namespace robocache::detail
