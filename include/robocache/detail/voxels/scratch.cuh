// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/scratch.hpp>
#include <robocache/detail/common/memory_cutter.hpp>
#include <robocache/detail/common/radix_sort.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/grid.hpp>
#include <robocache/points.hpp>

// The scratch of an operation on voxels: its size, and what is where in it.
namespace robocache::detail {

/// Points as kernels read them, and the table of their cells.
/// @param cells  of a grid
inline voxel_params voxel_params_of(point_clouds const& clouds, grid const& lattice) {
  voxel_params p{};
  p.points = points_of(clouds, lattice);
  p.grid_cells = lattice.total();
  p.table.kind = table_kind::direct;
  if (clouds.batch * lattice.total() > most_direct_cells(p.points.rows)) {
    p.points.cells = 0;
    p.points.divides = p.points.divides || lattice.total() > INT32_MAX;
    p.table.kind = p.points.divides ? table_kind::wide : table_kind::narrow;
  }
  return p;
}

/// The same for the grid of the voxel filter.
inline voxel_params filter_params_of(point_clouds const& clouds, grid const& lattice) {
  grid one = lattice;
  for (auto& cells : one.cells) { cells = 1; }
  voxel_params p{};
  p.points = points_of(clouds, one);
  for (int axis = 0; axis < 3; ++axis) { p.points.axis[axis].cells = static_cast<std::uint32_t>(lattice.cells[axis]); }
  p.points.cells = 0;
  p.points.divides = true;
  p.table.kind = table_kind::wide;
  p.centred = true;
  return p;
}

/// The scratch of voxels, and how it must be cleared.
struct voxel_scratch {
  sort_buffers sorted;     ///< by cell
  std::int64_t set_bytes;  ///< from `set` on: all bits 1 at the beginning
  void* set;
  std::int64_t clear_bytes;  ///< from `counters` on: 0 at the beginning
  std::int64_t bytes;        ///< in all, without the lists
};

/// Bits of the cells of all clouds together.
inline int key_bits(voxel_params const& p) noexcept {
  int bits = 1;
  while (bits < 63 && (p.points.batch * p.grid_cells - 1) >> bits != 0) { ++bits; }
  return bits;
}

/// Blocks that number rows.
inline std::int64_t number_tiles(std::int64_t rows) noexcept {
  std::int64_t const each = number_rows_each * (has_many_rows(rows) ? many_number_threads : number_threads);
  return (rows + each - 1) / each;
}

/// Cuts the scratch.
/// @param memory   null: only the size is computed
/// @param voxels   the capacity
/// @param by_cell  whether voxels are put in the order of their cells
inline voxel_scratch cut_voxels(voxel_params& p, void* memory, std::int64_t voxels, bool by_cell) {
  voxel_scratch cut{};
  memory_cutter cutter(memory);
  std::int64_t const rows = p.points.rows;
  std::int64_t const batch = p.points.batch;
  cut.set = memory;
  switch (p.table.kind) {
    case table_kind::direct: p.table.first = cutter.take<std::uint32_t>(batch * p.grid_cells); break;
    case table_kind::narrow: p.table.first = cutter.take<std::uint32_t>(2 * places_before(rows, rows)); break;
    case table_kind::wide:
      p.table.cells = cutter.take<unsigned long long>(places_before(rows, rows));
      p.table.first = cutter.take<std::uint32_t>(places_before(rows, rows));
      break;
  }
  bool const hashed = p.table.kind != table_kind::direct;
  if (hashed) { p.places = cutter.take<std::uint32_t>(rows); }
  // Rows that belong to no cloud keep what they have.
  bool const gaps = p.points.lengths != nullptr || p.points.offsets != nullptr;
  std::int64_t const words = p.table.kind == table_kind::wide ? 2 * rows : rows;
  if (gaps) { p.cells = cutter.take<std::uint32_t>(words); }
  cut.set_bytes = cutter.bytes();
  if (!gaps) { p.cells = cutter.take<std::uint32_t>(words); }
  if (!hashed) { p.places = cutter.take<std::uint32_t>(rows); }
  std::int64_t const before_counters = cutter.bytes();
  p.counters = cutter.take<number_counters>(1);
  p.tiles = cutter.take<std::uint64_t>(number_tiles(rows));
  cut.clear_bytes = cutter.bytes() - before_counters;
  p.numbers.found_before = cutter.take<std::uint32_t>(batch + 1);
  p.numbers.offsets = cutter.take<std::int64_t>(batch + 1);
  p.first_rows = cutter.take<std::uint32_t>(voxels);
  if (p.voxels_of == nullptr) { p.voxels_of = cutter.take<std::int32_t>(rows); }
  p.numbers_of = by_cell || p.numbers.limited ? cutter.take<std::int32_t>(rows) : p.voxels_of;
  if (by_cell) {
    p.numbers.keys = cut.sorted.keys[0] = cutter.take<std::uint64_t>(rows);
    cut.sorted.keys[1] = cutter.take<std::uint64_t>(rows);
    p.numbers.order = cut.sorted.numbers[0] = cutter.take<std::uint32_t>(rows);
    cut.sorted.numbers[1] = cutter.take<std::uint32_t>(rows);
    cut.sorted.counts = cutter.take<std::uint32_t>(digits * sort_tiles(rows));
    cut.sorted.totals = cutter.take<std::uint32_t>(digits);
    p.numbers.renamed = cutter.take<std::uint32_t>(rows);
  }
  cut.bytes = cutter.bytes();
  return cut;
}

/// The most voxels for which lists are made.
inline std::int64_t most_voxels(point_clouds const& clouds, std::int64_t capacity) noexcept {
  return std::min(capacity, clouds.batch == 0 ? 0 : clouds.total());
}

/// The whole scratch of a call.
struct voxel_pieces {
  voxel_params params;
  voxel_scratch cut;
  point_lists lists;
  std::int64_t bytes;
};

/// @param memory    null: only the size is computed
/// @param params    has the limits of voxels' numbers already, and `voxels_of` where the caller has it
/// @param channels, needs  as `cut_lists`
inline voxel_pieces cut_pieces(void* memory, voxel_params const& params, bool by_cell, std::int64_t voxels,
                               std::int64_t channels, reduction_needs const& needs) {
  voxel_pieces pieces{};
  pieces.params = params;
  pieces.params.numbers.capacity = static_cast<std::int32_t>(std::min<std::int64_t>(params.numbers.capacity, voxels));
  pieces.cut = cut_voxels(pieces.params, memory, voxels, by_cell);
  void* const rest = memory == nullptr ? nullptr : static_cast<char*>(memory) + pieces.cut.bytes;
  pieces.lists = cut_lists(rest, params.points.rows, voxels, channels, needs, false);
  pieces.bytes = pieces.cut.bytes + pieces.lists.bytes;
  return pieces;
}

}  // namespace robocache::detail
