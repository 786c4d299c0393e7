// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/points.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/dtype.hpp>

// What needs to know of a cell only that points are in it: counts and occupancy.
namespace robocache::detail {

/// Where occupancy goes; each pointer may be null.
struct voxel_marks {
  void* occupied;
  std::uint32_t* bits;
  std::uint64_t one;        ///< 1 as a number of the type of `occupied`
  std::int32_t one_bytes;   ///< of that type
  std::uint32_t width;      ///< cells of a row of x
  std::uint32_t row_words;  ///< words that it takes bit-packed
  bool narrow;              ///< less than 2^31 cells in all
  divisor row;              ///< by `width`, where `narrow`
};

inline voxel_marks marks_of(voxel_points const& p, void* occupied, dtype type, std::uint32_t* bits) {
  voxel_marks m{};
  m.occupied = occupied;
  m.bits = bits;
  m.one = type == dtype::float32    ? 0x3f800000u
          : type == dtype::float16  ? 0x3c00u
          : type == dtype::bfloat16 ? 0x3f80u
                                    : 1u;
  m.one_bytes = static_cast<std::int32_t>(size_of(type));
  m.width = p.axis[0].cells;
  m.row_words = p.axis[0].cells / 32 + (p.axis[0].cells % 32 != 0 ? 1 : 0);
  m.narrow = p.batch * p.cells <= INT32_MAX;
  if (m.narrow) { m.row = divisor(p.axis[0].cells); }
  return m;
}

inline __device__ void store_one(voxel_marks const& m, std::int64_t cell) {
  switch (m.one_bytes) {
    case 1: static_cast<std::uint8_t*>(m.occupied)[cell] = static_cast<std::uint8_t>(m.one); break;
    case 2: static_cast<std::uint16_t*>(m.occupied)[cell] = static_cast<std::uint16_t>(m.one); break;
    case 4: static_cast<std::uint32_t*>(m.occupied)[cell] = static_cast<std::uint32_t>(m.one); break;
    default: static_cast<std::uint64_t*>(m.occupied)[cell] = m.one; break;
  }
}

/// Sets a cell's bit. Most cells of a cloud are seen more than once: a look is cheaper than an atomic operation.
inline __device__ void set_bit(voxel_marks const& m, std::int64_t cell) {
  std::int64_t const row =
      m.narrow ? static_cast<std::int64_t>(m.row.quotient(static_cast<std::uint32_t>(cell))) : cell / m.width;
  auto const x = static_cast<std::uint32_t>(cell - row * m.width);
  std::uint32_t* const word = m.bits + (row * m.row_words + x / 32);
  std::uint32_t const bit = 1u << (x % 32);
  if ((*static_cast<std::uint32_t volatile*>(word) & bit) == 0) { atomicOr(word, bit); }
}

/// A cell has a point.
inline __device__ void mark_cell(voxel_marks const& m, std::int64_t cell) {
  if (m.occupied != nullptr) { store_one(m, cell); }
  if (m.bits != nullptr) { set_bit(m, cell); }
}

struct voxel_mark_params {
  voxel_points points;
  voxel_marks marks;
  std::int32_t* count;
  std::int32_t* dropped;
  std::uint32_t* left;         ///< `[rows]`: cells of points that are left to further slabs, in the place of each warp
  std::uint32_t* left_counts;  ///< how many; one a warp
  std::int64_t slab_begin;     ///< cells that scattered points may touch now: as many as stay in the L2 cache
  std::int64_t slab_end;
};

/// What a launch does to cells with points.
enum class mark_kind : std::uint8_t {
  counts,   ///< counts alone
  bytes,    ///< occupancy of one byte, alone
  several,  ///< whatever is asked for
};

/// A run of neighbours in one cell.
template <mark_kind Kind>
__device__ void mark_run(voxel_mark_params const& p, std::int64_t cell, int count) {
  if constexpr (Kind == mark_kind::counts) {
    atomicAdd(p.count + cell, count);
  } else if constexpr (Kind == mark_kind::bytes) {
    static_cast<std::uint8_t*>(p.marks.occupied)[cell] = 1;
  } else {
    if (p.count != nullptr) { atomicAdd(p.count + cell, count); }
    mark_cell(p.marks, cell);
  }
}

/// Counts and occupancy, straight into the results. Neighbours of a warp in one cell are one operation.
template <class Cell, mark_kind Kind>
__global__ void __launch_bounds__(point_threads, point_blocks_each)
    voxel_mark_kernel(__grid_constant__ voxel_mark_params const p) {
  for_each_row<Cell>(p.points, p.dropped, [&](std::int64_t, Cell const(&cell)[points_at_once]) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      cell_run const run = run_of(cell[r]);
      if (run.leads & (cell[r] >= 0)) { mark_run<Kind>(p, cell[r], run.count); }
    }
  });
}

/// The first of several slabs of a large grid: cells that are touched at random should be in the L2 cache. Scattered
/// points of other slabs are left to launches that read no more than their cells. What has neighbours in its cell, as
/// points of a scan have, is done at once wherever it falls, so that of scans next to nothing is left.
template <class Cell, mark_kind Kind>
__global__ void __launch_bounds__(point_threads, point_blocks_each)
    voxel_first_slab_kernel(__grid_constant__ voxel_mark_params const p) {
  constexpr int many_runs = 16;  // of 32 points: scattered
  auto const high = static_cast<Cell>(p.slab_end);
  warp_rows const mine(p.points);
  unsigned left = 0;
  for_each_row<Cell>(p.points, p.dropped, [&](std::int64_t, Cell const(&cell)[points_at_once]) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      cell_run const run = run_of(cell[r]);
      bool const later = (__popc(run.leaders) > many_runs) & (cell[r] >= high);
      if (run.leads & (cell[r] >= 0) & !later) { mark_run<Kind>(p, cell[r], run.count); }
      unsigned const leaves = __ballot_sync(0xffffffffu, later);
      unsigned const before = leaves & ((1u << threadIdx.x % 32) - 1);
      if (later) { p.left[mine.begin + left + __popc(before)] = static_cast<std::uint32_t>(cell[r]); }
      left += __popc(leaves);
    }
  });
  if (threadIdx.x % 32 == 0 && mine.begin < mine.end) { p.left_counts[mine.begin / p.points.rows_each] = left; }
}

/// A further slab: what was left of it.
template <mark_kind Kind>
__global__ void __launch_bounds__(point_threads) voxel_next_slab_kernel(__grid_constant__ voxel_mark_params const p) {
  constexpr int at_once = 4;  // loads under way
  wait_for_launch_before();
  warp_rows const mine(p.points);
  if (mine.begin >= mine.end) { return; }
  unsigned const left = p.left_counts[mine.begin / p.points.rows_each];
  for (unsigned at = threadIdx.x % 32; at < left; at += 32 * at_once) {
    std::uint32_t cell[at_once];
#pragma unroll
    for (int i = 0; i < at_once; ++i) {
      cell[i] = at + 32 * i < left ? __ldcs(p.left + (mine.begin + at + 32 * i)) : UINT32_MAX;
    }
#pragma unroll
    for (int i = 0; i < at_once; ++i) {
      if (cell[i] >= p.slab_begin && cell[i] < p.slab_end) { mark_run<Kind>(p, cell[i], 1); }
    }
  }
}

}  // namespace robocache::detail
