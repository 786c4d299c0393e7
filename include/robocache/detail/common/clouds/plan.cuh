// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

#include <robocache/arch.cuh>
#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/detail/common/clouds/group.cuh>
#include <robocache/detail/common/clouds/memory.hpp>
#include <robocache/detail/common/clouds/results.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/scratch.hpp>

// Launches that voxelizing and its gradients share, and the shapes of their jobs.
namespace robocache::detail {

/// The most points that a cell can have.
inline std::int64_t longest_cloud(point_clouds const& clouds) noexcept {
  return clouds.packed() ? clouds.rows : clouds.length;
}

/// Deals out the rows to warps evenly: to as many as are there at a time, or some times as many.
/// @param blocks_each  that a multiprocessor has at a time
/// @return blocks
inline unsigned point_blocks(voxel_points& p, device_properties const& device,
                             int blocks_each = point_blocks_each) noexcept {
  constexpr std::int64_t warps_each = point_threads / 32;
  constexpr std::int64_t most_steps = 16;
  std::int64_t const at_a_time = std::int64_t{device.multiprocessors} * blocks_each * warps_each;
  std::int64_t const rounds = std::max<std::int64_t>(1, p.rows / (at_a_time * rows_a_step * most_steps));
  std::int64_t const each = (p.rows + at_a_time * rounds - 1) / (at_a_time * rounds);
  p.rows_each = std::max<std::int64_t>(rows_a_step, (each + 31) / 32 * 32);
  std::int64_t const warps = (p.rows + p.rows_each - 1) / p.rows_each;
  return static_cast<unsigned>((warps + warps_each - 1) / warps_each);
}

/// Calls `use(Cell{})` with a type that holds all cells of all clouds; 64 bits also where cells take divisions.
template <class Use>
ROBOCACHE_HIDDEN status with_cell_type(voxel_points const& p, Use&& use) {
  return !p.divides && p.batch * p.cells <= INT32_MAX ? use(std::int32_t{}) : use(std::int64_t{});
}

/// Features as kernels read them, and the number of their channels that are loaded at a time: as many as 16 bytes hold,
/// or 1.
/// @param each  cells of a grid; for voxels rows of a cloud
template <class Value>
int plan_features(voxel_features& plan, point_clouds const& clouds, point_features<Value> const& features,
                  std::int64_t each) {
  constexpr int wide = 16 / static_cast<int>(sizeof(Value));
  strides const step = strides_of(features, clouds, features.channels);
  plan.values = features.values;
  plan.point_stride = step.row;
  plan.between_clouds = clouds.packed() ? 0 : step.batch - clouds.length * step.row;
  plan.each = each;
  auto const bytes = static_cast<std::int64_t>(sizeof(Value));
  bool const aligned = common_alignment(address_of(features.values), step.row * bytes, plan.between_clouds * bytes,
                                        features.channels * bytes) == 16;
  plan.vectors = divisor(static_cast<std::uint32_t>(aligned ? features.channels / wide : features.channels));
  return aligned ? wide : 1;
}

/// Groups the points of each cell: clears, counts, finds places, lists.
/// @param also  what else is to be filled first
template <class Chain>
ROBOCACHE_HIDDEN status launch_grouping(voxel_group_params& p, fill_list also, Chain& chain) {
  also.add(p.lists.counters, p.lists.clear_bytes);
  status s = fill(also, chain);
  if (!s.ok() || p.points.rows == 0) { return s; }
  dim3 const blocks(point_blocks(p.points, chain.device()));
  return with_cell_type(p.points, [&](auto cell) {
    using Cell = decltype(cell);
    s = chain.launch(voxel_rank_kernel<Cell>, p, blocks, point_threads);
    if (!s.ok()) { return s; }
    dim3 const start_blocks(static_cast<unsigned>((p.cells + start_cells - 1) / start_cells));
    s = chain.launch(voxel_start_kernel<start_threads>, p, start_blocks, start_threads);
    return s.ok() ? chain.launch(voxel_list_kernel<Cell>, p, blocks, point_threads) : s;
  });
}

/// Refuses scratch that is too small.
/// @param function  that says how much is wanted
inline status check_scratch(scratch const& memory, std::int64_t bytes, char const* function) {
  if (memory.bytes < bytes) {
    return refuse(invalid, "memory", "bytes", "found %lld, want %lld, as %s says", static_cast<long long>(memory.bytes),
                  static_cast<long long>(bytes), function);
  }
  return check_pointer("memory", "memory", static_cast<char const*>(memory.memory), bytes, 16);
}

/// True where sizes are such that scratch can be computed from them.
inline bool sizes_are_sound(point_clouds const& clouds, grid const& lattice, std::int64_t channels) noexcept {
  return clouds.batch > 0 && clouds.length >= 0 && clouds.rows >= 0 &&
         !product_overflows(clouds.batch, clouds.length) && check_grid(lattice, clouds.batch).ok() &&
         clouds.total() <= UINT32_MAX && channels > 0 && channels <= most_elements / (lattice.total() * clouds.batch);
}

}  // namespace robocache::detail
