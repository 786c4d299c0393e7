// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <type_traits>

#include <robocache/arch.cuh>
#include <robocache/detail/common/clouds/launch.cuh>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/radix_sort.cuh>
#include <robocache/detail/voxels/insert.cuh>
#include <robocache/detail/voxels/list.cuh>
#include <robocache/detail/voxels/number.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/detail/voxels/scratch.cuh>

// Launches that all operations on voxels share.
namespace robocache::detail {

/// What an operation on voxels may need, known at compile time: no kernel is compiled for what it never needs.
struct sparse_call {
  static constexpr bool centred = false;  ///< as `voxel_params`: always or never
  static constexpr bool sorts = true;     ///< may put voxels in the order of their cells
  static constexpr bool limits = false;   ///< may keep fewer voxels of a cloud than the capacity
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
ROBOCACHE_HIDDEN status launch_inserting(voxel_params& p, launch_chain& chain) {
  assert(p.centred == Call::centred);
  bool const hashed = p.table.kind != table_kind::direct;
  dim3 const blocks(
      point_blocks(p.points, chain.device(), hashed ? insert_blocks_each<true> : insert_blocks_each<false>));
  if constexpr (Call::centred) {
    return chain.launch(voxel_insert_kernel<std::int64_t, true, device::lowest_filter_cell>, p, blocks, point_threads);
  } else {
    return with_cell_type(p.points, [&](auto cell) {
      using Cell = decltype(cell);
      return chain.launch(hashed ? voxel_insert_kernel<Cell, true> : voxel_insert_kernel<Cell, false>, p, blocks,
                          point_threads);
    });
  }
}

/// Numbers the cells that have points.
template <class Call>
ROBOCACHE_HIDDEN status launch_counting_up(voxel_params& p, launch_chain& chain) {
  dim3 const tiles(static_cast<unsigned>(number_tiles(p.points.rows)));
  auto const launch = [&](auto threads) {
    constexpr int each = decltype(threads)::value;
    auto* kernel = voxel_number_kernel<each, true>;
    if constexpr (!Call::centred) {
      if (p.table.kind != table_kind::wide) { kernel = voxel_number_kernel<each, false>; }
    }
    return chain.launch(kernel, p, tiles, each);
  };
  return has_many_rows(p.points.rows) ? launch(std::integral_constant<int, many_number_threads>{})
                                      : launch(std::integral_constant<int, number_threads>{});
}

/// Begins an operation on voxels: finds the cells of all points, and numbers those that have any.
/// @param also  what else must be filled before
template <class Call>
ROBOCACHE_HIDDEN status launch_numbering(voxel_params& p, voxel_scratch const& cut, fill_list also,
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
      s = chain.launch(voxel_place_kernel<number_threads>, p, dim3(1), number_threads);
    }
  }
  if constexpr (Call::sorts) {
    if (s.ok() && p.numbers.keys != nullptr) {
      s = sort_pairs(cut.sorted, p.points.rows, &p.counters->found, key_bits(p), chain, p.numbers.order);
      if (!s.ok()) { return s; }
      dim3 const all(static_cast<unsigned>((p.points.rows + list_threads - 1) / list_threads));
      s = chain.launch(voxel_rename_kernel<list_threads>, p, all, list_threads);
    }
  }
  return s;
}

/// From points to voxels: numbers, counts and lists them, and writes what does not depend on features.
/// @param out     what all outputs have: capacity, offsets, dropped points, overflow
/// @param also    what else must be filled before
/// @param counts  `[capacity]`, may be null
/// @param listed  whether lists are wanted
template <class Call, class Output>
ROBOCACHE_HIDDEN status launch_voxels(voxel_pieces& pieces, Output const& out, fill_list also, std::int32_t* counts,
                                      bool listed, launch_chain& chain) {
  voxel_params& params = pieces.params;
  params.dropped = out.dropped;
  params.offsets = out.voxel_offsets;
  params.overflow = out.overflow;
  also.add(pieces.lists.counters, pieces.lists.clear_bytes);
  status s = launch_numbering<Call>(params, pieces.cut, also, chain);
  if (!s.ok() || params.points.rows == 0) { return s; }
  constexpr int rows_each = list_threads * list_rows;
  auto const blocks = static_cast<unsigned>((params.points.rows + rows_each - 1) / rows_each);
  voxel_list_params p{};
  p.params = params;
  p.lists = pieces.lists;
  p.count = counts;
  p.voxels = std::min(out.capacity, params.points.rows);
  p.listed = listed;
  auto* rank = voxel_rank_kernel<list_threads, false>;
  if constexpr (Call::sorts || Call::limits) {
    if (params.renames()) { rank = voxel_rank_kernel<list_threads, true>; }
  }
  s = chain.launch(rank, p, dim3(blocks), list_threads);
  if (!s.ok() || p.voxels == 0 || (!listed && counts == nullptr)) { return s; }
  dim3 const start_blocks(static_cast<unsigned>((p.voxels + start_cells - 1) / start_cells));
  s = chain.launch(voxel_start_kernel<start_threads>, p, start_blocks, start_threads);
  return s.ok() && listed ? chain.launch(voxel_list_kernel<list_threads>, p, dim3(blocks), list_threads) : s;
}

/// An empty batch: writes where its voxels begin, and that rows are in none.
/// @param points  for each row its voxel or slot; may be null
template <class Number>
ROBOCACHE_HIDDEN status write_no_voxels(point_clouds const& clouds, std::int64_t* offsets, Number* points,
                                        launch_chain& chain) {
  fill_list list;
  list.add(offsets, 8);
  list.add(points, clouds.total() * std::int64_t(sizeof(Number)), 0xffffffffu);
  return fill(list, chain);
}

}  // namespace robocache::detail
