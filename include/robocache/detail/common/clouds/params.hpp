// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/bits_of_one.hpp>
#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/device/cell.cuh>
#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>

// Parameters of the kernels of points: trivially copyable, passed by value.
namespace robocache::detail {

/// What kernels know about points and grid. Rows are counted over all clouds, and so are cells: cell c of cloud b is
/// `b * cells + c`.
struct cloud_points {
  float const* x;
  float const* y;
  float const* z;
  std::int64_t point_stride;
  std::int64_t between_clouds;  ///< floats between the last point of a cloud and the first of the next
  std::int64_t batch;
  std::int64_t rows;    ///< of all clouds
  std::int64_t length;  ///< of a cloud; 0 if packed
  std::int64_t const* lengths;
  std::int64_t const* offsets;
  std::int64_t rows_each;  ///< of a warp, a multiple of 32
  device::grid_axis axis[3];
  float const* origins;
  std::int64_t cells;  ///< of a grid
  bool divides;        ///< cells can only be found by division
  bool packed;         ///< points are x, y, z without anything between them
};

inline cloud_points points_of(point_clouds const& clouds, grid const& lattice) {
  cloud_points p{};
  strides const step = strides_of(clouds);
  p.x = clouds.x;
  p.y = clouds.y;
  p.z = clouds.z;
  p.point_stride = step.row;
  p.between_clouds = clouds.packed() ? 0 : step.batch - clouds.length * step.row;
  p.batch = clouds.batch;
  p.rows = clouds.total();
  p.length = clouds.length;
  p.lengths = clouds.lengths;
  p.offsets = clouds.offsets;
  for (int i = 0; i < 3; ++i) {
    p.axis[i] = device::axis_of(lattice, i);
    p.divides = p.divides || device::needs_division(lattice, i);
  }
  p.origins = lattice.origins;
  p.cells = lattice.total();
  p.packed = p.point_stride == 3 && p.y == p.x + 1 && p.z == p.x + 2;
  return p;
}

/// Points of a cell beyond which it is crowded: more than one group of its sums' tree.
inline constexpr int most_tile_points = device::sum_group;

/// Counters that all blocks add to.
struct alignas(64) list_counters {
  std::uint32_t listed;    ///< points in lists of cells that are not crowded: these fill `rows` from the beginning
  std::uint32_t in_crowd;  ///< points in lists of crowded cells: of voxels these fill it from the end
  std::uint32_t few;       ///< cells with few points
  std::uint32_t some;      ///< cells with more than a few points, but not crowded
  std::uint32_t crowded;   ///< cells
  std::uint32_t huge;      ///< crowded cells that are sorted by several blocks
  std::uint32_t groups;    ///< of the points of huge cells
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
  std::uint32_t first_group;  ///< of a huge cell: groups of 64 points
  std::uint32_t arrived;      ///< of a huge cell: vectors of groups that have been added up so far
};

/// The points of each cell: pointers into the scratch.
struct point_lists {
  list_counters* counters;
  std::uint32_t* counts;  ///< `[cells]`, padded to a multiple of 4
  std::uint32_t* starts;  ///< `[cells]`, padded likewise: where lists begin; undefined for cells without points
  std::uint32_t* ranks;   ///< `[rows]`: places of points in their lists; later the sorted lists of huge cells
  std::uint32_t* rows;    ///< `[rows]`: the lists
  cell_list* few;         ///< null for voxels
  cell_list* some;
  crowded_cell* crowded;
  std::uint32_t* huge;     ///< indices of `crowded`
  std::uint32_t* owners;   ///< `[groups]`: indices of `crowded`
  float* sums;             ///< `[groups, channels]`: a level of the tree
  std::uint32_t* largest;  ///< the same for the largest and the smallest, as `device::extreme_of` has them
  std::uint32_t* smallest;
  std::int64_t clear_bytes;  ///< from `counters` on: must be 0 at the beginning
  std::int64_t bytes;        ///< all
};

/// Where results of features go. Pointers may be null.
struct cell_results : feature_reductions<char> {
  dtype type;
  std::int32_t type_bytes;
  bool channels_first;
  bool accumulate;
  std::int32_t aligned;  ///< bytes: all vectors of a cell's channels begin at multiples of it
  std::int64_t channels;
  std::int64_t cells;  ///< of a grid
};

/// Features in memory.
struct cloud_features {
  void const* values;
  std::int64_t point_stride;
  std::int64_t between_clouds;  ///< elements between the last point of a cloud and the first of the next
  std::int64_t each;            ///< cells of a grid; for voxels rows of a cloud, where anything is between clouds
  divisor vectors;              ///< of a point

  /// Elements by which rows of a cloud are shifted because there is something between clouds.
  /// @param one  a cell of the cloud; for voxels a row
  __device__ std::int64_t skip(std::int64_t one) const { return between_clouds == 0 ? 0 : one / each * between_clouds; }
};

/// Parameters of the kernels that reduce features.
struct cell_reduce_params {
  point_lists lists;
  cloud_features features;
  cell_results results;
  std::int64_t rows;    ///< of all clouds
  std::int32_t tile;    ///< cells that a block takes at a time
  std::int32_t huge;    ///< blocks that sort the lists of huge cells
  std::int32_t crowds;  ///< blocks that sort those of other crowded cells
  std::int32_t some;    ///< blocks for cells with more than a few points
};

/// The same for voxels. All of them have points, so there is no list of voxels with few. A voxel with one point has no
/// list of points: its `lists.starts` is that point. Lists of the others begin with the first point. `lists.counts`
/// counts later points only.
struct voxel_reduce_params : cell_reduce_params {
  std::int64_t const* voxels;  ///< how many there are
};

/// The same for the filter's points: features are x, y and z, counted from the corner of their voxel.
struct filter_reduce_params : voxel_reduce_params {
  float origin[3];
  float size[3];
};

/// Whether the cells of a job are voxels.
template <class Params>
inline constexpr bool of_voxels = std::is_base_of_v<voxel_reduce_params, Params>;

/// Whether features are the filter's points.
template <class Params>
inline constexpr bool of_coordinates = std::is_same_v<filter_reduce_params, Params>;

/// The elements to skip for a cell.
/// @param row  one of its points
template <class Params>
__device__ std::int64_t skip_for(Params const& p, std::int64_t cell, std::int64_t row) {
  return p.features.skip(of_voxels<Params> ? row : cell);
}

/// Where occupancy goes. Each pointer may be null.
struct cell_marks {
  void* occupied;
  std::uint32_t* bits;
  std::uint64_t one;        ///< the bits of 1 in the type of `occupied`
  std::int32_t one_bytes;   ///< of that type
  std::uint32_t width;      ///< cells of a row of x
  std::uint32_t row_words;  ///< words that it takes bit-packed
  bool narrow;              ///< less than 2^31 cells in all
  divisor row;              ///< by `width`, where `narrow`
};

inline cell_marks marks_of(cloud_points const& p, void* occupied, dtype type, std::uint32_t* bits) {
  cell_marks m{};
  m.occupied = occupied;
  m.bits = bits;
  m.one = bits_of_one(type);
  m.one_bytes = static_cast<std::int32_t>(size_of(type));
  m.width = p.axis[0].cells;
  m.row_words = p.axis[0].cells / 32 + (p.axis[0].cells % 32 != 0 ? 1 : 0);
  m.narrow = p.batch * p.cells <= INT32_MAX;
  if (m.narrow) { m.row = divisor(p.axis[0].cells); }
  return m;
}

struct cell_group_params {
  cloud_points points;
  point_lists lists;
  std::int32_t* dropped;
  std::int64_t cells;  ///< of all clouds
  cell_marks marks;    ///< what else is written of cells with points
  std::int32_t* count;
  bool accumulate;
};

/// The gradients with respect to the results of features. Pointers may be null.
struct cell_gradients : feature_reductions<void const> {
  dtype type;
  std::int64_t channels;
  std::int64_t cells;           ///< of a grid
  std::int64_t channel_stride;  ///< elements from one channel of a cell to the next

  /// Where the channels of a cell begin; cells are counted over all clouds.
  __device__ std::int64_t element(std::int64_t cell) const {
    return channel_stride == 1 ? cell * channels : cell + cell / cells * (channels - 1) * cells;
  }
};

/// Where gradients with respect to features go. Rows are counted over all clouds.
struct feature_rows {
  void* values;
  std::int64_t point_stride;
  std::int64_t between_clouds;  ///< elements between the last point of a cloud and the first of the next
  std::int64_t length;          ///< rows of a cloud, where anything is between clouds

  __device__ std::int64_t element(std::int64_t row) const {
    return row * point_stride + (between_clouds == 0 ? 0 : row / length * between_clouds);
  }
};

struct cell_backward_params {
  cloud_points points;
  point_lists lists;        ///< for sums and means only the counts
  cloud_features features;  ///< read for maxima and minima only
  cell_gradients gradients;
  feature_rows out;
  std::int64_t vectors;  ///< of a row
  divisor chunk;         ///< vectors of a row that are taken at a time
};

}  // namespace robocache::detail
