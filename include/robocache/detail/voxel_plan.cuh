// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

#include <robocache/arch.cuh>
#include <robocache/detail/launch.cuh>
#include <robocache/detail/voxel_check.hpp>
#include <robocache/detail/voxel_group.cuh>
#include <robocache/detail/voxel_memory.hpp>
#include <robocache/detail/voxel_results.cuh>

// Launches that voxelizing and its gradients share, and the shapes of their jobs.
namespace robocache::detail {

/// The most points that a cell can have.
inline std::int64_t longest_cloud(point_clouds const& clouds) noexcept {
  return clouds.packed() ? clouds.rows : clouds.length;
}

/// Lets blocks of large jobs take several steps, so that what they add up of their own goes to memory more rarely.
inline unsigned point_blocks(voxel_points& p, device_properties const& device) noexcept {
  constexpr std::int64_t most_steps = 8;
  std::int64_t const steps = (p.rows + points_a_step - 1) / points_a_step;
  p.steps = static_cast<std::int32_t>(
      std::clamp<std::int64_t>(steps / (std::int64_t{device.multiprocessors} * 8), 1, most_steps));
  return static_cast<unsigned>((steps + p.steps - 1) / p.steps);
}

/// The largest power of two, up to 16, that divides all of these.
template <class... Numbers>
int common_alignment(Numbers... numbers) noexcept {
  std::uint64_t const all = (std::uint64_t{16} | ... | static_cast<std::uint64_t>(numbers));
  return static_cast<int>(all & (~all + 1));
}

inline std::uint64_t address_of(void const* pointer) noexcept { return reinterpret_cast<std::uintptr_t>(pointer); }

/// Features as kernels read them, and the number of their channels that are loaded at a time: as many as 16 bytes hold,
/// or 1.
template <class Value>
int plan_features(voxel_features& plan, point_clouds const& clouds, point_features<Value> const& features,
                  grid const& lattice) {
  constexpr int wide = 16 / static_cast<int>(sizeof(Value));
  strides const step = strides_of(features, clouds, features.channels);
  plan.values = features.values;
  plan.point_stride = step.row;
  plan.between_clouds = clouds.packed() ? 0 : step.batch - clouds.length * step.row;
  plan.cells = lattice.total();
  auto const bytes = static_cast<std::int64_t>(sizeof(Value));
  bool const aligned = common_alignment(address_of(features.values), step.row * bytes, plan.between_clouds * bytes,
                                        features.channels * bytes) == 16;
  plan.vectors = divisor(static_cast<std::uint32_t>(aligned ? features.channels / wide : features.channels));
  return aligned ? wide : 1;
}

/// Groups the points of each cell: clears, counts, finds places, lists.
inline status launch_grouping(voxel_group_params& p, device_properties const& device, cudaStream_t cuda_stream) {
  status s = clear(p.lists.counters, p.lists.clear_bytes, cuda_stream);
  if (!s.ok() || p.points.rows == 0) { return s; }
  unsigned const blocks = point_blocks(p.points, device);
  s = launch(voxel_rank_kernel<point_threads>, p, dim3(blocks), point_threads, 0, cuda_stream);
  if (!s.ok()) { return s; }
  auto const start_blocks = static_cast<unsigned>((p.cells + start_cells - 1) / start_cells);
  s = launch(voxel_start_kernel<start_threads>, p, dim3(start_blocks), start_threads, 0, cuda_stream);
  return s.ok() ? launch(voxel_list_kernel<point_threads>, p, dim3(blocks), point_threads, 0, cuda_stream) : s;
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
