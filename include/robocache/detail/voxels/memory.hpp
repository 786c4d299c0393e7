// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/clouds/points.cuh>

// What numbering the voxels of a batch takes.
namespace robocache::detail {

/// Instead of the place of a row's cell in the table, or of a point's place in its voxel's list: it has none.
inline constexpr std::uint32_t no_place = UINT32_MAX;

/// Added to a distance up to 31, instead of the place of a row's cell: it is that of the row so far before it.
inline constexpr std::uint32_t follows = UINT32_MAX - 32;

/// Places of hash tables for all rows before one: two a row, or three for two rows where there are so many that places
/// could not be counted below `follows`.
/// @param rows  of all clouds
ROBOCACHE_HOST_DEVICE constexpr std::int64_t places_before(std::int64_t row, std::int64_t rows) {
  return row + (rows <= std::int64_t{1} << 30 ? row : row / 2);
}

/// How the cells of rows are noted.
/// @tparam Wide  whether the table is
template <bool Wide>
using noted_type = std::conditional_t<Wide, unsigned long long, std::uint32_t>;

/// Instead of the cell of a row, cut to its type: it has none.
inline constexpr unsigned long long no_cell = ~0ull;

/// What a row has instead of a voxel.
inline constexpr std::int32_t no_voxel = -1;

/// Rows that a thread numbers; threads of a block, where there are few rows and where there are many.
inline constexpr int number_rows_each = 4;
inline constexpr int number_threads = 256;
inline constexpr int many_number_threads = 512;

enum class table_kind : std::uint8_t {
  direct,  ///< a place for each cell of all grids
  narrow,  ///< places are found by hashing, see `places_before`; cell and first row are one word
  wide,    ///< the same with cells of 64 bits
};

/// Cells that points were found in, and the first row of each. All bits are 1 at the beginning.
struct cell_table {
  table_kind kind;
  unsigned long long* cells;  ///< wide: `[places]`
  std::uint32_t* first;       ///< `[places]`; narrow: `[places, 2]`, first row and cell
};

/// The numbers of voxels, and what becomes of them: pointers into the scratch.
struct voxel_numbers {
  std::uint32_t* found_before;  ///< `[B + 1]`: voxels found before each cloud
  std::int64_t* offsets;        ///< `[B + 1]`: voxels kept before each cloud
  std::uint64_t* keys;          ///< by cell: `[rows]`, the cell of each voxel, counted over all clouds; else null
  std::uint32_t* order;         ///< by cell: `[rows]`, 0, 1, ...; later the voxels in the order of their cells
  std::uint32_t* renamed;       ///< by cell: `[rows]`, the place of each voxel in that order; else null
  std::int32_t max_voxels;      ///< of a cloud
  std::int32_t capacity;        ///< of all clouds
  bool limited;                 ///< there are several clouds, and one may have more than `max_voxels`
};

/// What blocks tell each other, 0 at the beginning.
struct alignas(16) number_counters {
  std::uint32_t next_tile;
  std::uint32_t found;  ///< voxels, once all are numbered
};

/// From points to voxels. Rows, and so points, are counted over all clouds.
struct sparse_params {
  voxel_points points;      ///< where places are hashed, its `cells` is 0, so that cells are counted within a cloud
  std::int64_t grid_cells;  ///< of a grid
  bool centred;             ///< the grid of the voxel filter: cells of an axis are counted from `-device::filter_reach`
  cell_table table;
  voxel_numbers numbers;
  number_counters* counters;
  std::uint64_t* tiles;  ///< what is known of the voxels of each block's rows, 0 at the beginning
  void* cells;           ///< `[rows]`: the cell of each row, 64 bits of wide tables, else 32; all bits 1: none
  /// `[rows]`: the place of a row's cell, or `follows`; the first row of a cell has `no_place`, as have rows without a
  /// cell. Hashed, all bits are 1 at the beginning.
  std::uint32_t* places;
  std::int32_t* numbers_of;   ///< `[rows]`: the number of the voxel that begins with a row, or `no_voxel`
  std::int32_t* voxels_of;    ///< `[rows]`: the voxel of each row; the same memory where numbers stay as they are
  std::uint32_t* first_rows;  ///< `[voxels]`
  std::int32_t* coordinates;  ///< `[voxels, 4]`; may be null, as all below
  std::int32_t* dropped;
  std::int64_t* offsets;   ///< `[B + 1]`
  std::int32_t* overflow;  ///< `[B]`

  /// True where numbers do not stay as they are.
  ROBOCACHE_HOST_DEVICE bool renames() const { return numbers.limited || numbers.renamed != nullptr; }
};

}  // namespace robocache::detail
