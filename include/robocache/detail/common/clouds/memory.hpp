// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// The scratch of voxelizing: what it holds, and how large that is.
namespace robocache::detail {

/// Points of a cell that a thread sorts in its registers.
inline constexpr int most_few_points = 8;

/// Points of a cell beyond which it is crowded: more than one group of its sums' tree.
inline constexpr int most_tile_points = 64;

/// Points of a crowded cell beyond which a block cannot sort them in its shared memory.
inline constexpr int most_block_points = 4096;

/// Numbers that blocks add to.
struct alignas(64) voxel_counters {
  std::uint32_t listed;    ///< points in lists of cells that are not crowded, from the first on
  std::uint32_t in_crowd;  ///< points in lists of crowded cells, from the last backwards
  std::uint32_t few;       ///< cells with few points
  std::uint32_t some;      ///< cells with more than a few points, but not crowded
  std::uint32_t crowded;   ///< cells
  std::uint32_t huge;      ///< crowded cells that are sorted by several blocks
  std::uint32_t groups;    ///< of crowded cells' points
};

/// A cell that is not crowded.
struct cell_list {
  std::int64_t cell;    ///< counted over all clouds
  std::uint32_t start;  ///< of its list
  std::uint32_t count;  ///< points
};

/// A cell with more than `most_tile_points` points.
struct crowded_cell {
  std::int64_t cell;          ///< counted over all clouds
  std::uint32_t start;        ///< of its list
  std::uint32_t count;        ///< points
  std::uint32_t first_group;  ///< groups of 64 points
  std::uint32_t unused;
};

/// The points of each cell: pointers into the scratch.
struct voxel_lists {
  voxel_counters* counters;
  std::uint32_t* counts;  ///< `[cells]`, padded to a multiple of 4
  std::uint32_t* starts;  ///< `[cells]`, padded likewise: where lists begin; undefined for cells without points
  std::uint32_t* ranks;   ///< `[rows]`: places of points in their lists; later the sorted lists of huge cells
  std::uint32_t* rows;    ///< `[rows]`: the lists
  cell_list* few;         ///< null for voxels: few have more points
  cell_list* some;
  crowded_cell* crowded;
  std::uint32_t* huge;     ///< indices of `crowded`
  std::uint32_t* owners;   ///< `[groups]`: indices of `crowded`
  float* sums;             ///< `[groups, channels]`, on their way up the tree
  std::uint32_t* largest;  ///< the same for the largest and the smallest, as `device::extreme_of`
  std::uint32_t* smallest;
  std::int64_t clear_bytes;  ///< from `counters` on: what has to be 0 at the beginning
  std::int64_t bytes;        ///< all
};

/// Cuts memory into pieces that are aligned to 16 bytes. A piece of nothing is null.
class memory_cutter {
 public:
  explicit memory_cutter(void* memory) : memory_(static_cast<std::byte*>(memory)) {}

  template <class T>
  T* take(std::int64_t count) {
    T* const piece = memory_ == nullptr || count == 0 ? nullptr : reinterpret_cast<T*>(memory_ + bytes_);
    bytes_ += (count * std::int64_t(sizeof(T)) + 15) / 16 * 16;
    return piece;
  }
  std::int64_t bytes() const { return bytes_; }

 private:
  std::byte* memory_;
  std::int64_t bytes_ = 0;
};

/// What grouping the points by cell takes.
/// @param memory    null: how much it would be
/// @param channels  of crowded cells' sums and extremes; 0: none are wanted
/// @param few       whether cells with few points are listed
inline voxel_lists cut_lists(void* memory, std::int64_t rows, std::int64_t cells, std::int64_t channels, bool sums,
                             bool largest, bool smallest, bool few = true) {
  voxel_lists lists{};
  memory_cutter cut(memory);
  std::int64_t const crowded = rows / (most_tile_points + 1);
  std::int64_t const groups = rows / most_tile_points + crowded;
  lists.counters = cut.take<voxel_counters>(1);
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
  lists.sums = cut.take<float>(sums ? groups * channels : 0);
  lists.largest = cut.take<std::uint32_t>(largest ? groups * channels : 0);
  lists.smallest = cut.take<std::uint32_t>(smallest ? groups * channels : 0);
  lists.bytes = cut.bytes();
  return lists;
}

}  // namespace robocache::detail
