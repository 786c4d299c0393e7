// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/dtype.hpp>

// Parameters of the kernels of voxels without a grid.
namespace robocache::detail {

/// Noted instead of the place of a row's cell in the table, or of a point in its voxel's list, where there is none.
inline constexpr std::uint32_t no_place = UINT32_MAX;

/// Noted, plus a distance up to 31, instead of the place of a row's cell: the place is that of the row at that distance
/// before it.
inline constexpr std::uint32_t follows = UINT32_MAX - 32;

/// How the cells of rows are noted.
/// @tparam Wide  whether the table is wide
template <bool Wide>
using noted_type = std::conditional_t<Wide, unsigned long long, std::uint32_t>;

/// Noted instead of the cell of a row, cut to its type, where it has none.
inline constexpr unsigned long long no_cell = ~0ull;

/// What a row has instead of a voxel.
inline constexpr std::int32_t no_voxel = -1;

enum class table_kind : std::uint8_t {
  direct,  ///< a place for each cell of all grids
  narrow,  ///< places are found by hashing, see `places_before`; cell and first row share one word of 64 bits
  wide,    ///< the same with cells of 64 bits
};

/// The cells in which there are points, and the first row of each. All bits are 1 at the beginning.
struct voxel_table {
  table_kind kind;
  unsigned long long* cells;  ///< wide: `[places]`
  std::uint32_t* first;       ///< `[places]`; narrow: `[places, 2]`, first row and cell
};

/// The numbers of voxels, and how they change: pointers into the scratch.
struct voxel_numbers {
  std::uint32_t* found_before;  ///< `[B + 1]`: voxels found before each cloud
  std::int64_t* offsets;        ///< `[B + 1]`: voxels kept before each cloud
  std::uint64_t* keys;          ///< by cell: `[rows]`, the cell of each voxel, counted over all clouds; else null
  std::uint32_t* order;         ///< by cell: `[rows]`, 0, 1, ...; later the voxels in the order of their cells
  std::uint32_t* renamed;       ///< by cell: `[rows]`, the place of each voxel in that order; else null
  std::int32_t max_voxels;      ///< of a cloud
  std::int32_t capacity;        ///< of all clouds
  bool limited;                 ///< there are several clouds, and any may have more than `max_voxels`
};

/// What blocks tell each other; 0 at the beginning.
struct alignas(16) number_counters {
  std::uint32_t next_tile;
  std::uint32_t found;  ///< voxels, once all are numbered
};

/// From points to voxels. Rows, and so points, are counted over all clouds.
struct voxel_params {
  cloud_points points;      ///< where places are hashed, its `cells` is 0, so that cells are counted within each cloud
  std::int64_t grid_cells;  ///< of a grid
  bool centred;             ///< the grid of the voxel filter: cells of an axis are counted from `-device::filter_reach`
  voxel_table table;
  voxel_numbers numbers;
  number_counters* counters;
  std::uint64_t* tiles;  ///< what is known about the voxels of each block's rows; 0 at the beginning
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

  /// True where the numbers are not final.
  ROBOCACHE_HOST_DEVICE bool renames() const { return numbers.limited || numbers.renamed != nullptr; }
};

struct voxel_list_params {
  voxel_params params;
  point_lists lists;    ///< `counts` counts later points; `starts` of voxels with one point is that point
  std::int32_t* count;  ///< `[voxels]`: where all points are counted; may be null
  std::int64_t voxels;  ///< the capacity
  bool listed;          ///< whether lists are wanted
};

/// All that one cluster does.
struct voxel_cluster_params {
  voxel_list_params list;
  divisor row_divisor;    ///< rows of a block, a multiple of 32
  divisor place_divisor;  ///< places of a block
  bool writes_voxels;     ///< whether `voxels_of` is a result
  std::int64_t* slots;    ///< `[rows]`: set to -1; may be null
};

struct given_list_params {
  point_lists lists;
  std::int32_t const* voxels_of;  ///< `[rows]`; a number that is not below `voxels` means none
  std::int64_t rows;
  std::uint32_t voxels;
};

struct gather_params {
  point_lists lists;
  cloud_features features;
  char* values;              ///< `[voxels, max_points, channels]`; may be null, as all below
  std::int32_t* count;       ///< `[voxels]`
  std::int64_t* slots;       ///< `[rows]`
  std::int64_t const* kept;  ///< how many voxels there are
  std::int64_t rows;
  divisor max_points;
  dtype type;
  std::int32_t type_bytes;
  std::int32_t aligned;  ///< bytes: all vectors of values begin at multiples of it
  std::int32_t huge;     ///< blocks that sort the lists of huge voxels
  std::int32_t crowds;   ///< blocks that sort the lists of other crowded voxels
  std::int32_t some;     ///< blocks for voxels with more than a few points
};

struct pack_params {
  cloud_points points;
  std::int64_t length;  ///< rows of a cloud, where anything is between clouds
  float* xyz;           ///< `[rows, 3]`
};

/// The points are those of all clouds, the lists those of voxels.
struct voxel_backward_params : cell_backward_params {
  std::int32_t const* voxels_of;  ///< `[rows]`; beyond `voxels`: none
  std::int32_t const* count;      ///< `[voxels]`; where a mean is divided by it
  std::uint32_t voxels;
};

template <>
inline constexpr bool of_voxels<voxel_backward_params> = true;

struct gather_backward_params {
  feature_rows out;
  std::int64_t const* slots;  ///< `[rows]`; outside of `[0, count)`: none
  std::int64_t count;         ///< slots that have gradients; 0: `slots` is not read
  void const* gradients;      ///< `[slots, channels]`
  dtype type;
  std::int64_t rows;
  divisor vectors;  ///< of a row
};

}  // namespace robocache::detail
