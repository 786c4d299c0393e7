// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/plan.cuh>
#include <robocache/detail/voxel_points.cuh>
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
  m.width = p.width;
  m.row_words = p.width / 32 + (p.width % 32 != 0 ? 1 : 0);
  m.narrow = p.batch * p.cells <= INT32_MAX;
  if (m.narrow) { m.row = divisor(p.width); }
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
};

/// Counts and occupancy, straight into the results. Neighbours of a warp in one cell are one operation.
template <int Threads>
__global__ void __launch_bounds__(Threads) voxel_mark_kernel(__grid_constant__ voxel_mark_params const p) {
  point_walk walk(p.points, p.dropped);
  for (int step = 0; walk.begins_step(step); ++step) {
    std::int64_t cell[points_at_once];
    walk.find(cell);
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      cell_run const run = run_of(cell[r]);
      if (!run.leads || cell[r] < 0) { continue; }
      if (p.count != nullptr) { atomicAdd(p.count + cell[r], run.count); }
      mark_cell(p.marks, cell[r]);
    }
  }
}

}  // namespace robocache::detail
