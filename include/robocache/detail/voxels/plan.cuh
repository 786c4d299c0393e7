// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <type_traits>

#include <robocache/arch.cuh>
#include <robocache/detail/common/clouds/plan.cuh>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/radix_sort.cuh>
#include <robocache/detail/voxels/check.hpp>
#include <robocache/detail/voxels/insert.cuh>
#include <robocache/detail/voxels/list.cuh>
#include <robocache/detail/voxels/memory.hpp>
#include <robocache/detail/voxels/number.cuh>

// Launches that all operations on voxels share, and the shapes of their jobs.
namespace robocache::detail {

/// Points as kernels read them, and the table of their cells.
/// @param cells  of a grid
inline sparse_params sparse_params_of(point_clouds const& clouds, grid const& lattice) {
  sparse_params p{};
  p.points = points_of(clouds, lattice);
  p.grid_cells = lattice.total();
  // A place for each cell where that takes no more memory than hashing would, or the cache hardly notices.
  constexpr std::int64_t few_cells = 1 << 20;
  std::int64_t const most_cells = std::min<std::int64_t>(std::max(few_cells, 4 * p.points.rows), INT32_MAX);
  p.table.kind = table_kind::direct;
  if (clouds.batch * lattice.total() > most_cells) {
    p.points.cells = 0;
    p.points.divides = p.points.divides || lattice.total() > INT32_MAX;
    p.table.kind = p.points.divides ? table_kind::wide : table_kind::narrow;
  }
  return p;
}

/// The same for the grid of the voxel filter.
inline sparse_params filter_params_of(point_clouds const& clouds, grid const& lattice) {
  grid one = lattice;
  for (auto& cells : one.cells) { cells = 1; }
  sparse_params p{};
  p.points = points_of(clouds, one);
  for (int axis = 0; axis < 3; ++axis) { p.points.axis[axis].cells = static_cast<std::uint32_t>(lattice.cells[axis]); }
  p.points.cells = 0;
  p.points.divides = true;
  p.table.kind = table_kind::wide;
  p.centred = true;
  return p;
}

/// The scratch of voxels, and how it is to be cleared.
struct sparse_scratch {
  sort_buffers sorted;     ///< by cell
  std::int64_t set_bytes;  ///< from `set` on: all bits 1 at the beginning
  void* set;
  std::int64_t clear_bytes;  ///< from `counters` on: 0 at the beginning
  std::int64_t bytes;        ///< all, without the lists
};

/// Bits of the cells of all clouds together.
inline int key_bits(sparse_params const& p) noexcept {
  int bits = 1;
  while (bits < 63 && (p.points.batch * p.grid_cells - 1) >> bits != 0) { ++bits; }
  return bits;
}

/// Whether rows are numbered by large blocks: fewer tiles take less time to be added up, more of them fill the chip.
inline bool has_many_rows(std::int64_t rows) noexcept { return rows >= 1 << 19; }

/// Blocks that number rows.
inline std::int64_t number_tiles(std::int64_t rows) noexcept {
  std::int64_t const each = number_rows_each * (has_many_rows(rows) ? many_number_threads : number_threads);
  return (rows + each - 1) / each;
}

/// Cuts the scratch.
/// @param memory   null: how much it would be
/// @param voxels   that there is room for
/// @param by_cell  whether voxels are put in the order of their cells
inline sparse_scratch cut_sparse(sparse_params& p, void* memory, std::int64_t voxels, bool by_cell) {
  sparse_scratch cut{};
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

/// The most voxels that lists are made for.
inline std::int64_t most_voxels(point_clouds const& clouds, std::int64_t capacity) noexcept {
  return std::min(capacity, clouds.batch == 0 ? 0 : clouds.total());
}

/// The whole scratch of a call.
struct sparse_pieces {
  sparse_params sparse;
  sparse_scratch cut;
  voxel_lists lists;
  std::int64_t bytes;
};

/// @param memory    null: how much it would be
/// @param sparse    where the numbers of voxels have their limits, and `voxels_of` where the caller has it
/// @param channels  of crowded voxels' sums and extremes
inline sparse_pieces cut_pieces(void* memory, sparse_params const& sparse, bool by_cell, std::int64_t voxels,
                                std::int64_t channels, bool sums, bool largest, bool smallest) {
  sparse_pieces pieces{};
  pieces.sparse = sparse;
  pieces.sparse.numbers.capacity = static_cast<std::int32_t>(std::min<std::int64_t>(sparse.numbers.capacity, voxels));
  pieces.cut = cut_sparse(pieces.sparse, memory, voxels, by_cell);
  void* const rest = memory == nullptr ? nullptr : static_cast<char*>(memory) + pieces.cut.bytes;
  pieces.lists = cut_lists(rest, sparse.points.rows, voxels, channels, sums, largest, smallest, false);
  pieces.bytes = pieces.cut.bytes + pieces.lists.bytes;
  return pieces;
}

/// What an operation on voxels never asks for is known when it is compiled, and no kernel is compiled for it.
struct sparse_call {
  static constexpr bool centred = false;  ///< as `sparse_params`: always or never
  static constexpr bool sorts = true;     ///< may want voxels in the order of their cells
  static constexpr bool limits = false;   ///< may keep fewer voxels of a cloud than there is room for
};
struct gather_call {
  static constexpr bool centred = false;
  static constexpr bool sorts = false;
  static constexpr bool limits = true;
};
struct filter_call {
  static constexpr bool centred = true;
  static constexpr bool sorts = false;
  static constexpr bool limits = false;
};

/// Notes the cell of each row and finds the first row of each cell.
template <class Call>
ROBOCACHE_HIDDEN status launch_inserting(sparse_params& p, launch_chain& chain) {
  assert(p.centred == Call::centred);
  bool const hashed = p.table.kind != table_kind::direct;
  dim3 const blocks(
      point_blocks(p.points, chain.device(), hashed ? insert_blocks_each<true> : insert_blocks_each<false>));
  if constexpr (Call::centred) {
    constexpr auto lowest = -static_cast<int>(device::filter_reach);
    return chain.launch(sparse_insert_kernel<std::int64_t, true, lowest>, p, blocks, point_threads);
  } else {
    return with_cell_type(p.points, [&](auto cell) {
      using Cell = decltype(cell);
      return chain.launch(hashed ? sparse_insert_kernel<Cell, true> : sparse_insert_kernel<Cell, false>, p, blocks,
                          point_threads);
    });
  }
}

/// Numbers the cells that have points.
template <class Call>
ROBOCACHE_HIDDEN status launch_counting_up(sparse_params& p, launch_chain& chain) {
  dim3 const tiles(static_cast<unsigned>(number_tiles(p.points.rows)));
  auto const launch = [&](auto threads) {
    constexpr int each = decltype(threads)::value;
    auto* kernel = sparse_number_kernel<each, true>;
    if constexpr (!Call::centred) {
      if (p.table.kind != table_kind::wide) { kernel = sparse_number_kernel<each, false>; }
    }
    return chain.launch(kernel, p, tiles, each);
  };
  return has_many_rows(p.points.rows) ? launch(std::integral_constant<int, many_number_threads>{})
                                      : launch(std::integral_constant<int, number_threads>{});
}

/// Begins an operation on voxels: finds the cells of all points, and numbers those that have any.
/// @param also  what else is to be filled first
template <class Call>
ROBOCACHE_HIDDEN status launch_numbering(sparse_params& p, sparse_scratch const& cut, fill_list also,
                                         launch_chain& chain) {
  also.add(p.dropped, p.points.batch * 4);
  if (p.points.rows == 0) {
    also.add(p.offsets, (p.points.batch + 1) * 8);
    also.add(p.overflow, p.points.batch * 4);
    return fill(also, chain);
  }
  also.add(cut.set, cut.set_bytes, 0xffffffffu);
  also.add(p.counters, cut.clear_bytes);
  status s = fill(also, chain);
  if (!s.ok()) { return s; }
  s = launch_inserting<Call>(p, chain);
  if (s.ok()) { s = launch_counting_up<Call>(p, chain); }
  if constexpr (Call::limits) {
    if (s.ok() && p.numbers.limited) {
      s = chain.launch(sparse_place_kernel<number_threads>, p, dim3(1), number_threads);
    }
  }
  if constexpr (Call::sorts) {
    if (s.ok() && p.numbers.keys != nullptr) {
      s = sort_pairs(cut.sorted, p.points.rows, &p.counters->found, key_bits(p), chain, p.numbers.order);
      if (!s.ok()) { return s; }
      dim3 const all(static_cast<unsigned>((p.points.rows + list_threads - 1) / list_threads));
      s = chain.launch(sparse_rename_kernel<list_threads>, p, all, list_threads);
    }
  }
  return s;
}

/// From points to voxels: numbers, counts and lists them, and writes what does not depend on features.
/// @param out     what all outputs have: capacity, offsets, dropped points, overflow
/// @param also    what else is to be filled first
/// @param counts  `[capacity]`, may be null
/// @param listed  whether lists are wanted
template <class Call, class Output>
ROBOCACHE_HIDDEN status launch_voxels(sparse_pieces& pieces, Output const& out, fill_list also, std::int32_t* counts,
                                      bool listed, launch_chain& chain) {
  sparse_params& sparse = pieces.sparse;
  sparse.dropped = out.dropped;
  sparse.offsets = out.voxel_offsets;
  sparse.overflow = out.overflow;
  also.add(pieces.lists.counters, pieces.lists.clear_bytes);
  status s = launch_numbering<Call>(sparse, pieces.cut, also, chain);
  if (!s.ok() || sparse.points.rows == 0) { return s; }
  constexpr int rows_each = list_threads * list_rows;
  auto const blocks = static_cast<unsigned>((sparse.points.rows + rows_each - 1) / rows_each);
  sparse_list_params p{};
  p.sparse = sparse;
  p.lists = pieces.lists;
  p.count = counts;
  p.voxels = std::min(out.capacity, sparse.points.rows);
  p.listed = listed;
  auto* rank = sparse_rank_kernel<list_threads, false>;
  if constexpr (Call::sorts || Call::limits) {
    if (sparse.renames()) { rank = sparse_rank_kernel<list_threads, true>; }
  }
  s = chain.launch(rank, p, dim3(blocks), list_threads);
  if (!s.ok() || p.voxels == 0 || (!listed && counts == nullptr)) { return s; }
  dim3 const start_blocks(static_cast<unsigned>((p.voxels + start_cells - 1) / start_cells));
  s = chain.launch(sparse_start_kernel<start_threads>, p, start_blocks, start_threads);
  return s.ok() && listed ? chain.launch(sparse_list_kernel<list_threads>, p, dim3(blocks), list_threads) : s;
}

/// An empty batch: where its voxels begin, and that rows are in none.
/// @param points  of each row its voxel or slot; may be null
template <class Number>
ROBOCACHE_HIDDEN status write_no_voxels(point_clouds const& clouds, std::int64_t* offsets, Number* points,
                                        launch_chain& chain) {
  fill_list list;
  list.add(offsets, 8);
  list.add(points, clouds.total() * std::int64_t(sizeof(Number)), 0xffffffffu);
  return fill(list, chain);
}

}  // namespace robocache::detail
