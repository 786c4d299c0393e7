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

// The launch that takes the place of those of launch.cuh where there are few points.
namespace robocache::detail {

/// Whether the current device can run the largest cluster. Each thread asks once for a device.
template <class Call>
ROBOCACHE_HIDDEN bool can_run_cluster(device_properties const& properties) {
  thread_local int known_device = -1;
  thread_local bool known = false;
  int device = 0;
  if (cudaGetDevice(&device) != cudaSuccess) { return false; }
  if (device != known_device) {
    cluster_shape const largest = cluster_shape_for(most_cluster_rows);
    known = allow_cluster(voxel_cluster_kernel<Call::centred>, properties.compute_capability,
                          static_cast<unsigned>(largest.blocks), largest.threads, cluster_bytes(largest.rows_each)) > 0;
    known_device = device;
  }
  return known;
}

/// Whether a call is for one cluster: its points are few, and voxels keep the numbers that their first points give
/// them.
template <class Call>
bool is_for_cluster(voxel_params const& p, launch_chain const& chain) {
  return p.points.rows > 0 && p.points.rows <= most_cluster_rows_for(chain.device()) && !p.renames() &&
         can_run_cluster<Call>(chain.device());
}

/// From points to voxels, as `launch_voxels` by one cluster: lists are in no order.
/// @param slots   `[rows]`, get -1; may be null
/// @param counts  `[capacity]`, may be null
template <class Call, class Output>
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
  return detail::launch_cluster(voxel_cluster_kernel<Call::centred>, p, static_cast<unsigned>(shape.blocks),
                                shape.threads, cluster_bytes(shape.rows_each), chain.stream());
}

}  // namespace robocache::detail
