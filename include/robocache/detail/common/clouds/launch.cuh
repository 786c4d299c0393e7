// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/scratch_check.hpp>

// Launches, and their shapes, that voxelizing and its gradients share.
namespace robocache::detail {

/// The most points that a cell can have.
inline std::int64_t longest_cloud(point_clouds const& clouds) noexcept {
  return clouds.packed() ? clouds.rows : clouds.length;
}

/// Deals out the rows evenly to warps: to as many as the chip holds at a time, or a small multiple of them.
/// @param blocks_each  blocks that a multiprocessor holds at a time
/// @return the number of blocks
inline unsigned point_blocks(cloud_points& p, device_properties const& device,
                             int blocks_each = point_blocks_each) noexcept {
  constexpr std::int64_t warps_each = point_threads / 32;
  std::int64_t const at_a_time = std::int64_t{device.multiprocessors} * blocks_each * warps_each;
  std::int64_t const rounds = std::max<std::int64_t>(1, p.rows / (at_a_time * rows_a_step * most_point_steps));
  std::int64_t const each = (p.rows + at_a_time * rounds - 1) / (at_a_time * rounds);
  p.rows_each = std::max<std::int64_t>(rows_a_step, (each + 31) / 32 * 32);
  std::int64_t const warps = (p.rows + p.rows_each - 1) / p.rows_each;
  return static_cast<unsigned>((warps + warps_each - 1) / warps_each);
}

/// Calls `use(Cell{})` with a type that holds all cells of all clouds; with 64 bits also where cells need divisions.
template <class Use>
ROBOCACHE_HIDDEN status with_cell_type(cloud_points const& p, Use&& use) {
  return !p.divides && p.batch * p.cells <= INT32_MAX ? use(std::int32_t{}) : use(std::int64_t{});
}

/// Channels per vector where everything is aligned for it: as many as 16 bytes hold.
template <class Value>
inline constexpr int wide_channels = 16 / static_cast<int>(sizeof(Value));

/// Features as kernels read them, and the number of their channels that are loaded at a time: as many as 16 bytes hold,
/// or 1.
/// @param each  cells of a grid; for voxels rows of a cloud
template <class Value>
int plan_features(cloud_features& plan, point_clouds const& clouds, point_features<Value> const& features,
                  std::int64_t each) {
  constexpr int wide = wide_channels<Value>;
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

/// Blocks for each of the parts that take longest: none where no cell or voxel can have so many points, and not more
/// than what there can be to do.
/// @return the most blocks for one part
template <class Params>
std::int32_t plan_parts(Params& p, std::int64_t longest, device_properties const& device) noexcept {
  std::int32_t const workers = reduce_shape_for(device).workers_each * device.multiprocessors;
  auto const blocks_for = [&](std::int64_t points, std::int64_t work) {
    return longest > points
               ? static_cast<std::int32_t>(std::min<std::int64_t>(workers, std::max<std::int64_t>(1, work)))
               : 0;
  };
  std::int64_t const ranges = (p.rows + range_rows - 1) / range_rows;
  std::int64_t const some = p.rows / (most_few_points + 1) * p.features.vectors.value;
  p.huge = blocks_for(most_block_points, p.rows / (most_block_points + 1) * ranges);
  p.crowds = blocks_for(most_tile_points, p.rows / (most_tile_points + 1));
  p.some = blocks_for(most_few_points, some / (reduce_threads / 32) + 1);
  return workers;
}

/// Blocks that add up groups of huge cells, a warp a vector.
inline std::int64_t huge_blocks(std::int64_t rows, divisor const& vectors, std::int64_t most) noexcept {
  std::int64_t const groups = rows / most_tile_points + rows / (most_block_points + 1);
  return std::min(most, groups * vectors.value / (reduce_threads / 32) + 1);
}

}  // namespace robocache::detail
