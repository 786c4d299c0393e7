// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/cluster.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/voxels/cluster.cuh>
#include <robocache/detail/voxels/cluster_tables.cuh>
#include <robocache/detail/voxels/params.hpp>
#include <robocache/detail/voxels/policy.cuh>
#include <robocache/detail/voxels/scratch.cuh>

// The launch that replaces those of launch.cuh where there are few points.
namespace robocache::detail {

// These functions take the kernel itself. nvcc gives each translation unit a kernel of its own, while the linker merges
// host functions that do not name it: one of them would then allow the cluster for a kernel that another does not
// launch.

/// Whether the current device can run the largest cluster. Each thread asks the runtime once for each device.
template <auto Kernel>
ROBOCACHE_HIDDEN bool can_run_cluster(device_properties const& properties) {
  thread_local int known_device = -1;
  thread_local bool known = false;
  int device = 0;
  if (cudaGetDevice(&device) != cudaSuccess) { return false; }
  if (device != known_device) {
    cluster_shape const largest = cluster_shape_for(most_cluster_rows);
    known = allow_cluster(Kernel, properties.compute_capability, static_cast<unsigned>(largest.blocks), largest.threads,
                          cluster_bytes(largest.rows_each)) > 0;
    known_device = device;
  }
  return known;
}

/// Whether one cluster does a call: there are few points, and voxels are numbered in the order of their first points.
template <auto Kernel>
bool is_for_cluster(voxel_params const& p, launch_chain const& chain) {
  return p.points.rows > 0 && p.points.rows <= most_cluster_rows_for(chain.device()) && !p.renames() &&
         can_run_cluster<Kernel>(chain.device());
}

/// From points to voxels, as `launch_voxels`, by one cluster. Lists are in no order.
/// @param slots   `[rows]`, set to -1; may be null
/// @param counts  `[capacity]`, may be null
template <auto Kernel, class Output>
ROBOCACHE_HIDDEN status launch_cluster(voxel_pieces const& pieces, Output const& out, std::int64_t* slots,
                                       bool writes_voxels, std::int32_t* counts, launch_chain& chain) {
  cluster_shape const shape = cluster_shape_for(pieces.params.points.rows);
  voxel_cluster_params p{};
  p.list.params = pieces.params;
  p.list.params.dropped = out.dropped;
  p.list.params.offsets = out.voxel_offsets;
  p.list.params.overflow = out.overflow;
  p.list.lists = pieces.lists;
  p.list.count = counts;
  p.row_divisor = divisor(static_cast<std::uint32_t>(shape.rows_each));
  p.place_divisor = divisor(static_cast<std::uint32_t>(2 * shape.rows_each));
  p.writes_voxels = writes_voxels;
  p.slots = slots;
  return detail::launch_cluster(Kernel, p, static_cast<unsigned>(shape.blocks), shape.threads,
                                cluster_bytes(shape.rows_each), chain.stream());
}

}  // namespace robocache::detail
